//! Talking to a running engine: one JSON line each way over a unix socket in the log's folder, readable by its owner
//! only.

use super::cash::{CashMove, Moved, move_cash};
use super::live_driver::{Clock, WallClock};
use super::step::{Engine, EngineError};
use super::view::View;
use crossbeam::channel::{Sender, bounded};
use schemas::event::{KillLevel, Mode, OperatorCommand, SystemEvent};
use schemas::{Event, MarketId, UtcNanos};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What may be asked of a running engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Stop cleanly.
    Stop {
        /// Why, for the record.
        reason: String,
    },
    /// Move the kill switch.
    Kill {
        /// Who asks.
        who: String,
        /// To where; `off` releases it.
        level: KillLevel,
    },
    /// Cancel what is open, and go on.
    CancelAll {
        /// Who asks.
        who: String,
        /// In this market only.
        market: Option<MarketId>,
    },
    /// A picture of the state.
    View,
    /// Record that cash moved without a trade.
    MoveCash(CashMove),
}

impl Request {
    /// Does what is asked, durably. Returns the answer, and the reason if the run is to end.
    pub(super) fn obey(self, engine: &mut Engine, now: UtcNanos) -> Result<(Response, Option<String>), EngineError> {
        let response = match self {
            Self::Stop { reason } => return Ok((Response::Done, Some(reason))),
            Self::View => Response::View(Box::new(View::of(engine.state()))),
            Self::Kill { who, level } => {
                engine.tell(operator(who, OperatorCommand::Kill(level)), now)?;
                engine.commit()?;
                Response::Kill(engine.state().kill.level)
            }
            Self::CancelAll { who, market } => Response::Cancelling(cancel_open(engine, who, market, now)?),
            Self::MoveCash(said) => match move_cash(engine, said, now)? {
                Ok(moved) => Response::Moved(moved),
                Err(why) => Response::Refused(why.to_string()),
            },
        };
        Ok((response, None))
    }
}

/// Cancels what is open, of one market or all, and says how many orders that are.
pub(crate) fn cancel_open(
    engine: &mut Engine,
    who: String,
    market: Option<MarketId>,
    now: UtcNanos,
) -> Result<usize, EngineError> {
    let command = market.map_or(OperatorCommand::CancelAll, OperatorCommand::CancelMarket);
    let count = engine.state().orders.open().filter(|o| market.is_none_or(|m| o.market == m)).count();
    engine.tell(operator(who, command), now)?;
    engine.commit()?;
    Ok(count)
}

/// The time of a command to a log that no engine runs on: a live log's is this machine's, a recording's stands still.
pub(crate) fn command_time(engine: &Engine) -> UtcNanos {
    match engine.state().run.mode() {
        Some(Mode::Live) => WallClock.now(),
        _ => engine.now(),
    }
}

/// A command of a person as an event.
pub(crate) fn operator(who: String, command: OperatorCommand) -> Event {
    Event::System(SystemEvent::OperatorCommand { who, command })
}

/// What it answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Heard.
    Done,
    /// Where the kill switch stands now.
    Kill(KillLevel),
    /// So many orders are being cancelled.
    Cancelling(usize),
    /// The picture.
    View(Box<View>),
    /// It is in the books.
    Moved(Moved),
    /// It is not, for this reason.
    Refused(String),
}

/// A request, and where the answer goes.
pub struct Command {
    /// What is asked.
    pub request: Request,
    /// Who waits, if anyone.
    pub reply: Option<Sender<Response>>,
}

/// The engine cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No engine listens there.
    #[error("no engine is running on this log")]
    NotRunning,
    /// It does not answer.
    #[error("the engine does not answer: {0}")]
    Io(#[from] std::io::Error),
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const LINE_MAX: usize = 4_096;

fn socket_of(log: &Path) -> PathBuf {
    log.join("control.sock")
}

/// Asks the engine that runs on a log. Returns its answer as JSON.
pub fn ask(log: &Path, request: &Request) -> Result<serde_json::Value, ControlError> {
    let mut stream = UnixStream::connect(socket_of(log)).map_err(|_| ControlError::NotRunning)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    let mut line = serde_json::to_string(request).map_err(std::io::Error::from)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer).map_err(std::io::Error::from)?)
}

/// Listens while an engine runs. Dropping it removes the socket.
pub struct ControlServer {
    path: PathBuf,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Whether this process was started with SIGHUP ignored. Asked before a handler takes its place.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 is signal 1.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

impl ControlServer {
    /// Listens for commands and for SIGINT, SIGTERM and SIGHUP. A second signal ends the process at once; but not SIGHUP, which
    /// a terminal that closes sends more than once.
    pub fn start(log: &Path, commands: Sender<Command>) -> Result<Self, ControlError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let path = socket_of(log);
        // The log's own lock says that no other engine runs here, so what is left of a socket is from a crash.
        let _ = std::fs::remove_file(&path);
        let guard = runtime.enter();
        // A path too long for a socket is no reason not to trade; signals still work.
        match tokio::net::UnixListener::bind(&path) {
            Ok(listener) => {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
                runtime.spawn(listen(listener, commands.clone()));
            }
            Err(e) => tracing::warn!("no control socket at {}: {e}", path.display()),
        }
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        // A terminal that closes ends the run as Ctrl-C does, unless it was started to outlive it (nohup(1)).
        let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        runtime.spawn(async move {
            let mut asked = false;
            loop {
                let name = tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                    () = heard(&mut hangup) => "SIGHUP",
                };
                if asked && name == "SIGHUP" {
                    continue;
                }
                if asked {
                    std::process::exit(130);
                }
                asked = true;
                let _ = commands.send(Command { request: Request::Stop { reason: name.to_owned() }, reply: None });
            }
        });
        drop(guard);
        Ok(Self { path, runtime: Some(runtime) })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(listener: tokio::net::UnixListener, commands: Sender<Command>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, commands.clone()));
    }
}

async fn serve(stream: tokio::net::UnixStream, commands: Sender<Command>) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(tokio::io::AsyncReadExt::take(read, LINE_MAX as u64));
    if reader.read_line(&mut line).await.is_err() {
        return;
    }
    let answer = match serde_json::from_str::<Request>(&line) {
        Err(e) => serde_json::json!({ "error": format!("not a request: {e}") }),
        Ok(request) => {
            let (reply, answer) = bounded(1);
            if commands.send(Command { request, reply: Some(reply) }).is_err() {
                return;
            }
            // The engine answers between two batches; waiting for it must not hold up the runtime.
            match tokio::task::spawn_blocking(move || answer.recv_timeout(ANSWER_TIMEOUT)).await {
                Ok(Ok(response)) => serde_json::to_value(response).unwrap_or_default(),
                _ => serde_json::json!({ "error": "the engine is busy" }),
            }
        }
    };
    let _ = write.write_all(format!("{answer}\n").as_bytes()).await;
}
