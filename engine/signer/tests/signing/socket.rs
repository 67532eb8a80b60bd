//! The signer behind its socket: the same bytes, the same refusals, and nobody else.

use super::desk::*;
use polymarket::SignatureType;
use rustix::process::{Uid, geteuid};
use schemas::Side;
use signer::ledger::Ledger;
use signer::{LocalSigner, OrderSigner, RemoteSigner, Server, ServerError, SignError, Stopper};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

struct Running {
    dir: tempfile::TempDir,
    path: PathBuf,
    stopper: Stopper,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Running {
    fn with_peers(peers: &BTreeSet<u32>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/signer.sock");
        let server = Server::bind(&path, local(policy()), peers).unwrap();
        let stopper = server.stopper();
        let thread = Some(std::thread::spawn(move || server.run()));
        Self { dir, path, stopper, thread }
    }

    fn start() -> Self {
        Self::with_peers(&BTreeSet::new())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
        assert!(!self.path.exists(), "a clean end removes the socket");
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

#[test]
fn the_same_bytes_and_the_same_refusals() {
    let running = Running::start();
    let remote = RemoteSigner::connect(&running.path).unwrap();
    let here = local(policy());
    assert_eq!(remote.address(), here.address());
    for kind in [SignatureType::Eoa, SignatureType::Safe, SignatureType::DepositWallet] {
        let order = order(kind, Side::Buy, 10 * ONE, 20 * ONE);
        let (there, here) = (remote.sign_order(&order, &STANDARD), here.sign_order(&order, &STANDARD));
        assert_eq!(there.unwrap(), here.unwrap());
    }
    assert_eq!(remote.sign_l1(1_795_521_600, 1).unwrap(), here.sign_l1(1_795_521_600, 1).unwrap());
    let mut bad = buy();
    bad.salt = u64::MAX;
    let error = remote.sign_order(&bad, &STANDARD).unwrap_err();
    assert!(matches!(&error, SignError::RefusedThere { rule, .. } if rule == "salt"), "{error}");
    assert_eq!(error.to_string(), here.sign_order(&bad, &STANDARD).unwrap_err().to_string());
}

#[test]
fn socket_and_folder_are_the_owners() {
    let running = Running::start();
    assert_eq!((mode(&running.path), mode(running.path.parent().unwrap())), (0o600, 0o700));
    // A second signer is refused while the first listens.
    let second = Server::bind(&running.path, local(policy()), &BTreeSet::new());
    assert!(matches!(second, Err(ServerError::InTheWay { .. })), "{second:?}");
    for bad in [0o701, 0o710, 0o750, 0o755, 0o770] {
        let folder = running.dir.path().join("open");
        let _ = fs::create_dir(&folder);
        fs::set_permissions(&folder, Permissions::from_mode(bad)).unwrap();
        let bound = Server::bind(&folder.join("s"), local(policy()), &BTreeSet::new());
        assert!(matches!(bound, Err(ServerError::OpenFolder { .. })), "{bad:o}");
    }
    let file = running.dir.path().join("run/file");
    fs::write(&file, "precious").unwrap();
    assert!(matches!(Server::bind(&file, local(policy()), &BTreeSet::new()), Err(ServerError::InTheWay { .. })));
    assert_eq!(fs::read(&file).unwrap(), b"precious");
}

#[test]
fn what_a_crash_left_behind_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    let path = dir.path().join("s");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let error = RemoteSigner::connect(&path).unwrap_err();
    assert!(matches!(error, SignError::Unreachable { .. }) && error.next_step().is_some(), "{error}");
    assert!(Server::bind(&path, local(policy()), &BTreeSet::new()).is_ok());
}

/// Says one thing as another user of the same group, from a thread that becomes that user.
fn as_user(uid: u32, path: &Path) -> std::io::Result<String> {
    let path = path.to_owned();
    let ask = move || {
        let uid = Uid::from_raw(uid);
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
        let mut stream = UnixStream::connect(path)?;
        stream.write_all(b"{\"address\":{}}\n")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    std::thread::spawn(ask).join().unwrap()
}

#[test]
fn other_users_are_turned_away() {
    if !geteuid().is_root() {
        eprintln!("left out: only root can become another user");
        return;
    }
    let running = Running::with_peers(&[4242].into());
    let reach = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    reach(running.dir.path(), 0o711);
    assert_eq!((mode(&running.path), mode(running.path.parent().unwrap())), (0o660, 0o750));
    assert!(as_user(4242, &running.path).unwrap().contains(OWNER));
    // The group may connect; who is not named hears nothing.
    let turned_away = as_user(4243, &running.path);
    assert!(turned_away.as_ref().is_err() || turned_away.as_ref().is_ok_and(String::is_empty), "{turned_away:?}");
    assert!(as_user(0, &running.path).unwrap().contains(OWNER));

    let closed = Running::start();
    reach(closed.dir.path(), 0o711);
    assert_eq!(as_user(4242, &closed.path).unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
}

#[test]
fn nonsense_ends_the_connection_and_nothing_else() {
    let running = Running::start();
    for bad in [&b"\n"[..], b"{}\n", b"{\"sign\":\"00\"}\n", &[0xff; 40_000], &[b'['; 20_000], b"{\"address\":"] {
        let mut stream = UnixStream::connect(&running.path).unwrap();
        // The server may hang up before it has all of it.
        let _ = stream.write_all(bad);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"{\"failed\""), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(RemoteSigner::connect(&running.path).is_ok());
}

#[test]
fn connections_have_a_limit_that_is_freed_again() {
    let running = Running::start();
    let ask = || -> Option<UnixStream> {
        let mut stream = UnixStream::connect(&running.path).unwrap();
        stream.write_all(b"{\"address\":{}}\n").ok()?;
        let mut byte = [0; 1];
        (stream.read(&mut byte).ok()? == 1).then_some(stream)
    };
    let held: Vec<_> = (0..16).map(|_| ask().unwrap()).collect();
    assert!(ask().is_none());
    drop(held);
    // The server notices within its own time.
    let freed = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        ask().is_some()
    });
    assert!(freed);
}

#[test]
fn a_client_outlives_a_restart_but_not_another_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/s");
    let start = |hex: &str| {
        let key = signer::WalletKey::from_hex(hex, "the test").unwrap();
        let server =
            Server::bind(&path, LocalSigner::new(key, policy(), Ledger::volatile(), noon), &BTreeSet::new()).unwrap();
        let stopper = server.stopper();
        (stopper, std::thread::spawn(move || server.run()))
    };
    let (stopper, thread) = start(KEY);
    let remote = RemoteSigner::connect(&path).unwrap();
    stopper.stop();
    thread.join().unwrap().unwrap();
    assert!(matches!(remote.sign_order(&buy(), &STANDARD), Err(SignError::Unreachable { .. })));
    let (stopper, thread) = start(KEY);
    assert!(remote.sign_order(&buy(), &STANDARD).is_ok());
    // Started again between two requests: the first one afterwards finds it.
    stopper.stop();
    thread.join().unwrap().unwrap();
    let (stopper, thread) = start(KEY);
    assert!(remote.sign_order(&buy(), &STANDARD).is_ok());
    stopper.stop();
    thread.join().unwrap().unwrap();
    assert!(remote.sign_order(&buy(), &STANDARD).is_err());
    let (stopper, thread) = start(&"1".repeat(64));
    assert!(matches!(remote.sign_order(&buy(), &STANDARD), Err(SignError::Protocol { .. })));
    stopper.stop();
    thread.join().unwrap().unwrap();
}
