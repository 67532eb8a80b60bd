//! `arena run --live` reads a peer that speaks Kalshi's REST interface, beside the sandbox where it trades.

use super::command::{fixture, replay};
use super::live::{count, trade};
use super::local_venue::{ADDRESS, Sandbox, recording};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// The recorded market of Kalshi, with a book that would tempt anyone who could trade there: it moves with every look.
fn serve(stream: TcpStream, looks: &mut i64) -> Option<()> {
    let event = std::fs::read_to_string(fixture("kalshi-api/event_single_response.json")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let market = &event["response"]["markets"][0];
    let mut out = stream.try_clone().ok()?;
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
        *looks += 1;
        let body = match target.split('?').next()? {
            "/markets" => json!({"markets": [market], "cursor": ""}),
            "/markets/trades" => json!({"trades": [], "cursor": ""}),
            "/exchange/status" => json!({"exchange_active": true, "trading_active": true}),
            "/series/KXELONMARS" => json!({"series": {"ticker": "KXELONMARS", "category": "sports",
                "fee_type": "quadratic", "fee_multiplier": 0}}),
            "/markets/KXELONMARS-99/orderbook" => {
                let price = |cents: i64| format!("0.{cents:02}00");
                json!({"orderbook_fp": {"yes_dollars": [[price(30 + *looks % 20), "90000.00"]],
                    "no_dollars": [[price(48), "10.00"]]}})
            }
            _ => return None,
        }
        .to_string();
        write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()?;
    }
}

fn kalshi() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the process of the test.
    std::thread::spawn(move || {
        let mut looks = 0;
        for stream in listener.incoming().flatten() {
            let mut seen = looks;
            looks += 1_000;
            std::thread::spawn(move || serve(stream, &mut seen));
        }
    });
    format!("http://{address}/trade-api/v2")
}

#[test]
fn what_is_read_elsewhere_is_in_the_log_and_never_traded() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "10000"]);
    let purse = sandbox.trader();
    let config = std::fs::read_to_string(purse.path("arena.toml")).unwrap();
    let section = format!("\n[kalshi]\nenabled = true\nurl = \"{}\"\ntickers = [\"KXELONMARS-99\"]\n", kalshi());
    purse.private("arena.toml", &(config + &section));
    trade(&purse, 40, &["--confirm", ADDRESS]).expect_code(0);
    let log = purse.path("data/live").display().to_string();
    let shown = |kind: &str| -> Vec<Value> {
        let text = replay(&format!("show {log} --kind {kind} --json")).expect_code(0).stdout;
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let listed = shown("market_listed");
    let there: Vec<&Value> = listed.iter().filter(|e| e["data"]["venue"] == "kalshi").collect();
    assert_eq!((there.len(), there[0]["data"]["slug"].as_str()), (1, Some("KXELONMARS-99")), "{listed:?}");
    let market = &there[0]["market"];
    let here = |kind: &str| shown(kind).iter().filter(|e| e["market"] == *market).count();
    assert!(here("book_snapshot") > 10, "its book moves all the time");
    // Orders went out, and none of them there; not even a thought was spent on it.
    assert!(!shown("order_intended").is_empty(), "it traded where it may");
    assert_eq!((here("order_intended"), here("cycle_started")), (0, 0));
    assert_eq!(count(&log, "fault"), 0, "{}", replay(&format!("show {log} --kind fault")).stdout);
    replay(&format!("check {log}")).expect_code(0);
    replay(&format!("verify {log} --deep")).expect_code(0);
}
