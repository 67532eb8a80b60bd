//! Polymarket's protocol at work: messages of the market channel decoded, orders hashed and signed.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{Criterion, Throughput};
use k256::ecdsa::SigningKey;
use polymarket::wire::market::{Frame, decode};
use polymarket::{
    Address, Chain, Domain, Generation, Order, SignDigest, SignatureType, Terms, order_signature, post_body, token,
    verify_order, wallet,
};
use schemas::{Bytes32, Side};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

const YES: &str = "71321045679252212594626385532706912750332728571942532289631379312455583992563";
const NO: &str = "52114319501245915516055106046884209969926127482827954674443846427813813222426";

fn main() {
    let mut c = Criterion::default().configure_from_args();
    price_changes(&mut c);
    books(&mut c);
    orders(&mut c);
    c.final_summary();
}

/// A frame as the venue writes it: the event's type last, every other entry mirrored in the other outcome.
fn frame(entries: usize) -> String {
    let mut out = format!("{{\"market\":\"0x{}\",\"price_changes\":[", "bd".repeat(32));
    for i in 0..entries {
        let (token, side) = if i % 2 == 0 { (YES, "BUY") } else { (NO, "SELL") };
        let comma = if i == 0 { "" } else { "," };
        let price = if i % 2 == 0 { 30 + i / 2 % 20 } else { 70 - i / 2 % 20 };
        write!(
            out,
            "{comma}{{\"asset_id\":\"{token}\",\"price\":\"0.{price}\",\"size\":\"{}.{}\",\"side\":\"{side}\",\
            \"hash\":\"56621a121a47ed9333273e21c83b660cff37ae50\",\"best_bid\":\"0.49\",\"best_ask\":\"0.52\"}}",
            1_000 + i * 37,
            10 + i % 80,
        )
        .unwrap();
    }
    out.push_str("],\"timestamp\":\"1795305600123\",\"event_type\":\"price_change\"}");
    out
}

fn price_changes(c: &mut Criterion) {
    let mut group = c.benchmark_group("polymarket-price-change");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(30);
    for entries in [1, 2, 20] {
        let text = frame(entries);
        println!("a frame of {entries} price changes has {} bytes", text.len());
        group.throughput(Throughput::Elements(entries as u64));
        group.bench_function(format!("decode-{entries}"), |b| {
            b.iter(|| match decode(black_box(&text)).unwrap() {
                Frame::Messages(messages) => assert!(messages[0].is_ok()),
                Frame::Pong => unreachable!(),
            });
        });
    }
    group.finish();
}

/// The recorded books of one event, full depth.
fn books(c: &mut Criterion) {
    let fixture =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/polymarket-gamma/fed-decision-june_clob-books.json");
    let text = std::fs::read_to_string(fixture).unwrap();
    let levels: usize =
        polymarket::wire::rest::books(&text).unwrap().iter().flatten().map(|b| b.bids.len() + b.asks.len()).sum();
    println!("{levels} levels in {} bytes", text.len());
    let mut group = c.benchmark_group("polymarket-book");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.throughput(Throughput::Elements(levels as u64));
    group.bench_function("decode-level", |b| b.iter(|| polymarket::wire::rest::books(black_box(&text)).unwrap().len()));
    group.finish();
}

fn orders(c: &mut Criterion) {
    let key = SigningKey::from_slice(&[0x42; 32]).unwrap();
    let owner = key.address();
    let order = |maker: Address, signer: Address, signature_type| Order {
        salt: 479_249_096_354,
        maker,
        signer,
        token: token::from_decimal(YES).unwrap(),
        maker_amount: 5_486_000,
        taker_amount: 10_550_000,
        side: Side::Buy,
        signature_type,
        timestamp_ms: 1_795_305_600_137,
        metadata: Bytes32::ZERO,
        builder: Bytes32::ZERO,
    };
    let eoa = order(owner, owner, SignatureType::Eoa);
    let deposit = order(wallet::deposit(owner), wallet::deposit(owner), SignatureType::DepositWallet);
    let domain = Domain::exchange(&Chain::POLYGON, Generation::V2, false).unwrap();
    let signature = order_signature(&eoa, &domain, &key).unwrap();
    let mut group = c.benchmark_group("polymarket-order");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(30);
    group.bench_function("id", |b| b.iter(|| black_box(&eoa).id(&domain)));
    group.bench_function("sign-eoa", |b| b.iter(|| order_signature(black_box(&eoa), &domain, &key).unwrap()));
    group.bench_function("sign-deposit-wallet", |b| {
        b.iter(|| order_signature(black_box(&deposit), &domain, &key).unwrap());
    });
    group.bench_function("verify", |b| b.iter(|| verify_order(black_box(&eoa), &domain, &signature, None).unwrap()));
    group.bench_function("body", |b| b.iter(|| post_body(black_box(&eoa), &signature, "key", &Terms::GTC)));
    group.finish();
}
