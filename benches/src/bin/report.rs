//! Measures this engine and the peer in turns, each run in a process of its own, and prints one table.
//!
//! `report [--rounds N] [--events N]`; the stream is that of `ARENA_BENCH_STREAM`, or a generated one.

use measure::process::{Cost, peak_memory_kib, timed};
use measure::replay::{Fold, fold, load, replay};
use measure::tape::{Copies, Tape};
use measure::{MeasureError, Outcome, Stream, peer, trader};
use schemas::frame::Check;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::{Command, ExitCode};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Memory,
    Logged(Copies),
    Peer(peer::Setup),
    FoldOnly,
    ReadOnly(Check),
    Replay(Check),
}

/// Every engine, in the order of a round: ours and the peer in turns, and replays behind the run that wrote their log.
const ENGINES: [(Engine, &str, &str); 11] = [
    (Engine::Memory, "ours", "ours: strategy, no log"),
    (Engine::Peer(peer::Setup::Arrays), "peer-arrays", "hftbacktest: array books"),
    (Engine::Logged(Copies::Journal), "ours-journal", "ours: strategy, durable journal"),
    (Engine::Peer(peer::Setup::Maps), "peer-maps", "hftbacktest: default books"),
    (Engine::Logged(Copies::JournalAndHot), "ours-logged", "ours: strategy, journal + hot copy"),
    (Engine::Peer(peer::Setup::ArraysPartial), "peer-partial", "hftbacktest: arrays, part fills"),
    (Engine::Replay(Check::Full), "replay-full", "ours: replay, BLAKE3"),
    (Engine::Replay(Check::Crc), "replay-crc", "ours: replay, CRC"),
    (Engine::ReadOnly(Check::Full), "read-full", "ours: read only, BLAKE3"),
    (Engine::ReadOnly(Check::Crc), "read-crc", "ours: read only, CRC"),
    (Engine::FoldOnly, "fold", "ours: fold only, from memory"),
];

/// What one process measured.
#[derive(Debug, Serialize, Deserialize)]
struct Sample {
    cost: Cost,
    peak_kib: u64,
    outcome: Outcome,
}

struct Options {
    rounds: usize,
    events: usize,
    /// Measure this engine, in this process.
    measure: Option<String>,
    dir: Option<String>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { rounds: 3, events: usize::MAX, measure: None, dir: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().ok_or_else(|| format!("{arg} needs a value"))?;
        let number = || value.parse::<usize>().ok().filter(|n| *n > 0).ok_or(format!("{arg} needs a number above 0"));
        match arg.as_str() {
            "--rounds" => options.rounds = number()?,
            "--events" => options.events = number()?,
            "--measure" => options.measure = Some(value),
            "--dir" => options.dir = Some(value),
            _ => return Err(format!("unknown argument {arg}: use --rounds N and --events N")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::from(2);
        }
    };
    let done = match (&options.measure, &options.dir) {
        (Some(name), Some(dir)) => measure_here(name, Path::new(dir)),
        _ => report(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all rounds in child processes and prints the table.
fn report(options: &Options) -> Result<(), MeasureError> {
    let dir = tempfile::tempdir().map_err(MeasureError::io("create a folder in", &std::env::temp_dir()))?;
    let stream = Stream::from_env(options.events)?;
    stream.write(&dir.path().join("stream.bin"))?;
    println!("stream: {}", stream.origin);
    drop(stream);
    let mut samples: Vec<Vec<Sample>> = ENGINES.iter().map(|_| Vec::new()).collect();
    let mut state_hash = String::new();
    for round in 1..=options.rounds {
        for ((_, name, title), of_engine) in ENGINES.iter().zip(&mut samples) {
            eprintln!("round {round} of {}: {title}", options.rounds);
            let sample = measure_in_child(name, dir.path())?;
            let hash = &sample.outcome.state_hash;
            if !hash.is_empty() && !state_hash.is_empty() && *hash != state_hash {
                return Err(MeasureError::OtherState((*title).to_owned()));
            }
            if !hash.is_empty() {
                state_hash.clone_from(hash);
            }
            of_engine.push(sample);
        }
    }
    print_table(&samples, options.rounds);
    print_ratios(&samples);
    println!("every run of ours ended in state {state_hash}");
    Ok(())
}

fn measure_in_child(name: &str, dir: &Path) -> Result<Sample, MeasureError> {
    let failed = |reason: String| MeasureError::Child { engine: name.to_owned(), reason };
    let program = std::env::current_exe().map_err(|e| failed(e.to_string()))?;
    let child = Command::new(program).args(["--measure", name, "--dir"]).arg(dir).output();
    let output = child.map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| failed(e.to_string()))
}

/// Measures one engine in this process and prints the sample.
fn measure_here(name: &str, dir: &Path) -> Result<(), MeasureError> {
    let log = dir.join("log");
    let unknown = || MeasureError::Child { engine: name.to_owned(), reason: "no such engine".to_owned() };
    let (engine, _, _) = ENGINES.iter().find(|(_, n, _)| *n == name).ok_or_else(unknown)?;
    let stream = || Stream::read(&dir.join("stream.bin"), usize::MAX);
    let (cost, outcome, state) = match engine {
        Engine::Memory => {
            let stream = stream()?;
            let (run, cost) = timed(|| trader::run(&stream, None));
            let (trader, outcome) = run?;
            (cost, outcome, Some(trader.close()?))
        }
        Engine::Logged(copies) => {
            if log.exists() {
                std::fs::remove_dir_all(&log).map_err(MeasureError::io("remove", &log))?;
            }
            let (stream, tape) = (stream()?, Tape::create(&log, *copies)?);
            let (run, cost) = timed(|| trader::run(&stream, Some(tape)));
            let (trader, outcome) = run?;
            (cost, outcome, Some(trader.close()?))
        }
        Engine::Peer(setup) => {
            let loaded = peer::load(stream()?);
            let (run, cost) = timed(|| peer::run(&loaded, *setup));
            (cost, run?, None)
        }
        Engine::FoldOnly => {
            let events = load(&log)?;
            let (state, cost) = timed(|| fold(&events));
            (cost, replayed(&state, state.seq), Some(state))
        }
        Engine::ReadOnly(check) => {
            let (read, cost) = timed(|| replay(&log, *check, Fold::Nothing));
            let (state, events) = read?;
            (cost, replayed(&state, events), None)
        }
        Engine::Replay(check) => {
            let (read, cost) = timed(|| replay(&log, *check, Fold::All));
            let (state, events) = read?;
            (cost, replayed(&state, events), Some(state))
        }
    };
    let peak_kib = peak_memory_kib();
    let mut sample = Sample { cost, peak_kib, outcome };
    sample.outcome.state_hash = state.map(|s| s.state_hash().to_string()).unwrap_or_default();
    let line = serde_json::to_string(&sample);
    println!("{}", line.map_err(|e| MeasureError::Child { engine: name.to_owned(), reason: e.to_string() })?);
    Ok(())
}

/// What a log adds up to. Every event in it counts, whoever made it.
fn replayed(state: &projections::State, events: u64) -> Outcome {
    let micro_shares = state.positions.held_all().map(|(_, p)| p.lot.size.0).sum();
    Outcome { events, fills: state.positions.fills, micro_shares, ..Outcome::default() }
}

fn print_table(samples: &[Vec<Sample>], rounds: usize) {
    let title = "events/s on the clock";
    println!("\n{:34} {title:>23} {:>17} {:>9} {:>9} {:>8} {:>12}", "", "CPU ns/event", "own", "peak", "", "");
    println!(
        "{:34} {:>11} {:>11} {:>8} {:>8} {:>9} {:>9} {:>8} {:>12}",
        format!("engine ({rounds} rounds)"),
        "best",
        "median",
        "best",
        "median",
        "events",
        "MiB",
        "fills",
        "shares"
    );
    for ((_, _, title), of_engine) in ENGINES.iter().zip(samples) {
        let Some(first) = of_engine.first() else { continue };
        let events = first.outcome.events.max(1);
        let sorted = |f: fn(&Sample) -> u64| {
            let mut all: Vec<u64> = of_engine.iter().map(f).collect();
            all.sort_unstable();
            (all[0], all[all.len() / 2])
        };
        let (wall, wall_median) = sorted(|s| s.cost.wall_nanos);
        let (cpu, cpu_median) = sorted(|s| s.cost.cpu_nanos);
        let rate = |nanos: u64| events as f64 * 1e9 / nanos.max(1) as f64;
        let each = |nanos: u64| nanos as f64 / events as f64;
        println!(
            "{title:34} {:>11.0} {:>11.0} {:>8.0} {:>8.0} {:>9} {:>9.0} {:>8} {:>12.2}",
            rate(wall),
            rate(wall_median),
            each(cpu),
            each(cpu_median),
            first.outcome.own_events,
            of_engine.iter().map(|s| s.peak_kib).max().unwrap_or(0) as f64 / 1024.0,
            first.outcome.fills,
            first.outcome.micro_shares as f64 / 1e6
        );
    }
}

/// How much processor time the peer takes for what we do in one unit of it, round by round.
fn print_ratios(samples: &[Vec<Sample>]) {
    let of = |engine: Engine| {
        let at = ENGINES.iter().position(|(e, _, _)| *e == engine);
        at.and_then(|i| samples.get(i)).map_or(&[][..], Vec::as_slice)
    };
    let peer = of(Engine::Peer(peer::Setup::Arrays));
    println!("\nprocessor time an event, hftbacktest (array books) : ours, in each round");
    let ours = [Engine::Memory, Engine::Logged(Copies::Journal), Engine::Logged(Copies::JournalAndHot)];
    for engine in ours.into_iter().chain([Engine::Replay(Check::Full), Engine::Replay(Check::Crc)]) {
        let title = ENGINES.iter().find(|(e, _, _)| *e == engine).map_or("", |(_, _, title)| title);
        let each = |s: &Sample| s.cost.cpu_nanos as f64 / s.outcome.events.max(1) as f64;
        let ratios = peer.iter().zip(of(engine)).map(|(p, o)| format!("{:.2}", each(p) / each(o).max(1e-9)));
        println!("{title:34} {}", ratios.collect::<Vec<_>>().join("  "));
    }
}
