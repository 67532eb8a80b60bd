//! A wallet in a folder of its own, with a canary for a key and for each password, and commands that use it.

use super::command::{Done, command};
use super::peer::Peer;
use super::world::{World, at};
use polymarket::{Address, Contract};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A key that nobody has.
pub const KEY: &str = "c0ffee11decade22feedface33ab1e44d15ea5ed55c0de66bada5577deadbee9";
/// The password of its file.
pub const PASSWORD: &str = "canary-Passw0rd-7fd3";
/// The secret in the address of the node, see the peer.
pub const RPC_SECRET: &str = "rpc-canary-key";
/// Account 1 of Anvil.
pub const FRIEND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

pub struct Purse {
    pub dir: tempfile::TempDir,
    pub peer: Peer,
}

impl Purse {
    /// With an account of this type and a node whose chain is `world`.
    pub fn of(account: &str, world: World) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let peer = Peer::start(world);
        let config =
            format!("[wallet]\naccount = \"{account}\"\nrpc_url = \"{}\"\nrpc_timeout_seconds = 5\n", peer.url);
        fs::write(dir.path().join("arena.toml"), config).unwrap();
        let purse = Self { dir, peer };
        purse.private("password", &format!("{PASSWORD}\n"));
        purse
    }

    /// With its own account and a key that is in its keystore.
    pub fn with_key(world: World) -> Self {
        let purse = Self::of("eoa", world);
        purse.wallet("import", KEY).expect_code(0);
        purse
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file that only its owner may read.
    pub fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// `arena wallet ...` with words, the password from its file, and something typed.
    pub fn wallet(&self, words: &str, typed: &str) -> Done {
        let password = self.path("password");
        let mut args = vec!["wallet"];
        args.extend(words.split_whitespace());
        args.extend(["--password-file", password.to_str().unwrap()]);
        self.arena(&args, typed)
    }

    /// `arena` with the purse's configuration and data directory, and something typed.
    pub fn arena(&self, args: &[&str], typed: &str) -> Done {
        self.arena_with(args, typed, &[])
    }

    /// The same, with variables of the environment.
    pub fn arena_with(&self, args: &[&str], typed: &str, env: &[(&str, &str)]) -> Done {
        let mut command = command("arena");
        command.envs(env.iter().copied());
        command.args(["-c", self.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(self.path("data")).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that asks nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(format!("{typed}\n").as_bytes());
        let output = child.wait_with_output().unwrap();
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The account of [`KEY`].
pub fn owner() -> Address {
    signer::WalletKey::from_hex(KEY, "the test").unwrap().address()
}

/// A chain on which the account has one POL and 20 pUSD.
pub fn funded() -> World {
    let mut world = World::polygon();
    world.pol.insert(owner(), 10u128.pow(18));
    world.dollars.insert((at(Contract::Pusd), owner()), 20_000_000);
    world
}

/// Every file under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match fs::symlink_metadata(&path).unwrap().file_type() {
            kind if kind.is_dir() => found.extend(files(&path)),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}
