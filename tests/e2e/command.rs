//! Running the commands.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What a command did.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// The last line of standard output as JSON.
    pub fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}\n{}", self.stderr))
    }

    /// Every line of standard output as JSON.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("not JSON ({e}): {l}"))).collect()
    }

    /// Fails unless it ended with `code`.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// The folder of the built commands: beside the folder of this test. Builds them if they are not there.
fn binaries() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let exe = std::env::current_exe().expect("this test's own path");
        let dir = exe.parent().and_then(Path::parent).expect("target folder").to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "--bins"])
            // With what `ops/test.sh` builds, a test target among it: else features differ, and everything is built twice.
            .args(["--workspace", "--exclude", "arena-benches", "--test", "e2e"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo");
        assert!(built.success(), "the commands do not build");
        dir
    })
}

/// A command that inherits nothing of the person who runs the tests.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(binaries().join(program));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("ARENA_")) {
        command.env_remove(name);
    }
    // The key that signs checkpoints is made there.
    let data = concat!(env!("CARGO_TARGET_TMPDIR"), "/data");
    command.env("NO_COLOR", "1").env("XDG_DATA_HOME", data).stdin(Stdio::null());
    // How full the disk of this machine is, is no part of what is tested.
    command.env("ARENA__LOG__MIN_FREE_MIB", "0");
    command
}

/// The same with what SIGHUP does: `default` as in a terminal, `ignore` as under nohup(1), which the tests may run under.
pub fn with_hangup(program: &str, does: &str) -> Command {
    let inner = command(program);
    let mut outer = Command::new("env");
    outer.arg(format!("--{does}-signal=HUP")).arg(inner.get_program()).stdin(Stdio::null());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// Runs a command to its end.
pub fn run<S: AsRef<std::ffi::OsStr>>(program: &str, args: &[S]) -> Done {
    let output = command(program).args(args).output().expect("it starts");
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `arena` with words; paths among them are shown as they are.
pub fn arena(args: &str) -> Done {
    run("arena", &args.split_whitespace().collect::<Vec<_>>())
}

/// `replay` with words.
pub fn replay(args: &str) -> Done {
    run("replay", &args.split_whitespace().collect::<Vec<_>>())
}

/// A shipped recording.
pub fn fixture(path: &str) -> String {
    format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))
}
