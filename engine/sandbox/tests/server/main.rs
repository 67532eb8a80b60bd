//! The server with real sockets on loopback: by hand, with an administrator, and with a log of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use sandbox::server::{Clock, Options, Speed, serve};
use sandbox::{Faults, Settings};
use schemas::event::{BookSnapshot, FeeSchedule, Level, MarketEvent, MarketListed, Venue};
use schemas::{Bytes32, MarketId, Price, Size, UtcNanos};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;

const START: UtcNanos = UtcNanos(1_795_305_600_000_000_000);
const TOKEN: &str = "canary-of-the-administrator";

/// One market, whose bid rises a cent a second from 0.40 on.
fn feed(events: i64) -> Vec<(UtcNanos, MarketEvent)> {
    let listed = MarketListed {
        market: MarketId(0),
        venue: Venue::Polymarket,
        condition: Bytes32([1; 32]),
        tokens: [Bytes32([2; 32]), Bytes32([3; 32])],
        slug: "m".to_owned(),
        question: "?".to_owned(),
        group: "g".to_owned(),
        category: "c".to_owned(),
        tick: Price(10_000),
        min_size: Size(5_000_000),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    };
    let mut all = vec![(START, MarketEvent::Listed(Box::new(listed)))];
    for n in 0..events {
        let bids = vec![Level { price: Price(400_000 + 10_000 * n), size: Size(9_000_000) }];
        let book = BookSnapshot { token: MarketId(0).yes(), bids, asks: Vec::new(), source_time: UtcNanos::ZERO };
        all.push((START.plus(n * 1_000_000_000), MarketEvent::BookSnapshot(Box::new(book))));
    }
    all
}

struct Server {
    at: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(speed: Speed, record: Option<PathBuf>) -> Self {
        let options = Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            speed,
            clock: Clock::Recorded,
            warm_up_s: 0,
            settings: Settings::default(),
            faults: Faults::default(),
            fund: Vec::new(),
            record,
            admin_token: TOKEN.to_owned(),
            feed_name: "made by a test".to_owned(),
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (tell, ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let feed = Box::new(feed(10).into_iter().map(Ok));
            let stopped = async { _ = stopped.await };
            runtime.block_on(serve(options, feed, |at| tell.send(at).unwrap(), stopped)).unwrap();
        });
        Self { at: ready.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
        let mut socket = TcpStream::connect(self.at).unwrap();
        let length = body.len();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn bid(server: &Server) -> Value {
    let id = schemas::Bytes32([2; 32]);
    let path = format!("/price?side=BUY&token_id={}", polymarket::token::to_decimal(&id));
    server.ask("GET", &path, "", "").1["price"].clone()
}

#[test]
fn by_hand_the_recording_waits_for_its_administrator() {
    let server = Server::start(Speed::Hand, None);
    assert_eq!(server.ask("GET", "/ok", "", "").1, "OK");
    assert_eq!(server.ask("POST", "/sandbox/step", "guess", "").0, 401);
    let (_, stepped) = server.ask("POST", "/sandbox/step", TOKEN, r#"{"events":1}"#);
    assert_eq!((&stepped["fed"], &stepped["ended"]), (&json!(1), &json!(false)));
    assert_eq!(bid(&server), "0.41");
    let (_, stepped) = server.ask("POST", "/sandbox/step", TOKEN, r#"{"seconds":3}"#);
    assert_eq!((&stepped["fed"], &stepped["now"]), (&json!(3), &json!("2026-11-22T00:00:04Z")));
    assert_eq!(bid(&server), "0.44");
    assert_eq!(server.ask("GET", "/time", "", "").1, START.as_millis() / 1_000 + 4);
    server.ask("POST", "/sandbox/step", TOKEN, r#"{"events":100}"#);
    assert_eq!(
        (bid(&server), server.ask("POST", "/sandbox/state", TOKEN, "").1["ended"].clone()),
        ("0.49".into(), true.into())
    );
    server.stop();
}

#[test]
fn faults_and_modes_are_switched_while_it_runs() {
    let server = Server::start(Speed::Max, None);
    let (_, faults) = server.ask("POST", "/sandbox/faults", TOKEN, r#"{"failed":{"every":3}}"#);
    assert_eq!(faults["faults"]["failed"], json!({ "every": 3 }));
    let (status, refused) = server.ask("POST", "/sandbox/faults", TOKEN, r#"{"fialed":1}"#);
    assert!(status == 400 && refused["error"].as_str().unwrap().contains("fialed"), "{refused}");
    assert_eq!(server.ask("POST", "/sandbox/faults", TOKEN, "").1["faults"]["failed"], json!({ "every": 3 }));
    let wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let change = json!({ "mode": "cancel_only", "fund": { wallet: "12.5" } });
    let (_, state) = server.ask("POST", "/sandbox/state", TOKEN, &change.to_string());
    assert_eq!((&state["accounts"][0]["wallet"], &state["accounts"][0]["cash"]), (&json!(wallet), &json!("12.5")));
    assert_eq!(server.ask("POST", "/sandbox/what", TOKEN, "").0, 404);
    assert_eq!(server.ask("GET", "/data/orders", "", "").0, 401);
    server.stop();
}

#[test]
fn its_own_log_holds_what_was_fed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let server = Server::start(Speed::Max, Some(dir.clone()));
    while server.ask("POST", "/sandbox/state", TOKEN, "").1["ended"] != true {}
    server.stop();
    let mut stream =
        eventlog::LogReader::open(&dir).unwrap().events(schemas::Seq::FIRST, schemas::frame::Check::Crc).unwrap();
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while stream.next_frame(&mut frame).unwrap() {
        all.append(&mut frame);
    }
    let fed: Vec<_> = all
        .into_iter()
        .filter_map(|e| match e.event {
            schemas::Event::Market(event) => Some((e.time, event)),
            _ => None,
        })
        .collect();
    assert_eq!(fed, feed(10));
}

#[test]
fn settings_are_changed_while_it_runs() {
    let server = Server::start(Speed::Max, None);
    let (_, before) = server.ask("POST", "/sandbox/settings", TOKEN, "");
    assert_eq!(before["settings"]["heartbeat_ms"], 15_000);
    let change = r#"{"heartbeat_ms":4000,"order_rate":{"per_second":1,"burst":1}}"#;
    let (status, after) = server.ask("POST", "/sandbox/settings", TOKEN, change);
    assert_eq!((status, &after["settings"]["heartbeat_ms"]), (200, &json!(4_000)));
    assert_eq!(after["settings"]["confirmed_ms"], before["settings"]["confirmed_ms"]);
    for (wrong, word) in [
        (r#"{"heartbeat_ms":0}"#, "from 1 to"),
        (r#"{"heartbeat":1}"#, "heartbeat"),
        (r#"{"seed":7}"#, "cannot change"),
        ("[]", "JSON object"),
    ] {
        let (status, refused) = server.ask("POST", "/sandbox/settings", TOKEN, wrong);
        assert!(status == 400 && refused["error"].as_str().unwrap().contains(word), "{refused}");
    }
    assert_eq!(server.ask("POST", "/sandbox/settings", TOKEN, "").1, after, "what is refused changes nothing");
    server.stop();
}

#[test]
fn a_market_is_changed_and_ended_by_hand() {
    let server = Server::start(Speed::Hand, None);
    let id = polymarket::token::to_decimal(&Bytes32([2; 32]));
    let tick = |server: &Server| server.ask("GET", &format!("/tick-size?token_id={id}"), "", "").1.to_string();
    assert!(tick(&server).contains("0.01"));
    let order = |body: &str| server.ask("POST", "/sandbox/market", TOKEN, body);
    assert_eq!(order(r#"{"market":"m","tick":"0.001"}"#).0, 200);
    assert!(tick(&server).contains("0.001"));
    let (status, refused) = order(r#"{"market":"m","tick":"0.003"}"#);
    assert!(status == 400 && refused["error"].as_str().unwrap().contains("no grid of the venue"), "{refused}");
    assert_eq!(order(r#"{"market":"rain","resolve":"yes"}"#).0, 404);
    assert_eq!(order(r#"{"market":"m"}"#).0, 400);
    assert_eq!(order("").0, 400);
    assert_eq!(order(&json!({ "market": id, "resolve": "no" }).to_string()).0, 200);
    let condition = format!("0x{}", Bytes32([1; 32]));
    let (_, market) = server.ask("GET", &format!("/markets/{condition}"), "", "");
    assert_eq!((&market["closed"], &market["tokens"][1]["winner"]), (&json!(true), &json!(true)), "{market}");
    let (status, over) = order(&json!({ "market": condition, "resolve": "yes" }).to_string());
    assert!(status == 400 && over["error"] == "the market is resolved already", "{over}");
    // What the recording still has of it changes nothing.
    server.ask("POST", "/sandbox/step", TOKEN, r#"{"events":100}"#);
    assert_eq!(server.ask("GET", &format!("/markets/{condition}"), "", "").1["closed"], true);
    server.stop();
}

#[test]
fn an_account_is_banned_by_hand() {
    let server = Server::start(Speed::Max, None);
    let wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let change = json!({ "standing": { wallet: "banned" } });
    assert_eq!(server.ask("POST", "/sandbox/state", TOKEN, &change.to_string()).0, 200);
    let (_, all) = server.ask("POST", "/sandbox/settings", TOKEN, "");
    assert_eq!(all["settings"]["standing"], json!({ wallet: "banned" }));
    server.stop();
}

/// The files that show what can be set name all of it, and nothing else.
#[test]
fn the_examples_name_every_fault_and_every_setting() {
    let names = |value: Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    let faults = include_str!("../../../../ops/sandbox-faults.json");
    let read: Faults = serde_json::from_str(faults).unwrap();
    assert_eq!(names(serde_json::from_str(faults).unwrap()), names(serde_json::to_value(read).unwrap()));
    let settings = include_str!("../../../../ops/sandbox-settings.json");
    assert_eq!(Settings::from_json(settings), Ok(Settings::default()));
    let all = serde_json::to_value(Settings::default()).unwrap();
    assert_eq!(names(serde_json::from_str(settings).unwrap()), names(all));
}
