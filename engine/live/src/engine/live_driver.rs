//! Running an engine on a live venue until somebody stops it.

use super::control::{Command, operator};
use super::driver::{Ending, Progress};
use super::step::{Engine, EngineError};
use crossbeam::channel::{Receiver, RecvTimeoutError};
use schemas::UtcNanos;
use schemas::event::OperatorCommand;
use schemas::time::NANOS_PER_SEC;
use std::time::Duration;
use venues::net::Net;
use venues::wire::Tell;

/// The engine looks around at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Messages taken between two looks at commands.
const BATCH: usize = 256;
/// How long a stop waits for the venue to confirm that everything open is cancelled.
const FAREWELL_NANOS: i64 = 8 * NANOS_PER_SEC;

/// The time of a live run.
pub trait Clock {
    /// Now.
    fn now(&self) -> UtcNanos;
}

/// This machine's clock.
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "a live run takes its time from this machine, once for each input")]
    fn now(&self) -> UtcNanos {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UtcNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// Drives an engine on a venue.
pub struct LiveDriver<C: Clock> {
    /// The engine.
    pub engine: Engine,
    /// Its network.
    pub net: Net,
    /// Commands from signals and the control socket.
    pub commands: Receiver<Command>,
    /// Where pictures go.
    pub progress: Progress,
    /// Its time.
    pub clock: C,
}

impl<C: Clock> LiveDriver<C> {
    /// Runs until it is told to stop. What is open at the venue is cancelled before it ends.
    pub fn run(mut self) -> Result<Ending, EngineError> {
        let reason = loop {
            if let Some(reason) = self.obey()? {
                break reason;
            }
            self.turn()?;
        };
        let now = self.clock.now();
        self.engine.tell(operator("shutdown".to_owned(), OperatorCommand::Stop), now)?;
        let until = now.plus(FAREWELL_NANOS);
        self.send();
        while !self.engine.state().orders.none_open() && self.clock.now() < until {
            self.turn()?;
        }
        self.progress.publish(&self.engine);
        self.engine.stop(&reason, false, self.clock.now())?;
        Ok(Ending::Stopped(reason))
    }

    /// Takes what was heard, or lets a moment pass.
    fn turn(&mut self) -> Result<(), EngineError> {
        match self.net.tells().recv_timeout(LOOK_EVERY) {
            Ok(tell) => {
                self.hear(tell)?;
                for _ in 1..BATCH {
                    let Ok(tell) = self.net.tells().try_recv() else { break };
                    self.hear(tell)?;
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        self.engine.look(self.clock.now())?;
        self.send();
        self.progress.publish(&self.engine);
        Ok(())
    }

    fn hear(&mut self, tell: Tell) -> Result<(), EngineError> {
        self.engine.hear(tell, self.clock.now())?;
        self.send();
        Ok(())
    }

    fn send(&mut self) {
        for ask in self.engine.asks() {
            self.net.ask(ask);
        }
    }

    fn obey(&mut self) -> Result<Option<String>, EngineError> {
        while let Ok(Command { request, reply }) = self.commands.try_recv() {
            let now = self.clock.now();
            let (response, stop) = request.obey(&mut self.engine, now)?;
            self.send();
            if let Some(reply) = reply {
                // Whoever asked may be gone; the answer is in the log all the same.
                let _ = reply.try_send(response);
            }
            if stop.is_some() {
                return Ok(stop);
            }
        }
        Ok(None)
    }
}
