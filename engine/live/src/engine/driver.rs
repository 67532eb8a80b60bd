//! Running an engine from a feed until it ends or somebody stops it.
//!
//! The feed is read on a thread of its own and comes over in batches through a bounded channel: when it is full the
//! reader waits, nothing is dropped. Commands come through another; they are looked at between batches.

use super::control::Command;
use super::feed::{Feed, FeedError, LogFeed, Timed};
use super::step::{Engine, EngineError};
use super::view::View;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use schemas::event::KillLevel;
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BATCH: usize = 512;
const BATCHES_WAITING: usize = 8;
/// After the last event of a recording, time goes on this long: confirmations on their way arrive.
const AFTERGLOW_NANOS: i64 = 60 * NANOS_PER_SEC;
/// At a fixed pace, batches are short so that time passes evenly.
const PACED_BATCH: usize = 16;

/// How fast recorded time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it goes.
    Max,
    /// This many recorded seconds a second.
    Times(u32),
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The feed was read to its end.
    FeedEnded,
    /// Somebody asked.
    Stopped(String),
}

/// What others may look at while it runs.
#[derive(Clone, Default)]
pub struct Progress {
    view: Arc<Mutex<Arc<View>>>,
}

impl Progress {
    /// The newest picture.
    pub fn view(&self) -> Arc<View> {
        match self.view.lock() {
            Ok(guard) => Arc::clone(&guard),
            // A reader that panicked while copying a pointer left the pointer intact.
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    pub(super) fn publish(&self, engine: &Engine) {
        let view = Arc::new(View::of(engine.state()));
        match self.view.lock() {
            Ok(mut guard) => *guard = view,
            Err(poisoned) => *poisoned.into_inner() = view,
        }
    }
}

/// Drives an engine.
pub struct Driver {
    /// The engine.
    pub engine: Engine,
    /// Its log.
    pub log: PathBuf,
    /// Commands from signals and the control socket.
    pub commands: Receiver<Command>,
    /// How fast.
    pub pace: Pace,
    /// Where pictures go.
    pub progress: Progress,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine stopped itself.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The feed broke.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl Driver {
    /// Runs to the end. The log is closed either way, as far as it lets itself be.
    pub fn run(mut self, mut feed: Box<dyn Feed>) -> Result<Ending, RunError> {
        self.catch_up(feed.as_mut())?;
        let batch = if self.pace == Pace::Max { BATCH } else { PACED_BATCH };
        let (sender, receiver) = bounded(BATCHES_WAITING);
        let reader = std::thread::spawn(move || read_feed(feed.as_mut(), &sender, batch));
        let ended = self.consume(&receiver);
        drop(receiver);
        let read = reader.join().unwrap_or(Ok(()));
        let ending = ended?;
        if let Err(broken) = read {
            self.engine.fault("feed", &broken.to_string(), schemas::event::FaultPolicy::Halted)?;
            self.finish(&Ending::Stopped("the feed broke".to_owned()))?;
            return Err(broken.into());
        }
        self.finish(&ending)?;
        Ok(ending)
    }

    /// Reads the feed up to where the log stands. What the log has already is not fed again, but it must be the same:
    /// going on with another recording would mix two pasts.
    fn catch_up(&self, feed: &mut dyn Feed) -> Result<(), FeedError> {
        let mut logged = LogFeed::open(&self.log)?;
        let mut number = 0;
        while let Some(before) = logged.next_event()? {
            number += 1;
            if feed.next_event()?.is_none_or(|next| next.event != before.event) {
                return Err(FeedError::OtherRecording { number });
            }
        }
        Ok(())
    }

    fn consume(&mut self, feed: &Receiver<Vec<Timed>>) -> Result<Ending, EngineError> {
        loop {
            while let Ok(command) = self.commands.try_recv() {
                if let Some(ending) = self.obey(command)? {
                    return Ok(ending);
                }
            }
            match feed.recv_timeout(Duration::from_millis(20)) {
                Ok(batch) => {
                    for timed in batch {
                        self.keep_pace(&timed);
                        self.engine.feed(timed.time, timed.event)?;
                    }
                    self.progress.publish(&self.engine);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Ending::FeedEnded),
            }
        }
    }

    fn keep_pace(&self, next: &Timed) {
        let Pace::Times(factor) = self.pace else { return };
        let gap = next.time.since(self.engine.now()).max(0) / i64::from(factor.max(1));
        // A hole in the recording is not sat out.
        let gap = gap.min(5 * NANOS_PER_SEC);
        if gap >= NANOS_PER_MS {
            std::thread::sleep(Duration::from_nanos(gap.unsigned_abs()));
        }
    }

    fn obey(&mut self, command: Command) -> Result<Option<Ending>, EngineError> {
        let Command { request, reply } = command;
        let now = self.engine.now();
        let (response, reason) = request.obey(&mut self.engine, now)?;
        self.progress.publish(&self.engine);
        if let Some(reply) = reply {
            // Whoever asked may be gone; the answer is in the log all the same.
            let _ = reply.try_send(response);
        }
        Ok(reason.map(Ending::Stopped))
    }

    fn finish(mut self, ending: &Ending) -> Result<(), EngineError> {
        let complete = *ending == Ending::FeedEnded;
        if complete {
            let until = self.engine.now().plus(AFTERGLOW_NANOS);
            self.engine.run_timers(until)?;
        }
        let reason = match ending {
            Ending::FeedEnded => "the recording ended",
            Ending::Stopped(reason) => reason,
        };
        self.progress.publish(&self.engine);
        let now = self.engine.now();
        self.engine.stop(reason, complete, now)
    }
}

/// The level that `arena kill on` sets when none is named.
pub const KILL_DEFAULT: KillLevel = KillLevel::CancelAll;

fn read_feed(feed: &mut dyn Feed, out: &Sender<Vec<Timed>>, batch: usize) -> Result<(), FeedError> {
    let mut list = Vec::with_capacity(batch);
    while let Some(timed) = feed.next_event()? {
        list.push(timed);
        if list.len() == batch {
            let full = std::mem::replace(&mut list, Vec::with_capacity(batch));
            if out.send(full).is_err() {
                return Ok(());
            }
        }
    }
    if !list.is_empty() {
        let _ = out.send(list);
    }
    Ok(())
}
