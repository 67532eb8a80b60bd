//! The signer process: answers requests over a unix socket that only named users reach.

use crate::local::LocalSigner;
use crate::sign::{OrderSigner, SignError};
use crate::wire::{Answer, Ask, read_line, write_line};
use polymarket::hex;
use rustix::net::sockopt::socket_peercred;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, BufReader, ErrorKind};
use std::net::Shutdown;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Most connections at a time; an engine needs one.
const CONNECTIONS_MAX: usize = 16;
/// How long a client may take to read its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after the system refused to accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The socket cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The file system or the network failed.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can get at the socket.
    #[error("the folder {} has mode {mode:04o}: others could reach the socket; chmod {wanted:04o} it", path.display())]
    OpenFolder {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// What it may be.
        wanted: u32,
    },
    /// The folder is another user's.
    #[error("the folder {} belongs to the user with id {owner}", path.display())]
    ForeignFolder {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Something else is there.
    #[error("{} is in the way: {reason}", path.display())]
    InTheWay {
        /// What.
        path: PathBuf,
        /// What it is.
        reason: &'static str,
    },
}

/// What threads share.
#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    open: Mutex<BTreeMap<u64, UnixStream>>,
}

/// A signer behind a socket.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    signer: Arc<LocalSigner>,
    uids: BTreeSet<u32>,
    shared: Arc<Shared>,
}

/// Ends a server from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    path: PathBuf,
    shared: Arc<Shared>,
}

impl Stopper {
    /// Takes no more requests; what is being signed is still answered. [`Server::run`] then returns.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the loop that waits for connections.
        let _ = UnixStream::connect(&self.path);
    }
}

impl Server {
    /// Listens at `path`. The folder is made if it is not there, and must belong to this user alone. Asked by this user's
    /// processes, and by those of `peer_uids` if there are any: then folder and socket are open to the group, and
    /// each peer's user id decides (SO_PEERCRED, unix(7)).
    pub fn bind(path: &Path, signer: LocalSigner, peer_uids: &BTreeSet<u32>) -> Result<Self, ServerError> {
        let own = rustix::process::geteuid().as_raw();
        let shared_socket = peer_uids.iter().any(|uid| *uid != own);
        prepare_folder(path, own, shared_socket)?;
        clear(path)?;
        let listener = UnixListener::bind(path).map_err(failed("listen at", path))?;
        let mode = if shared_socket { 0o660 } else { 0o600 };
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("protect", path))?;
        let mut uids = peer_uids.clone();
        uids.insert(own);
        let (signer, shared) = (Arc::new(signer), Arc::default());
        Ok(Self { listener, path: path.to_owned(), signer, uids, shared })
    }

    /// How it is ended.
    pub fn stopper(&self) -> Stopper {
        Stopper { path: self.path.clone(), shared: Arc::clone(&self.shared) }
    }

    /// Answers until it is stopped, then removes the socket.
    pub fn run(self) -> Result<(), ServerError> {
        let mut threads = Vec::new();
        for number in 0u64.. {
            let accepted = self.listener.accept();
            if self.shared.stop.load(Ordering::SeqCst) {
                break;
            }
            match accepted {
                Ok((stream, _)) => threads.extend(self.admit(number, stream)),
                Err(e) => {
                    tracing::warn!("cannot accept a connection: {e}");
                    thread::sleep(ACCEPT_PAUSE);
                }
            }
            threads.retain(|t: &thread::JoinHandle<()>| !t.is_finished());
        }
        let removed = fs::remove_file(&self.path).map_err(failed("remove", &self.path));
        if let Ok(open) = self.shared.open.lock() {
            for stream in open.values() {
                // Ends the wait for a next request; an answer can still be written.
                let _ = stream.shutdown(Shutdown::Read);
            }
        }
        for thread in threads {
            let _ = thread.join();
        }
        removed
    }

    /// Starts to serve a connection, if it may be served.
    fn admit(&self, number: u64, stream: UnixStream) -> Option<thread::JoinHandle<()>> {
        let peer = socket_peercred(&stream).map_err(|e| tracing::warn!("a peer without credentials: {e}")).ok()?;
        let uid = peer.uid.as_raw();
        if !self.uids.contains(&uid) {
            tracing::warn!(uid, "refused a connection of another user");
            return None;
        }
        let mut open = self.shared.open.lock().ok()?;
        if open.len() >= CONNECTIONS_MAX {
            tracing::warn!(uid, "refused a connection: {CONNECTIONS_MAX} are open");
            return None;
        }
        stream.set_write_timeout(Some(WRITE_TIMEOUT)).ok()?;
        open.insert(number, stream.try_clone().ok()?);
        let (signer, shared) = (Arc::clone(&self.signer), Arc::clone(&self.shared));
        let spawned = thread::Builder::new().name(format!("peer-{number}")).spawn(move || {
            if let Err(e) = serve(&stream, &signer, &shared) {
                tracing::info!("a connection broke: {e}");
            }
            if let Ok(mut open) = shared.open.lock() {
                open.remove(&number);
            }
        });
        match spawned {
            Ok(thread) => Some(thread),
            Err(e) => {
                tracing::warn!("cannot start a thread: {e}");
                open.remove(&number);
                None
            }
        }
    }
}

/// Answers one connection until it ends.
fn serve(stream: &UnixStream, signer: &LocalSigner, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let mut line = Vec::new();
    while read_line(&mut reader, &mut line)? && !shared.stop.load(Ordering::SeqCst) {
        let Ok(ask) = serde_json::from_slice::<Ask>(&line) else {
            // What follows on this connection cannot be trusted to begin at a request.
            return write_line(&mut writer, &Answer::Failed { why: "that is not a request".to_owned() });
        };
        write_line(&mut writer, &answer(&ask, signer))?;
    }
    Ok(())
}

fn answer(ask: &Ask, signer: &LocalSigner) -> Answer {
    let signed = match ask {
        Ask::Address {} => Ok(Answer::Address(signer.address())),
        Ask::Order { order, domain } => signer.sign_order(order, domain).map(|s| Answer::Signature(hex(&s))),
        Ask::Login { timestamp_s, nonce } => signer.sign_l1(*timestamp_s, *nonce).map(|s| Answer::Signature(hex(&s.0))),
        Ask::Transaction(tx) => signer.sign_tx(tx).map(|tx| Answer::Transaction { raw: hex(&tx.raw), hash: tx.hash }),
    };
    signed.unwrap_or_else(|e| {
        tracing::warn!("not signed: {e}");
        match e {
            SignError::Refused(refusal) => {
                Answer::Refused { rule: refusal.rule().to_owned(), why: refusal.to_string() }
            }
            e => Answer::Failed { why: e.to_string() },
        }
    })
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServerError {
    let path = path.to_owned();
    move |source| ServerError::Io { what, path, source }
}

fn prepare_folder(path: &Path, own: u32, shared_socket: bool) -> Result<(), ServerError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (forbidden, wanted) = if shared_socket { (0o027, 0o750) } else { (0o077, 0o700) };
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(wanted).create(folder).map_err(failed("create", folder))?;
    }
    let meta = fs::metadata(folder).map_err(failed("inspect", folder))?;
    if meta.uid() != own {
        return Err(ServerError::ForeignFolder { path: folder.to_owned(), owner: meta.uid() });
    }
    let mode = meta.mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(ServerError::OpenFolder { path: folder.to_owned(), mode, wanted });
    }
    Ok(())
}

/// Removes a socket on which nobody listens any more, and nothing else.
fn clear(path: &Path) -> Result<(), ServerError> {
    use std::os::unix::fs::FileTypeExt;
    let in_the_way = |reason| Err(ServerError::InTheWay { path: path.to_owned(), reason });
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failed("inspect", path)(e)),
        Ok(meta) if !meta.file_type().is_socket() => in_the_way("it is no socket"),
        Ok(_) if UnixStream::connect(path).is_ok() => in_the_way("another signer listens there"),
        Ok(_) => fs::remove_file(path).map_err(failed("remove", path)),
    }
}
