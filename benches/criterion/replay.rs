//! A log read back: reading alone, folding alone, and both.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{Criterion, SamplingMode, Throughput};
use measure::replay::{Fold, fold, load, replay};
use measure::tape::{Copies, Tape};
use measure::{Stream, trader};
use schemas::frame::Check;
use std::hint::black_box;
use std::time::Duration;

/// Ticks of the stream behind the log.
const TICKS: usize = 400_000;

fn main() {
    let stream = Stream::from_env(TICKS).unwrap();
    println!("stream: {}", stream.origin);
    let dir = tempfile::tempdir().unwrap();
    let tape = Tape::create(dir.path(), Copies::JournalAndHot).unwrap();
    trader::run(&stream, Some(tape)).unwrap().0.close().unwrap();
    drop(stream);
    let events = load(dir.path()).unwrap();

    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("replay");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("fold-only", |b| b.iter(|| fold(black_box(&events))));
    for (name, check) in [("crc", Check::Crc), ("blake3", Check::Full)] {
        group.bench_function(format!("read-only-{name}"), |b| {
            b.iter(|| replay(dir.path(), check, Fold::Nothing).unwrap());
        });
        group.bench_function(format!("read-and-fold-{name}"), |b| {
            b.iter(|| replay(dir.path(), check, Fold::All).unwrap());
        });
    }
    group.finish();
    c.final_summary();
}
