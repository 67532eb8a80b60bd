//! `arena signer` as a process.

use super::command::command;
use super::purse::Purse;
use signer::RemoteSigner;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

/// It, and where it listens.
pub struct Process {
    pub child: Child,
    pub socket: PathBuf,
}

impl Process {
    /// Starts a signer and waits until it answers.
    pub fn start(purse: &Purse, key: &[&str]) -> Self {
        let mut process = Self::spawn(purse, key);
        for _ in 0..1_000 {
            if RemoteSigner::connect(&process.socket).is_ok() {
                return process;
            }
            assert_eq!(process.child.try_wait().unwrap(), None, "{}", process.stderr());
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the signer does not answer");
    }

    pub fn spawn(purse: &Purse, key: &[&str]) -> Self {
        let socket = purse.path("run/signer.sock");
        let mut command = command("arena");
        command.arg("signer").arg("--socket").arg(&socket).arg("--policy").arg(purse.path("policy.toml"));
        command.args(key).env("CREDENTIALS_DIRECTORY", purse.path("credentials"));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { child, socket }
    }

    pub fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    pub fn signal(&self, name: &str) {
        let killed = std::process::Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Ends it with a signal; its exit code and everything it said.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        text += &self.stderr();
        (self.child.wait().unwrap().code(), text)
    }
}

/// Arguments that name the purse's keystore and the file of its password.
pub fn keystore(purse: &Purse) -> Vec<String> {
    let path = |name: &str| purse.path(name).to_str().unwrap().to_owned();
    vec!["--keystore".to_owned(), path("data/wallet.age"), "--password-file".to_owned(), path("password")]
}

pub fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}
