//! The engine in miniature: one input, everything that follows from it, and what the simulated exchange says to it.

use engine_core::{Chain, Config, Core, Draft};
use eventlog::{LogWriter, WriterOptions};
use exchange::Exchange;
use projections::State;
use schemas::event::{
    Checkpoint, FeeSchedule, MarketEvent, MarketListed, Mode, OperatorCommand, Quote, Resolution, RunStarted,
    RunStopped, SystemEvent, TimerKind, Top, Venue,
};
use schemas::{
    Bytes32, Envelope, Event, EventKind, MarketId, Outcome, Price, Prob, Record, Seq, Size, TokenId, UtcNanos,
};
use std::path::Path;
use tempfile::TempDir;

/// The time of the first event.
pub const BEGIN: i64 = 1_780_000_000;

/// A text of the kind that a title must not smuggle to a terminal.
pub const RUDE: &str = "Will \u{1b}[31mred\u{202e} win?";

#[derive(Default)]
pub struct Mini {
    core: Core,
    chain: Chain,
    exchange: Exchange,
    drafts: Vec<Draft>,
    next: u64,
    pub records: Vec<Record>,
}

impl Mini {
    pub fn start(config: &Config) -> Self {
        let mut mini = Self { next: 1, ..Self::default() };
        let canonical = config.canonical().unwrap();
        let run = RunStarted {
            version: "0.1.0".to_owned(),
            mode: Mode::Backtest,
            config_hash: Config::hash(&canonical),
            config: canonical,
            seed: 0,
            wallet: String::new(),
            feed: "a script".to_owned(),
        };
        mini.input(time(0), Event::System(SystemEvent::RunStarted(Box::new(run))));
        mini
    }

    /// A market event of the feed, after everything that falls due before it.
    pub fn feed(&mut self, secs: i64, event: MarketEvent) {
        self.wait(time(secs));
        self.input(time(secs), Event::Market(event));
    }

    /// Lets time pass.
    pub fn wait(&mut self, until: UtcNanos) {
        loop {
            let core = self.core.next_timer().map(|t| (t, TimerKind::Core));
            let exchange = self.exchange.next_due().map(|t| (t, TimerKind::Exchange));
            let next = match (core, exchange) {
                (Some(c), Some(e)) => Some(if e.0 <= c.0 { e } else { c }),
                (c, e) => c.or(e),
            };
            let Some((due, timer)) = next.filter(|(due, _)| *due <= until) else { return };
            self.input(due, Event::System(SystemEvent::TimerFired { timer, due }));
        }
    }

    /// Any other input, now.
    pub fn tell(&mut self, event: Event) {
        self.input(self.core.state().time, event);
    }

    pub fn checkpoint(&mut self) {
        let parts = self.core.state().parts();
        let upto = self.core.state().seq;
        let checkpoint = Checkpoint { upto, state_hash: State::hash_of_parts(&parts), parts };
        self.tell(Event::System(SystemEvent::Checkpoint(Box::new(checkpoint))));
    }

    pub fn stop(&mut self) {
        self.checkpoint();
        let stop = RunStopped { reason: "the script ended".to_owned(), complete: true };
        self.tell(Event::System(SystemEvent::RunStopped(Box::new(stop))));
    }

    fn input(&mut self, time: UtcNanos, event: Event) {
        let time = time.max(self.core.state().time);
        self.take(time, None, None, event);
        while let Some(report) = self.exchange.report_due(time).cloned() {
            self.take(time, report.cause, report.cycle, report.event);
        }
    }

    /// Appends an event and everything that is decided because of it, then lets the exchange see them.
    fn take(&mut self, time: UtcNanos, cause: Option<Seq>, cycle: Option<schemas::CycleId>, event: Event) {
        let mut step = Vec::new();
        let mut draft = Some((cause, cycle, event));
        while let Some((cause, cycle, event)) = draft {
            let envelope = Envelope { seq: Seq::new(self.next).unwrap(), time, cause, cycle, event };
            self.next += 1;
            self.core.apply(&envelope);
            self.core.decide(&envelope, &mut self.drafts);
            self.chain.owe(&mut self.drafts);
            step.push(envelope);
            draft = self.chain.next_owed().map(|d| (Some(d.cause), d.cycle, d.event));
        }
        for envelope in step {
            self.exchange.apply(&envelope, self.core.state().into()).unwrap();
            self.records.push(envelope.into());
        }
    }
}

pub fn time(secs: i64) -> UtcNanos {
    UtcNanos::from_secs(BEGIN + secs).unwrap()
}

pub fn listed(market: u32, slug: &str, question: &str) -> MarketEvent {
    MarketEvent::Listed(Box::new(MarketListed {
        market: MarketId(market),
        venue: Venue::Synthetic,
        condition: Bytes32([market as u8; 32]),
        tokens: [Bytes32([1; 32]), Bytes32([2; 32])],
        slug: slug.to_owned(),
        question: question.to_owned(),
        group: format!("event {market}"),
        category: "weather".to_owned(),
        tick: Price(5_000),
        min_size: Size(1_000_000),
        fee: FeeSchedule { rate_ppm: 10_000, exponent: 1, taker_only: true },
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 0,
    }))
}

/// A quote for YES, prices in thousandths.
pub fn quote(market: u32, bid: i64, ask: i64) -> MarketEvent {
    MarketEvent::Quote(Quote {
        token: TokenId::new(MarketId(market), Outcome::Yes),
        top: Top { bid: Price(bid * 1_000), ask: Price(ask * 1_000) },
        bid_size: Size(500_000_000),
        ask_size: Size(20_000_000),
        source_time: UtcNanos::ZERO,
    })
}

pub fn config() -> Config {
    let mut config = Config::default();
    config.agents.forecasters = vec!["longshot".to_owned(), "momentum".to_owned()];
    config.agents.forecast_weight = Prob::ONE;
    config.risk.min_edge_threshold = Price(1_000);
    config.execution.allow_maker = false;
    config
}

/// Three markets: one is bought and stopped out, one is bought and settles, one never looks attractive.
pub fn script(config: &Config) -> Mini {
    let mut mini = Mini::start(config);
    mini.feed(0, listed(0, "river-freezes", "Will the river freeze?"));
    mini.feed(0, listed(1, "red-wins", RUDE));
    mini.feed(0, listed(2, "coin-heads", "Will the coin show heads?"));
    mini.checkpoint();
    for n in 0..12 {
        let secs = n * 10;
        mini.feed(secs, quote(0, 900, 905));
        mini.feed(secs + 1, quote(1, 930, 935));
        mini.feed(secs + 2, quote(2, 495, 500));
    }
    mini.checkpoint();
    mini.feed(125, quote(0, 780, 800));
    mini.feed(128, quote(0, 780, 800));
    mini.feed(150, MarketEvent::Resolved { market: MarketId(1), resolution: Resolution::Yes });
    mini.wait(time(160));
    let note = OperatorCommand::Note("all is well".to_owned());
    mini.tell(Event::System(SystemEvent::OperatorCommand { who: "anna".to_owned(), command: note }));
    mini.stop();
    mini
}

/// Writes records as a log, a few in each frame. `snapshots` names the events behind which one is kept.
pub fn write(dir: &Path, records: &[Record], snapshots: &[usize]) {
    write_in_files(dir, records, snapshots, 16 << 10);
}

/// The same, in journal files of so many bytes.
fn write_in_files(dir: &Path, records: &[Record], snapshots: &[usize], roll_len: u64) {
    let options = WriterOptions { roll_len, ..WriterOptions::default() };
    let (mut log, _) = LogWriter::open(dir, &options).unwrap();
    let mut state = State::new();
    let mut frame = Vec::new();
    for (i, record) in records.iter().enumerate() {
        state.apply(&record.clone().at(Seq::new(i as u64 + 1).unwrap()));
        frame.push(record.clone());
        let kept = snapshots.contains(&(i + 1));
        if kept || frame.len() > i % 7 || i + 1 == records.len() {
            log.commit(&frame).unwrap();
            frame.clear();
        }
        if kept {
            log.write_snapshot(&[("state".to_owned(), state.to_snapshot().unwrap())]).unwrap();
        }
    }
    log.close().unwrap();
}

/// A log in a directory of its own.
pub fn log(records: &[Record], snapshots: &[usize]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), records, snapshots);
    dir
}

/// The scripted log.
pub fn scripted() -> (TempDir, Vec<Record>) {
    let records = script(&config()).records;
    (log(&records, &[]), records)
}

/// The scripted log in one journal file, of which nothing is sealed: nothing else has its events but the hot copy.
pub fn unsealed() -> (TempDir, Vec<Record>) {
    let (dir, records) = (tempfile::tempdir().unwrap(), script(&config()).records);
    write_in_files(dir.path(), &records, &[], 16 << 20);
    (dir, records)
}

/// The sequence of the `n`-th event of a kind.
pub fn nth(records: &[Record], kind: EventKind, n: usize) -> u64 {
    let mut found = records.iter().enumerate().filter(|(_, r)| r.event.kind() == kind);
    found.nth(n).map(|(i, _)| i as u64 + 1).unwrap_or_else(|| panic!("there is no {n}-th {kind}"))
}
