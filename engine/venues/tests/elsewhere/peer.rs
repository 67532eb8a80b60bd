//! The real network at a peer on loopback that speaks Kalshi's REST interface and websocket, and checks signatures.

use super::kalshi::{Kalshi, wanted};
use super::key::{is_good, key_file};
use projections::State;
use schemas::event::MarketEvent;
use schemas::{Envelope, Event, MarketId, Price, Seq, UtcNanos};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{self, Message};
use venues::feeds::ReadOnlyFeed;
use venues::kalshi::ApiKey;
use venues::kalshi::feed::{Feed, Settings};
use venues::net::{Hosts, Net};

/// What the peer saw.
#[derive(Default)]
struct Seen {
    paths: Vec<String>,
    signed: u32,
    unsigned: u32,
    commands: Vec<Value>,
}

fn start() -> (String, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = seen.clone();
    // Ends with the process of the test.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = shared.clone();
            std::thread::spawn(move || serve(stream, &seen));
        }
    });
    (address, seen)
}

fn serve(stream: TcpStream, seen: &Mutex<Seen>) -> Option<()> {
    let mut first = [0; 64];
    // Enough of the request to see its path.
    while stream.peek(&mut first).ok()? < 40 {
        std::thread::yield_now();
    }
    if first.starts_with(b"GET /trade-api/ws/v2") {
        return websocket(stream, seen);
    }
    let (venue, mut out) = (Kalshi::default(), stream.try_clone().ok()?);
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let target = line.split(' ').nth(1)?.strip_prefix("/trade-api/v2")?.to_owned();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
        }
        seen.lock().unwrap().paths.push(target.clone());
        let body = venue.reply(&target)?.ok()?.body;
        write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()?;
    }
}

fn websocket(stream: TcpStream, seen: &Mutex<Seen>) -> Option<()> {
    #[allow(clippy::result_large_err, reason = "the library's own type")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let mut seen = seen.lock().unwrap();
        if is_good(header) {
            seen.signed += 1;
            return Ok(response);
        }
        seen.unsigned += 1;
        Err(tungstenite::http::Response::builder().status(401).body(None).unwrap())
    };
    let mut socket = tungstenite::accept_hdr(stream, check).ok()?;
    loop {
        let Message::Text(text) = socket.read().ok()? else { continue };
        let command: Value = serde_json::from_str(text.as_str()).unwrap();
        seen.lock().unwrap().commands.push(command.clone());
        if command["cmd"] == "subscribe" && command["params"]["channels"][0] == "orderbook_delta" {
            let ticker = &command["params"]["market_tickers"][0];
            let replies = [
                json!({"id": command["id"], "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}}),
                json!({"type": "orderbook_snapshot", "sid": 1, "seq": 1, "msg": {"market_ticker": ticker,
                    "yes_dollars_fp": [["0.3000", "10.00"]], "no_dollars_fp": [["0.6000", "4.00"]]}}),
                json!({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": {"market_ticker": ticker,
                    "price_dollars": "0.3100", "delta_fp": "2.00", "side": "yes", "ts_ms": 1_780_272_001_000_i64}}),
            ];
            for reply in replies {
                socket.send(Message::text(reply.to_string())).ok()?;
            }
        }
    }
}

/// The feed on the real network until a state is reached; fails after a minute.
#[expect(clippy::disallowed_methods, reason = "the real network runs in real time")]
fn run_until(feed: &mut Feed, net: &Net, state: &mut State, reached: impl Fn(&State) -> bool) {
    let (begin, mut seq) = (Instant::now(), state.seq);
    let start = UtcNanos::from_secs(super::stage::START_S).unwrap();
    while !reached(state) {
        let passed = i64::try_from(begin.elapsed().as_nanos()).unwrap();
        assert!(passed < 60_000_000_000, "not reached");
        let now = start.plus(passed);
        if let Ok(tell) = net.tells().recv_timeout(Duration::from_millis(20)) {
            assert!(feed.owns(&tell));
            feed.hear(tell, now, state);
        }
        // What was heard is appended before anything else.
        for look in [false, true] {
            if look {
                feed.look(now, state);
            }
            while let Some(said) = feed.next_said() {
                seq += 1;
                let seq = Seq::new(seq).unwrap();
                state.apply(&Envelope { seq, time: now, cause: None, cycle: None, event: said.event });
            }
        }
        feed.asks().into_iter().for_each(|ask| net.ask(ask));
    }
}

fn net(address: &str) -> Net {
    let hosts = Hosts {
        kalshi: format!("http://{address}/trade-api/v2"),
        kalshi_socket: format!("ws://{address}/trade-api/ws/v2"),
        ..Hosts::all_at("http://127.0.0.1:1")
    };
    Net::start(&hosts).unwrap()
}

fn feed(id: &str) -> Feed {
    let dir = tempfile::tempdir().unwrap();
    let key = ApiKey::load(id, &key_file(&dir, "pkcs1.pem", 0o600)).unwrap();
    Feed::new(Settings { wanted: wanted(), reads_per_second: 10, book_every_ms: 200, key: Some(Box::new(key)) })
}

#[test]
fn requests_and_a_signed_websocket() {
    let (address, seen) = start();
    let (net, mut feed, mut state) = (net(&address), feed("test-key"), State::new());
    let yes = MarketId(0).yes();
    run_until(&mut feed, &net, &mut state, |state| state.quotes.get(yes).bid == Price(310_000));
    let quote = state.quotes.get(yes);
    assert!(quote.is_two_sided() && quote.ask == Price(400_000), "{quote:?}");
    let seen = seen.lock().unwrap();
    assert_eq!((seen.signed, seen.unsigned), (1, 0));
    assert!(seen.commands.iter().any(|c| c["params"]["channels"][0] == "trade"));
    assert!(seen.paths.iter().any(|path| path.starts_with("/series/")));
}

#[test]
fn a_key_that_the_venue_does_not_know_leaves_books_that_are_read() {
    let (address, seen) = start();
    let (net, mut feed, mut state) = (net(&address), feed("another-key"), State::new());
    let refused = seen.clone();
    run_until(&mut feed, &net, &mut state, move |state| {
        refused.lock().unwrap().unsigned > 0 && state.quotes.get(MarketId(1).yes()).is_two_sided()
    });
    assert_eq!(state.quotes.get(MarketId(0).yes()).bid, Price(60_000));
    assert!(seen.lock().unwrap().commands.is_empty());
    assert!(!matches!(feed.next_said().map(|s| s.event), Some(Event::Market(MarketEvent::FeedGap { .. }))));
}
