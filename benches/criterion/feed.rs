//! The live path of market data on a recorded game: websocket frame, events, log, books.
//!
//! The sandbox plays the recording to a feed once, and every word between them is kept. What is measured is the same feed
//! hearing the same words again: decoding, tracking its own books, saying events; folding these into the state that
//! decisions see; and handing them to the log as the engine does, four times a second, until the last is durable.

#[allow(dead_code, clippy::panic, reason = "a file of the simulation, which also breaks what it carries")]
#[path = "../../tests/simulation/link.rs"]
mod link;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use eventlog::{AppendHandle, AppendOptions, Appender, LogError, LogWriter, WriterOptions};
use link::Link;
use measure::MeasureError;
use polymarket::wire::market::{Event as Message, Frame, decode};
use projections::State;
use sandbox::Venue;
use schemas::event::MarketEvent;
use schemas::{CycleId, Envelope, Record, Seq, UtcNanos};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use venues::polymarket::feed::{Feed, Settings, Wanted};
use venues::recording::{Format, Input, Recording};
use venues::wire::Tell;

/// Recorded time that is played, s; the first of it is not measured: there the feed finds the markets and gets its books.
const PLAYED_S: u64 = 600;
const WARM_UP_S: u64 = 120;
/// The engine makes room for so many events at once.
const FRAME_MAX: usize = 1_024;
/// Frames that are copied at once, 600 bytes each.
const ARRIVING: usize = 256;
/// The engine looks around this often, and hands events to the log as often.
const LOOK_MS: u64 = 250;

/// One thing that happens to a feed.
#[derive(Clone)]
enum Step {
    Hear(Tell),
    Look,
}

type Script = Vec<(UtcNanos, Step)>;

/// A feed, and the state that is folded from what it says.
struct Reader {
    feed: Feed,
    state: State,
    seq: Seq,
}

/// How far an event goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Said by the feed.
    Said,
    /// Folded into the state.
    Folded,
}

impl Reader {
    fn start(now: UtcNanos) -> Self {
        let wanted = Wanted { max_markets: 100, ..Wanted::default() };
        let feed = Feed::new(Settings { wanted, record_raw: false });
        let mut reader = Self { feed, state: State::new(), seq: Seq::FIRST };
        reader.feed.start(now, &reader.state);
        reader
    }

    #[inline]
    fn step(&mut self, now: UtcNanos, step: Step) {
        match step {
            Step::Hear(tell) => self.feed.hear(tell, now, &self.state),
            Step::Look => self.feed.look(now, &self.state),
        }
    }

    /// Takes what was said.
    #[inline]
    fn fold(&mut self, now: UtcNanos, depth: Depth, mut keep: impl FnMut(Record)) {
        while let Some(said) = self.feed.next_said() {
            let envelope = Envelope { seq: self.seq, time: now, cause: None, cycle: None, event: said.event };
            self.seq = self.seq.next();
            if depth == Depth::Folded {
                self.state.apply(&envelope);
            }
            keep(Record { time: now, cause: 0, cycle: CycleId::default(), event: envelope.event });
        }
    }

    /// Goes through a script; what it asks for was answered when the script was made.
    fn run(&mut self, script: Script, depth: Depth, mut keep: impl FnMut(Record)) {
        for (now, step) in script {
            self.step(now, step);
            self.feed.asks().for_each(drop);
            self.fold(now, depth, &mut keep);
        }
    }
}

fn recording() -> Result<Vec<(UtcNanos, MarketEvent)>, MeasureError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/polymarket-l2-nhl");
    let files = ["ticks.csv.zst", "tokens.json"].map(|file| Input::path(folder.join(file)));
    let cannot = |reason: String| MeasureError::Recording { path: folder.clone(), reason };
    let recording = Recording::open(Format::PolymarketL2, files.into()).map_err(|e| cannot(e.to_string()))?;
    // Its bad rows are known, and no part of what is measured.
    Ok(recording.filter_map(Result::ok).map(|timed| (timed.time, timed.event)).collect())
}

/// Plays the recording to a feed. What happened to it before and after the warm-up.
fn play() -> Result<(Script, Script), MeasureError> {
    let events = recording()?;
    let begins = events[0].0;
    let (warm, ends) = (begins.plus_secs(WARM_UP_S), begins.plus_secs(PLAYED_S));
    let mut venue = Venue::new(sandbox::Settings::default(), sandbox::Faults::default());
    let (mut link, mut reader) = (Link::default(), Reader::start(begins));
    let mut scripts = (Script::new(), Script::new());
    let mut events = events.into_iter().peekable();
    let mut now = begins;
    let mut next_look = begins;
    while now < ends {
        while let Some((_, event)) = events.next_if(|(time, _)| *time <= now) {
            venue.feed(now, &event);
        }
        let mut steps = Vec::new();
        if now >= next_look {
            next_look = now.plus_millis(LOOK_MS);
            steps.push(Step::Look);
        }
        loop {
            for step in steps.drain(..) {
                let script = if now < warm { &mut scripts.0 } else { &mut scripts.1 };
                script.push((now, step.clone()));
                reader.step(now, step);
            }
            reader.fold(now, Depth::Folded, drop);
            for ask in reader.feed.asks().collect::<Vec<_>>() {
                link.ask(ask, &mut venue, now);
            }
            link.listen(&mut venue, now);
            match link.arrived(now) {
                Some(tell) => steps.push(Step::Hear(tell)),
                None => break,
            }
        }
        let next = [link.next_at(), venue.next_due(), events.peek().map(|e| e.0), Some(next_look)];
        now = next.into_iter().flatten().min().unwrap_or(ends).max(now);
    }
    Ok(scripts)
}

/// What a script's frames hold.
#[derive(Default)]
struct Count {
    frames: u64,
    bytes: usize,
    changes: u64,
    levels: u64,
    trades: u64,
}

impl Count {
    fn of(script: &Script) -> Self {
        let mut count = Self::default();
        for (_, step) in script {
            let Step::Hear(Tell::Text(_, text)) = step else { continue };
            let Ok(Frame::Messages(messages)) = decode(text) else { continue };
            count.frames += 1;
            count.bytes += text.len();
            for message in messages.into_iter().flatten() {
                match message {
                    Message::PriceChange(change) => count.changes += change.changes.len() as u64,
                    Message::Book(book) => count.levels += (book.bids.len() + book.asks.len()) as u64,
                    Message::LastTrade(_) => count.trades += 1,
                    _ => {}
                }
            }
        }
        count
    }
}

/// Whether a step is anything else than a whole book or a trade: behind each trade the venue tells both books whole, and
/// their levels would count as changes.
fn is_no_book(step: &Step) -> bool {
    let Step::Hear(Tell::Text(_, text)) = step else { return true };
    let Ok(Frame::Messages(messages)) = decode(text) else { return true };
    messages.iter().flatten().all(|m| matches!(m, Message::PriceChange(_)))
}

/// A reader behind the warm-up, and what it is to hear.
type Ready = (Reader, Script);

/// How long a reader takes for a script of which each frame has just arrived: some frames are copied, and heard at once, as
/// the socket's are. Together they would not fit the processor's caches, and waiting for memory would be most of it.
fn arriving((mut reader, script): Ready, depth: Depth, mut keep: impl FnMut(Record)) -> Duration {
    let mut took = Duration::ZERO;
    for part in script.chunks(ARRIVING) {
        let part = part.to_vec();
        let began = WallTime.start();
        reader.run(part, depth, &mut keep);
        took += WallTime.end(began);
    }
    took
}

/// Hands events to the log as the engine does.
struct ToLog {
    handle: AppendHandle,
    waiting: Vec<Record>,
    handed: UtcNanos,
    result: Result<(), LogError>,
}

impl ToLog {
    fn of(appender: &Appender) -> Self {
        Self {
            handle: appender.handle(),
            waiting: Vec::with_capacity(FRAME_MAX),
            handed: UtcNanos::ZERO,
            result: Ok(()),
        }
    }

    #[inline]
    fn take(&mut self, record: Record) {
        let now = record.time;
        self.waiting.push(record);
        if now >= self.handed.plus_millis(LOOK_MS) && self.result.is_ok() {
            self.handed = now;
            let batch = std::mem::replace(&mut self.waiting, Vec::with_capacity(FRAME_MAX));
            self.result = self.handle.submit(batch, false).map(drop);
        }
    }

    /// Waits until all of it is durable.
    fn end(self) -> Result<(), LogError> {
        self.result?;
        self.handle.submit(self.waiting, true)?.wait()?;
        Ok(())
    }
}

/// What a log is begun with, in a folder of its own.
fn appender(dir: &Path) -> Result<Appender, LogError> {
    let options = WriterOptions { owner: "bench".to_owned(), ..WriterOptions::default() };
    LogWriter::open(dir, &options).and_then(|(writer, _)| Appender::start(writer, AppendOptions::default()))
}

fn main() -> Result<(), MeasureError> {
    let mut c = Criterion::default().configure_from_args();
    let (before, mut script) = play()?;
    let all = Count::of(&script);
    println!(
        "{} s of the game: {} frames, {} price changes, {} trades, {} levels of whole books",
        PLAYED_S - WARM_UP_S,
        all.frames,
        all.changes,
        all.trades,
        all.levels
    );
    script.retain(|(_, step)| is_no_book(step));
    let Count { frames, bytes, changes, .. } = Count::of(&script);
    println!("measured: {changes} price changes in {frames} frames of {} bytes on average", bytes / frames as usize);
    let warm = || {
        let mut reader = Reader::start(before[0].0);
        reader.run(before.clone(), Depth::Folded, drop);
        (reader, script.clone())
    };
    let mut group = c.benchmark_group("polymarket-feed");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(4));
    group.throughput(Throughput::Elements(changes));
    group.bench_function("decode", |b| {
        let texts: Vec<&String> = script
            .iter()
            .filter_map(|(_, step)| match step {
                Step::Hear(Tell::Text(_, text)) => Some(text),
                _ => None,
            })
            .collect();
        b.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for part in (0..times).flat_map(|_| texts.chunks(ARRIVING)) {
                let part: Vec<String> = part.iter().map(|text| (*text).clone()).collect();
                let began = WallTime.start();
                part.iter().for_each(|text| drop(black_box(decode(text))));
                took += WallTime.end(began);
            }
            took
        });
    });
    for (name, depth) in [("to-event", Depth::Said), ("to-book", Depth::Folded)] {
        group.bench_function(name, |b| {
            b.iter_custom(|times| (0..times).map(|_| arriving(warm(), depth, |record| drop(black_box(record)))).sum());
        });
    }
    // Beside the program and not in the system's temporary folder, which may be in memory.
    let program = std::env::current_exe().map_err(MeasureError::io("find", Path::new("this program")))?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let dir = tempfile::tempdir_in(folder).map_err(MeasureError::io("make a folder in", folder))?;
    // The first failure of the log ends the bench: figures without it would be of something else.
    let (mut logs, mut failed) = (0, None);
    let mut begin = || {
        logs += 1;
        (warm(), appender(&dir.path().join(logs.to_string())))
    };
    // The engine's own thread: the log's thread writes meanwhile.
    group.bench_function("to-book-and-handed-on", |b| {
        let mut once = || -> Result<Duration, LogError> {
            let (ready, appender) = begin();
            let appender = appender?;
            let mut log = ToLog::of(&appender);
            let took = arriving(ready, Depth::Folded, |record| log.take(record));
            log.end()?;
            Ok(took)
        };
        b.iter_custom(|times| {
            (0..times).filter_map(|_| once().map_err(|e| failed.get_or_insert(e).to_string()).ok()).sum()
        });
    });
    group.bench_function("to-book-and-durable", |b| {
        let run = |((mut reader, script), appender): (Ready, Result<Appender, LogError>)| {
            let logged = appender.and_then(|appender| {
                let mut log = ToLog::of(&appender);
                reader.run(script, Depth::Folded, |record| log.take(record));
                log.end().map(|()| (reader, appender))
            });
            logged.map_err(|e| failed.get_or_insert(e).to_string())
        };
        b.iter_batched(&mut begin, run, BatchSize::PerIteration);
    });
    group.finish();
    c.final_summary();
    failed.map_or(Ok(()), |e| Err(e.into()))
}
