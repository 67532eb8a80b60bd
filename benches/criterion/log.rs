//! The log's hot paths: a durable commit, a scan with each check, and single events.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{Criterion, SamplingMode, Throughput};
use measure::generator::Dice;
use measure::log::Sink;
use measure::log::events::Records;
use measure::log::ours::{self, OurPoints, Ours, Reading, Setup};
use measure::log::workshop::BATCH;
use schemas::UtcNanos;
use schemas::frame::Check;
use std::path::Path;
use std::time::Duration;

/// Events of the log that is read.
const EVENTS: u64 = 1_000_000;

fn main() {
    // Beside the program and not in the system's temporary folder, which may be in memory.
    let program = std::env::current_exe().unwrap();
    let dir = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    let mut c = Criterion::default().configure_from_args();
    append(&mut c, dir.path());
    let log = dir.path().join("log");
    let (mut writer, _) = Ours::open(&log, Setup::Sealed).unwrap();
    for batch in Records::default().batches(EVENTS, BATCH) {
        writer.commit(&batch).unwrap();
    }
    Box::new(writer).close().unwrap();
    scan(&mut c, &log);
    points(&mut c, &log);
    c.final_summary();
}

fn append(c: &mut Criterion, dir: &Path) {
    let mut group = c.benchmark_group("log-append");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3)).sample_size(20);
    for events in [1, 64, 256, 1_024] {
        let own = dir.join(format!("append-{events}"));
        let (mut writer, _) = Ours::open(&own, Setup::Standard).unwrap();
        let batch = Records::default().batch(events);
        group.throughput(Throughput::Elements(events as u64));
        group.bench_function(format!("commit-{events}"), |b| b.iter(|| writer.commit(&batch).unwrap()));
        Box::new(writer).close().unwrap();
        std::fs::remove_dir_all(&own).unwrap();
    }
    group.finish();
}

fn scan(c: &mut Criterion, log: &Path) {
    let mut group = c.benchmark_group("log-scan");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(EVENTS));
    for (name, check) in [("crc", Check::Crc), ("blake3", Check::Full)] {
        group.bench_function(name, |b| b.iter(|| ours::scan(log, check, Reading::Views).unwrap()));
    }
    group.finish();
}

fn points(c: &mut Criterion, log: &Path) {
    let (mut points, mut dice) = (OurPoints::open(log).unwrap(), Dice(1));
    let (first, last) = (points.at(1).unwrap().unwrap().time.0, points.at(EVENTS).unwrap().unwrap().time.0);
    let mut group = c.benchmark_group("log-point");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.bench_function("by-seq", |b| b.iter(|| points.at(1 + dice.below(EVENTS)).unwrap().unwrap()));
    let span = last.abs_diff(first);
    group.bench_function("by-time", |b| {
        b.iter(|| points.at_or_after(UtcNanos(first.saturating_add_unsigned(dice.below(span)))).unwrap().unwrap());
    });
    group.finish();
}
