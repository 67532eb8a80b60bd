//! The strategy on this engine and on the peer, one after the other in one process.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use measure::peer::{self, Setup};
use measure::tape::{Copies, Tape};
use measure::{Stream, trader};
use std::hint::black_box;
use std::time::Duration;

const TICKS: usize = 400_000;

fn main() {
    let stream = Stream::from_env(TICKS).unwrap();
    println!("stream: {}", stream.origin);
    println!("ours: {:?}", trader::run(&stream, None).unwrap().1);
    let theirs = peer::load(Stream::from_env(TICKS).unwrap());
    println!("hftbacktest: {:?}", peer::run(&theirs, Setup::Arrays).unwrap());

    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("strategy");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(stream.ticks.len() as u64));
    group.bench_function("ours-no-log", |b| b.iter(|| trader::run(black_box(&stream), None).unwrap()));
    let setups = [
        ("hftbacktest-arrays", Setup::Arrays),
        ("hftbacktest-default", Setup::Maps),
        ("hftbacktest-arrays-part-fills", Setup::ArraysPartial),
    ];
    for (name, setup) in setups {
        group.bench_function(name, |b| b.iter(|| peer::run(black_box(&theirs), setup).unwrap()));
    }
    for (name, copies) in [("ours-journal", Copies::Journal), ("ours-journal-and-hot-copy", Copies::JournalAndHot)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    let dir = tempfile::tempdir().unwrap();
                    (Tape::create(dir.path(), copies).unwrap(), dir)
                },
                // What comes out is dropped after the clock has stopped.
                |(tape, dir)| (trader::run(&stream, Some(tape)).unwrap(), dir),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    c.final_summary();
}
