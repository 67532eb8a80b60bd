//! Frames, state hashes, and recordings: what turns events into bytes and back.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{Criterion, SamplingMode, Throughput};
use measure::tape::FRAME_MAX;
use measure::{Stream, trader};
use schemas::frame::{Check, FrameHeader, HEADER_LEN, Head, decode_into, encode};
use schemas::{Envelope, Event, Record, Seq};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use venues::recording::{Format, Input, Recording};

/// Ticks that make a state typical.
const TICKS: usize = 400_000;

/// One full frame of ticks.
fn records(stream: &Stream) -> Vec<Record> {
    let ticks = stream.ticks.iter().take(FRAME_MAX);
    let envelope = |tick: &measure::Tick| Envelope {
        seq: Seq::FIRST,
        time: tick.time(),
        cause: None,
        cycle: None,
        event: Event::Market(tick.event()),
    };
    ticks.map(|t| Record::from(envelope(t))).collect()
}

fn main() {
    let stream = Stream::from_env(TICKS).unwrap();
    println!("stream: {}", stream.origin);
    let mut c = Criterion::default().configure_from_args();
    frames(&mut c, &records(&stream));
    state(&mut c, &stream);
    import(&mut c);
    c.final_summary();
}

fn frames(c: &mut Criterion, records: &Vec<Record>) {
    let head = Head::genesis(&[0; 16]);
    let (bytes, _) = encode(&head, records).unwrap();
    println!("a frame of {} ticks has {} bytes", records.len(), bytes.len());
    let header = FrameHeader::parse(bytes.first_chunk::<HEADER_LEN>().unwrap()).unwrap();
    let payload = &bytes[HEADER_LEN..];
    let mut group = c.benchmark_group("frame");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("encode", |b| b.iter(|| encode(&head, black_box(records)).unwrap()));
    let mut out = Vec::new();
    group.bench_function("decode", |b| {
        b.iter(|| {
            out.clear();
            decode_into(&header, black_box(payload), &mut out).unwrap();
        });
    });
    for (name, check) in [("check-crc", Check::Crc), ("check-blake3", Check::Full)] {
        group.bench_function(name, |b| b.iter(|| header.check_payload(black_box(payload), check).unwrap()));
    }
    group.finish();
}

fn state(c: &mut Criterion, stream: &Stream) {
    let state = trader::run(stream, None).unwrap().0.close().unwrap();
    println!("a snapshot of the state has {} bytes", state.to_snapshot().unwrap().len());
    let mut group = c.benchmark_group("state");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.bench_function("hash", |b| b.iter(|| black_box(&state).state_hash()));
    group.bench_function("snapshot", |b| b.iter(|| black_box(&state).to_snapshot().unwrap()));
    group.finish();
}

/// The Polymarket recording of the fixtures, decompressed and decoded.
fn import(c: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/polymarket-l2-nhl");
    let read = |name: &str| std::fs::read(folder.join(name)).map(|bytes| Input::bytes(name, bytes));
    let inputs = vec![read("ticks.csv.zst").unwrap(), read("tokens.json").unwrap()];
    let open = || Recording::open(Format::PolymarketL2, inputs.clone()).unwrap();
    let events = open().filter(|e| e.is_ok()).count();
    let mut group = c.benchmark_group("import");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("polymarket-l2", |b| b.iter(|| open().filter(|e| e.is_ok()).count()));
    group.finish();
}
