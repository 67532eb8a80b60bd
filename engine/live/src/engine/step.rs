//! One input and everything that follows from it.

use super::port::{Port, Venue};
use super::restore::{RestoreError, Restored, restore};
use super::space::Space;
use crate::config::Keeping;
use console::words::word;
use engine_core::{Chain, Config, Core, DISK, Draft};
use eventlog::{
    AppendOptions, Appender, LogError, LogId, LogReader, LogWriter, OpenReport, Selection, Ticket, WriterOptions,
};
use exchange::Divergence;
use projections::State;
use schemas::event::{
    Checkpoint, FaultPolicy, MarketEvent, Mode, OrderEvent, RunStarted, RunStopped, SystemEvent, TimerKind,
};
use schemas::time::NANOS_PER_SEC;
use schemas::{CycleId, Envelope, Event, EventKind, Record, Seq, UtcNanos};
use std::path::{Path, PathBuf};
use venues::wire::{Ask, Tell};

/// Events of one frame at most; a frame with an intent is committed at once.
const FRAME_MAX: usize = 1_024;

/// How long what a live run heard may wait for the log's thread.
const HAND_ON_NANOS: i64 = NANOS_PER_SEC / 4;

/// A venue lists trades of the last day, and of longer ago only if their end is awaited.
const MENTIONED_NANOS: i64 = 3 * 86_400 * NANOS_PER_SEC;

/// Why the engine stopped. Trading has stopped with it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The log cannot be written or trusted.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log cannot be folded into a state that goes on.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The simulated exchange and the log disagree.
    #[error("the log does not fit the simulated exchange: {0}")]
    Exchange(#[from] Divergence),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] engine_core::ConfigError),
    /// Real and simulated money do not share a log.
    #[error("{} is the log of a {} run, and this is a {} one", dir.display(), word(found), word(wanted))]
    OtherMode {
        /// The log.
        dir: PathBuf,
        /// What ran on it.
        found: Mode,
        /// What is to run.
        wanted: Mode,
    },
    /// The state does not fit a snapshot.
    #[error("the state cannot be written as a snapshot: {0}")]
    Snapshot(String),
}

/// How a run begins.
pub struct Start<'a> {
    /// What is at stake.
    pub mode: Mode,
    /// What decisions depend on.
    pub config: &'a Config,
    /// How the log is kept.
    pub keeping: &'a Keeping,
    /// Where market data comes from, in words.
    pub feed: String,
    /// The time of the start, for a log that is empty; later starts go on from the log's own time.
    pub time: UtcNanos,
    /// The wallet that trades; empty when none does.
    pub wallet: String,
}

/// Log, state and exchange of one process: the only writer.
pub struct Engine {
    core: Core,
    chain: Chain,
    port: Port,
    log: Appender,
    /// The batch submitted last, while nobody has waited for it.
    submitted: Option<Ticket>,
    staged: Vec<Record>,
    next: Seq,
    drafts: Vec<Draft>,
    step: Vec<Envelope>,
    config: Config,
    since_checkpoint: u64,
    since_snapshot: u64,
    space: Space,
    /// When a look last handed to the log what was staged.
    handed_on: UtcNanos,
}

impl Engine {
    /// Opens (or creates) the log, folds what it holds, appends what is owed, and records the start of this run.
    ///
    /// Orders go to `venue`, or without one to the simulated exchange.
    pub fn open(
        dir: &Path,
        start: &Start<'_>,
        venue: Option<Box<dyn Venue>>,
    ) -> Result<(Self, OpenReport), EngineError> {
        let config = start.config.canonical()?;
        // A new log is named by what it is made from: the same run gives the same log, byte for byte.
        let name = blake3::hash(format!("{:?}\n{}\n{config}", start.mode, start.feed).as_bytes());
        let mut log_id = [0; 16];
        log_id.copy_from_slice(&name.as_bytes()[..16]);
        let named = Some((log_id, start.mode));
        let (mut engine, report) = Self::attach_as(dir, start.config.clone(), start.keeping, named, venue)?;
        for note in &report.notes {
            engine.fault("log", &note.to_string(), FaultPolicy::Repaired)?;
        }
        let run = RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: start.mode,
            config_hash: Config::hash(&config),
            config,
            seed: 0,
            wallet: start.wallet.clone(),
            feed: start.feed.clone(),
        };
        let time = if engine.core.state().seq == 0 { start.time } else { engine.now() };
        engine.input(time, None, None, Event::System(SystemEvent::RunStarted(Box::new(run))))?;
        engine.hear_port()?;
        Ok((engine, report))
    }

    /// Opens an existing log to add something to it without starting a run: what an operator's command does.
    pub fn attach(dir: &Path, config: Config, keeping: &Keeping) -> Result<(Self, OpenReport), EngineError> {
        Self::attach_as(dir, config, keeping, None, None)
    }

    fn attach_as(
        dir: &Path,
        config: Config,
        keeping: &Keeping,
        named: Option<(LogId, Mode)>,
        venue: Option<Box<dyn Venue>>,
    ) -> Result<(Self, OpenReport), EngineError> {
        let options = WriterOptions { log_id: named.map(|(id, _)| id), ..keeping.writer.clone() };
        let (log, report) = LogWriter::open(dir, &options)?;
        let Restored { core, chain, exchange } = restore(dir)?;
        let (found, wanted) = (core.state().run.mode(), named.map(|(_, mode)| mode));
        if let (Some(found), Some(wanted)) = (found, wanted)
            && (found == Mode::Live) != (wanted == Mode::Live)
        {
            return Err(EngineError::OtherMode { dir: dir.to_owned(), found, wanted });
        }
        let port = match venue {
            Some(venue) => Port::Venue(venue),
            None if found == Some(Mode::Live) => Port::Nowhere,
            None => Port::Paper(Box::new(exchange)),
        };
        let mut engine = Self {
            next: log.next_seq(),
            core,
            chain,
            port,
            // Each batch a frame of its own: over a recording, the log's bytes must not depend on timing.
            log: Appender::start(log, AppendOptions { group: false, ..keeping.append })?,
            submitted: None,
            staged: Vec::with_capacity(FRAME_MAX),
            drafts: Vec::new(),
            step: Vec::new(),
            config,
            since_checkpoint: 0,
            since_snapshot: 0,
            space: Space::of(dir, keeping.min_free_len),
            handed_on: UtcNanos::ZERO,
        };
        engine.know_orders(dir)?;
        engine.pay_owed()?;
        engine.hear_port()?;
        Ok((engine, report))
    }

    /// A venue is told of the orders that were open when the process last ended, with their exact bytes, and of those that
    /// it may still mention.
    fn know_orders(&mut self, dir: &Path) -> Result<(), EngineError> {
        let Some(venue) = self.port.venue() else { return Ok(()) };
        let state = self.core.state();
        let oldest = UtcNanos(state.time.0.saturating_sub(MENTIONED_NANOS));
        let kinds = vec![EventKind::OrderIntended];
        let mut stream = LogReader::open(dir)?.select(&Selection { kinds, ..Selection::default() })?;
        let mut events = Vec::new();
        while stream.next_frame(&mut events)? {
            for envelope in &events {
                let Event::Order(OrderEvent::Intended(intent)) = &envelope.event else { continue };
                let open = state.orders.get(intent.order).is_some_and(|o| !o.status.is_final());
                if open || envelope.time >= oldest {
                    venue.remember(intent, open);
                }
            }
        }
        Ok(())
    }

    /// The state.
    pub fn state(&self) -> &State {
        self.core.state()
    }

    /// The time of the last event: the engine's only clock.
    pub fn now(&self) -> UtcNanos {
        self.core.state().time
    }

    /// Takes a market event of the feed: first everything that falls due before it, then the event, then what the
    /// exchange says to it.
    pub fn feed(&mut self, time: UtcNanos, event: MarketEvent) -> Result<(), EngineError> {
        self.run_timers(time)?;
        self.input(time, None, None, Event::Market(event))?;
        self.hear_port()?;
        self.keep_house()
    }

    /// Takes any other input. Over a recording its time is the engine's own.
    pub fn tell(&mut self, event: Event, now: UtcNanos) -> Result<(), EngineError> {
        self.input(now, None, None, event)?;
        self.hear_port()
    }

    /// Takes what the network of a venue heard, first everything that falls due before it.
    pub fn hear(&mut self, tell: Tell, now: UtcNanos) -> Result<(), EngineError> {
        self.venue_step(now, |venue, state| venue.hear(tell, now, state))
    }

    /// Begins to listen to a venue, and to reconcile with it.
    pub fn start_venue(&mut self, now: UtcNanos) -> Result<(), EngineError> {
        self.venue_step(now, |venue, state| venue.start(now, state))
    }

    /// Lets the time of a live run pass. What was heard goes to the log's thread a few times a second: a crash must not
    /// take minutes of a quiet market with it.
    pub fn look(&mut self, now: UtcNanos) -> Result<(), EngineError> {
        self.venue_step(now, |venue, state| venue.look(now, state))?;
        if now.since(self.handed_on) >= HAND_ON_NANOS {
            self.handed_on = now;
            self.submit(false)?;
        }
        Ok(())
    }

    fn venue_step(&mut self, now: UtcNanos, f: impl FnOnce(&mut dyn Venue, &State)) -> Result<(), EngineError> {
        self.run_timers(now)?;
        if let Some(venue) = self.port.venue() {
            f(venue, self.core.state());
        }
        while let Some(heard) = self.port.venue().and_then(Venue::next_heard) {
            self.input(now, heard.cause, heard.cycle, heard.event)?;
        }
        self.keep_house()
    }

    /// What is now to be asked of a venue's network. Whatever it rests on is durable.
    pub fn asks(&mut self) -> Vec<Ask> {
        self.port.venue().map(Venue::asks).unwrap_or_default()
    }

    /// When the engine next has something to do by itself.
    pub fn next_timer(&self) -> Option<UtcNanos> {
        self.core.next_timer().into_iter().chain(self.port.next_due()).min()
    }

    /// Lets time pass up to `until`: timers fire at the moments they wait for.
    pub fn run_timers(&mut self, until: UtcNanos) -> Result<(), EngineError> {
        loop {
            let core = self.core.next_timer().map(|t| (t, TimerKind::Core));
            let exchange = self.port.next_due().map(|t| (t, TimerKind::Exchange));
            let next = match (core, exchange) {
                (Some(c), Some(e)) => Some(if e.0 <= c.0 { e } else { c }),
                (c, e) => c.or(e),
            };
            let Some((due, timer)) = next.filter(|(due, _)| *due <= until) else { return Ok(()) };
            let event = Event::System(SystemEvent::TimerFired { timer, due });
            self.input(due, None, None, event)?;
            self.hear_port()?;
        }
    }

    /// Ends the run: records why, makes everything durable, and leaves a snapshot for a quick next start.
    pub fn stop(mut self, reason: &str, complete: bool, now: UtcNanos) -> Result<(), EngineError> {
        self.checkpoint()?;
        let stop = RunStopped { reason: reason.to_owned(), complete };
        self.input(now, None, None, Event::System(SystemEvent::RunStopped(Box::new(stop))))?;
        self.commit()?;
        self.snapshot()?;
        Ok(self.log.stop()?.close()?)
    }

    /// Makes everything durable and lets the log go, without ending a run: what an operator's command does.
    pub fn close(mut self) -> Result<(), EngineError> {
        self.commit()?;
        Ok(self.log.stop()?.close()?)
    }

    /// Makes everything appended so far durable.
    pub fn commit(&mut self) -> Result<(), EngineError> {
        self.submit(true)?;
        if let Some(ticket) = self.submitted.take() {
            ticket.wait()?;
        }
        Ok(())
    }

    /// Hands what is staged to the log thread. The log keeps the order, so whoever waits for the last batch has waited
    /// for all.
    fn submit(&mut self, urgent: bool) -> Result<(), EngineError> {
        if !self.staged.is_empty() {
            let batch = std::mem::replace(&mut self.staged, Vec::with_capacity(FRAME_MAX));
            self.submitted = Some(self.log.submit(batch, urgent)?);
        }
        Ok(())
    }

    /// Records that something broke, and what was done about it.
    pub fn fault(&mut self, component: &str, text: &str, policy: FaultPolicy) -> Result<(), EngineError> {
        let event = SystemEvent::Fault { component: component.to_owned(), text: text.to_owned(), policy };
        self.input(self.now(), None, None, Event::System(event))
    }

    fn input(
        &mut self,
        time: UtcNanos,
        cause: Option<Seq>,
        cycle: Option<CycleId>,
        event: Event,
    ) -> Result<(), EngineError> {
        // Time is stamped once, here, and never steps back.
        let time = time.max(self.now());
        self.take(Envelope { seq: self.next, time, cause, cycle, event });
        self.pay(time);
        self.send()
    }

    /// What a crash left undecided is decided now.
    fn pay_owed(&mut self) -> Result<(), EngineError> {
        if self.chain.is_empty() {
            return Ok(());
        }
        self.pay(self.now());
        self.send()
    }

    fn pay(&mut self, time: UtcNanos) {
        while let Some(draft) = self.chain.next_owed() {
            let Draft { cause, cycle, mut event } = draft;
            self.port.sign(&mut event, self.core.state());
            self.take(Envelope { seq: self.next, time, cause: Some(cause), cycle, event });
        }
    }

    #[inline]
    fn take(&mut self, envelope: Envelope) {
        self.core.apply(&envelope);
        self.core.decide(&envelope, &mut self.drafts);
        self.chain.owe(&mut self.drafts);
        self.next = self.next.next();
        self.step.push(envelope);
    }

    /// Stages the step; makes it durable first if it holds an intent; then lets the exchange see it.
    fn send(&mut self) -> Result<(), EngineError> {
        let mut step = std::mem::take(&mut self.step);
        let intent = step.iter().any(|e| e.event.is_intent());
        if intent {
            self.staged.extend(step.iter().cloned().map(Record::from));
            self.commit()?;
        }
        for envelope in &step {
            self.port.take(envelope, self.core.state())?;
        }
        let n = step.len() as u64;
        if intent {
            step.clear();
        } else {
            self.staged.extend(step.drain(..).map(Record::from));
            if self.staged.len() >= FRAME_MAX {
                self.submit(false)?;
            }
        }
        self.since_checkpoint += n;
        self.since_snapshot += n;
        self.step = step;
        Ok(())
    }

    /// Appends what the exchange or the venue has to say by now.
    fn hear_port(&mut self) -> Result<(), EngineError> {
        loop {
            let now = self.now();
            let Some(heard) = self.port.next_heard(now) else { return Ok(()) };
            self.input(now, heard.cause, heard.cycle, heard.event)?;
        }
    }

    fn keep_house(&mut self) -> Result<(), EngineError> {
        if let Some(low) = self.space.look() {
            self.fault(DISK, &low, FaultPolicy::Halted)?;
        }
        if self.since_checkpoint >= self.config.performance.checkpoint_every_events {
            self.checkpoint()?;
        }
        if self.since_snapshot >= self.config.performance.snapshot_every_events {
            self.commit()?;
            self.snapshot()?;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), EngineError> {
        self.since_checkpoint = 0;
        let state = self.core.state();
        let parts = state.parts();
        let state_hash = State::hash_of_parts(&parts);
        let checkpoint = Checkpoint { upto: state.seq, state_hash, parts };
        self.input(self.now(), None, None, Event::System(SystemEvent::Checkpoint(Box::new(checkpoint))))?;
        self.submit(false)?;
        Ok(self.log.with_writer(move |log| log.sign_checkpoint(state_hash))?)
    }

    fn snapshot(&mut self) -> Result<(), EngineError> {
        self.since_snapshot = 0;
        let broken = |e: String| EngineError::Snapshot(e);
        let state = self.core.state().to_snapshot().map_err(|e| broken(e.to_string()))?;
        let exchange = bincode::serde::encode_to_vec(self.port.exchange(), bincode::config::standard())
            .map_err(|e| broken(e.to_string()))?;
        let sections = vec![("state".to_owned(), state), ("exchange".to_owned(), exchange)];
        self.log.with_writer(move |log| log.write_snapshot(&sections))?;
        Ok(())
    }
}
