//! The venue behind HTTP and websockets.
//!
//! One thread owns the [`Venue`](crate::Venue); connections ask it through a bounded channel and hear from it through one
//! of their own. A connection that does not take its messages is closed: the venue waits for nobody.

mod admin;
mod clock;
mod http;
mod owner;
mod record;

pub use clock::{Clock, Speed, SpeedError};

use crate::{Faults, Settings};
use polymarket::Address;
use schemas::event::MarketEvent;
use schemas::{Cash, UtcNanos};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Market data in order of time; an error ends it.
pub type Feed = Box<dyn Iterator<Item = Result<(UtcNanos, MarketEvent), String>> + Send>;

/// How a sandbox is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How fast the recording goes.
    pub speed: Speed,
    /// Whose time it is.
    pub clock: Clock,
    /// So many seconds of the recording are there from the start.
    pub warm_up_s: u64,
    /// How the venue is.
    pub settings: Settings,
    /// What goes wrong.
    pub faults: Faults,
    /// Cash of wallets at the start.
    pub fund: Vec<(Address, Cash)>,
    /// Where the sandbox's own log goes.
    pub record: Option<PathBuf>,
    /// What an administrator must send as `Authorization: Bearer`.
    pub admin_token: String,
    /// What the log says the market data are.
    pub feed_name: String,
}

/// Why a sandbox stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {at}: {why}; choose another --port")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// The system's words.
        why: std::io::Error,
    },
    /// The sandbox's own log cannot be written.
    #[error("the sandbox's log cannot be written: {0}")]
    Log(#[from] eventlog::LogError),
    /// The thread that owns the venue cannot be started.
    #[error("the sandbox cannot start its thread: {0}")]
    Thread(std::io::Error),
    /// The recording cannot be read.
    #[error("the recording cannot be read: {0}")]
    Feed(String),
    /// It stopped by itself.
    #[error("the thread that owns the venue stopped without saying why")]
    Lost,
}

/// Asks that wait for the venue; more wait at their sockets.
const ASKS_MAX: usize = 1_024;

/// Serves until `stop` is there. `ready` hears where, once connections are taken.
pub async fn serve(
    options: Options,
    feed: Feed,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let at = options.listen;
    let listener = TcpListener::bind(at).await.map_err(|why| ServeError::Listen { at, why })?;
    let at = listener.local_addr().map_err(|why| ServeError::Listen { at, why })?;
    let (asks, inbox) = mpsc::channel(ASKS_MAX);
    let (token, record) = (options.admin_token.clone(), record::Journal::open(&options)?);
    let owner = owner::Owner::new(options, feed, record)?;
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("sandbox-venue".to_owned())
        .spawn(move || _ = done.send(owner.run(inbox)))
        .map_err(ServeError::Thread)?;
    ready(at);
    let router = http::router(asks, token);
    let (stopped, mut ended) = (Box::pin(stop), ended);
    tokio::select! {
        _ = async { axum::serve(listener, router).await } => {}
        () = stopped => {}
        result = &mut ended => return result.unwrap_or(Err(ServeError::Lost)),
    }
    // The router is gone and with it every way to ask: the owner ends, and closes its log.
    ended.await.unwrap_or(Err(ServeError::Lost))
}
