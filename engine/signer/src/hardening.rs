//! Before a process reads a key: nothing of its memory may reach a file or another process.

use rustix::process::{Resource, Rlimit, setrlimit};

/// The system refused to protect this process.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}: {source}; no key is read into an unprotected process")]
pub struct HardeningError {
    what: &'static str,
    source: rustix::io::Errno,
}

/// Forbids core files and, on Linux, attaching of debuggers and reading of `/proc/PID/mem` and `/proc/PID/environ` by
/// other processes of the same user (`PR_SET_DUMPABLE`, see prctl(2)). Call it before a key is read; it cannot be undone
/// by accident, and calling it again changes nothing.
pub fn harden() -> Result<(), HardeningError> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|source| HardeningError { what: "forbid core files", source })?;
    undumpable()
}

#[cfg(target_os = "linux")]
fn undumpable() -> Result<(), HardeningError> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|source| HardeningError { what: "shut this process's memory to others", source })
}

#[cfg(not(target_os = "linux"))]
fn undumpable() -> Result<(), HardeningError> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{DumpableBehavior, dumpable_behavior, getrlimit};

    #[test]
    fn a_hardened_process_dumps_nothing() {
        harden().unwrap();
        harden().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
