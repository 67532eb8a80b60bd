//! The core at work: a tick that leads to nothing, and one that leads to an order.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use engine_core::Config;
use measure::desk::Desk;
use measure::stream::listing;
use measure::{Stream, Tick, trader};
use schemas::event::{MarketEvent, Quote, Top};
use schemas::{MarketId, Price, Size, UtcNanos};
use std::hint::black_box;
use std::time::Duration;

/// Ticks before those that are measured, so that books and positions are there.
const BEFORE: usize = 200_000;
/// Ticks measured at once.
const MEASURED: usize = 20_000;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    idle(&mut c);
    cycle(&mut c);
    c.final_summary();
}

/// Ticks that change books, quotes, marks and queues, and that the core has nothing to say to.
fn idle(c: &mut Criterion) {
    let mut stream = Stream::from_env(BEFORE + MEASURED).unwrap();
    println!("stream: {}", stream.origin);
    let measured = stream.ticks.split_off(BEFORE);
    let mut flat = Desk::begin(&trader::config(), stream.ticks[0].time()).unwrap();
    for market in 0..stream.markets() {
        flat.feed(stream.ticks[0].time(), listing(market)).unwrap();
    }
    feed(&mut flat, &stream.ticks);
    let (state, exchange) = trader::run(&stream, None).unwrap().0.into_parts();
    let holding = Desk::going_on(state, exchange);
    let mut group = c.benchmark_group("idle-tick");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(MEASURED as u64));
    for (name, desk) in [("nothing-held", flat), ("held-in-every-market", holding)] {
        let (events, held) = (desk.events(), desk.state().positions.held_all().count());
        let mut after = desk.clone();
        feed(&mut after, &measured);
        assert_eq!(after.state().orders.intended, desk.state().orders.intended, "an order is no idle tick");
        println!("{name}: {held} tokens held, {} events for {MEASURED} ticks", after.events() - events);
        group.bench_function(name, |b| {
            b.iter_batched_ref(|| desk.clone(), |desk| feed(desk, black_box(&measured)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn feed(desk: &mut Desk, ticks: &[Tick]) {
    for tick in ticks {
        desk.feed(tick.time(), tick.event()).unwrap();
    }
}

/// A quote that starts a cycle which ends in an order and its fill.
fn cycle(c: &mut Criterion) {
    let mut config = Config::default();
    config.risk.min_edge_threshold = Price(1_000);
    config.agents.forecast_weight = schemas::Prob::ONE;
    config.paper.submit_latency_ms = 0;
    config.paper.report_latency_ms = 0;
    config.paper.confirm_latency_ms = 0;
    let time = UtcNanos(1_750_000_000_000_000_000);
    let mut before = Desk::begin(&config, time).unwrap();
    before.feed(time, listing(0)).unwrap();
    let quote = MarketEvent::Quote(Quote {
        token: MarketId(0).yes(),
        top: Top { bid: Price(50_000), ask: Price(60_000) },
        bid_size: Size(500_000_000),
        ask_size: Size(500_000_000),
        source_time: time,
    });
    let decide = |desk: &mut Desk| {
        desk.feed(time, quote.clone()).unwrap();
        desk.run_timers(time).unwrap();
    };
    let mut after = before.clone();
    decide(&mut after);
    assert_eq!((after.state().orders.intended, after.state().positions.fills), (1, 1), "the cycle must end in a fill");
    println!("decision: {} events from one quote to a confirmed fill", after.events() - before.events());
    let mut group = c.benchmark_group("decision");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.bench_function("quote-to-confirmed-fill", |b| {
        b.iter_batched_ref(|| before.clone(), decide, BatchSize::SmallInput);
    });
    group.finish();
}
