//! Child processes whose file calls are recorded, or made to fail.

use super::trace::Trace;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// The directory a child works in.
pub const DIR: &str = "ARENA_CRASH_DIR";
/// What decides what a child does.
pub const SEED: &str = "ARENA_CRASH_SEED";
const MARKS: &str = "ARENA_SHIM_MARKS";

const POLL: Duration = Duration::from_millis(2);
/// A child that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A directory in memory, where the system has one: a sync then costs nothing.
pub fn fast_home() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Compiles the shim, once a process.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/shim.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = folder.join(format!("crash-shim-{}.so", std::process::id()));
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let mut command = Command::new(&compiler);
        command.args(["-shared", "-fPIC", "-O2", "-U_FORTIFY_SOURCE", "-o"]).arg(&built).arg(&source);
        let output = command.args(["-ldl", "-lpthread"]).output().unwrap_or_else(|e| {
            panic!("cannot run the C compiler {compiler}: {e}; the crash tests need one, name it in CC")
        });
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{compiler} cannot compile {}:\n{said}", source.display());
        let shim = folder.join("crash-shim.so");
        fs::rename(&built, &shim).unwrap();
        shim
    })
}

/// Classes of calls that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls(u64);

impl Calls {
    pub const WRITE: Self = Self(1);
    pub const SYNC: Self = Self(2);
    /// Making and changing names.
    pub const NAME: Self = Self(4);
    /// Opening for writing.
    pub const OPEN: Self = Self(8);

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has the class that the shim calls so.
    pub const fn holds(self, class: u64) -> bool {
        self.0 & class != 0
    }
}

/// Which calls fail, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub calls: Calls,
    pub errno: i32,
    /// From the first on that fails, all of them fail.
    pub lasting: bool,
    /// The first of them writes half instead of failing.
    pub short: bool,
    /// Only paths that contain this.
    pub path: &'static str,
}

/// A directory with a disk, and what is recorded of it.
pub struct Stage {
    home: TempDir,
    pub root: PathBuf,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub said: String,
}

impl Stage {
    pub fn new() -> Self {
        let home = fast_home();
        let root = home.path().canonicalize().unwrap().join("disk");
        fs::create_dir(&root).unwrap();
        Self { home, root }
    }

    /// The directory of the log.
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the ignored test `name` of this program under the shim and returns what it did. `fault` is what fails, and
    /// from which of these calls on.
    pub fn run(&self, name: &str, seed: u64, fault: Option<(Fault, u64)>) -> (Ended, Trace) {
        let (trace, marks) = (self.path("trace"), self.path("marks"));
        for file in [&trace, &marks] {
            let _ = fs::remove_file(file);
        }
        let mut command = child(name);
        command.env(DIR, self.log()).env(SEED, seed.to_string()).env(MARKS, &marks);
        command.env("LD_PRELOAD", shim()).env("ARENA_SHIM_ROOT", &self.root).env("ARENA_SHIM_TRACE", &trace);
        if let Some((f, k)) = fault {
            let times = if f.lasting { i32::MAX } else { 1 };
            let spec = format!("{},{k},{},{times},{},{}", f.calls.0, f.errno, i32::from(f.short), f.path);
            command.env("ARENA_SHIM_FAULT", spec);
        }
        let ended = finish(command, &self.path("said"), PATIENCE);
        assert_ne!(ended.code, Some(99), "the shim gave up: {}", ended.said);
        (ended, Trace::load(&trace))
    }
}

/// A command that runs one ignored test of this program.
pub fn child(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]).stdin(Stdio::null());
    command
}

/// Runs a command to its end; one that takes longer than `patience` is killed, and has failed.
pub fn finish(mut command: Command, output: &Path, patience: Duration) -> Ended {
    let file = File::create(output).unwrap();
    command.stdout(file.try_clone().unwrap()).stderr(file);
    let mut running = command.spawn().unwrap();
    let mut waited = Duration::ZERO;
    let status = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(POLL);
        waited += POLL;
        if waited > patience {
            running.kill().unwrap();
            running.wait().unwrap();
            panic!("a child hangs: {command:?}\n{}", fs::read_to_string(output).unwrap_or_default());
        }
    };
    Ended { code: status.code(), said: String::from_utf8_lossy(&fs::read(output).unwrap()).into_owned() }
}

/// How a child tells, in the order of its effects, what it relies on.
pub struct Marks(File);

impl Marks {
    /// `None` outside a child.
    pub fn of_child() -> Option<Self> {
        let path = std::env::var_os(MARKS)?;
        Some(Self(fs::OpenOptions::new().append(true).create(true).open(path).unwrap()))
    }

    /// One mark: one write, so that it is one record.
    pub fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }
}

/// The directory and the seed a child was given.
pub fn orders() -> (PathBuf, u64) {
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    (PathBuf::from(std::env::var_os(DIR).unwrap()), seed)
}
