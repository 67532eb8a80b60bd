//! What answers mean, each text and status of the protocol notes' tables.

use polymarket::wire::rest::{
    Answer, Attempt, Mode, Outcome, Reason, classify, classify_batch, classify_post, rate_limit, stale_heartbeat,
};
use schemas::Bytes32;

const ID: Bytes32 = Bytes32([0xab; 32]);

fn answer<'a>(status: u16, headers: &'a [(&'a str, &'a str)], body: &'a str) -> Answer<'a> {
    Answer { status, headers, body }
}

/// Status, text, and what it means; as documented.
const REFUSALS: [(u16, &str, Reason); 26] = [
    (400, "Invalid order payload", Reason::Payload),
    (400, "the order owner has to be the owner of the API KEY", Reason::OwnerNotKey),
    (400, "the order signer address has to be the address of the API KEY", Reason::SignerNotKey),
    (400, "maker address not allowed, please use the deposit wallet flow", Reason::DepositWalletNeeded),
    (400, "order_version_mismatch", Reason::OldVersion),
    (400, "invalid order version, please use the latest clob-client", Reason::OldVersion),
    (400, "'0xf39F' address banned", Reason::Banned),
    (400, "'0xf39F' address in closed only mode", Reason::ClosedOnly),
    (400, "invalid post-only order: order crosses book", Reason::PostOnlyCrosses),
    (400, "order 0xab is invalid. Price (0.555) breaks minimum tick size rule: 0.01", Reason::TickSize),
    (400, "order 0xab is invalid. Size (1) lower than the minimum: 5", Reason::MinimumSize),
    (400, "order 0xab crosses the book", Reason::Crosses),
    (400, "invalid amount for a marketable BUY order ($0.50), min size: 1", Reason::MarketableMinimum),
    (400, "not enough balance / allowance", Reason::Balance),
    (400, "invalid expiration", Reason::Expiration),
    (400, "order canceled in the CTF exchange contract", Reason::CanceledOnChain),
    (400, "the market is not yet ready to process new orders", Reason::MarketNotReady),
    (400, "order couldn't be fully filled. FOK orders are fully filled or killed.", Reason::FokUnfilled),
    (
        400,
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.",
        Reason::FakUnmatched,
    ),
    (400, "Too many orders in payload: 20, max allowed: 15", Reason::TooMany),
    (400, "Invalid orderID", Reason::InvalidOrderId),
    (401, "Unauthorized/Invalid api key", Reason::Unauthorized),
    (401, "Invalid L1 Request headers", Reason::Unauthorized),
    (403, "<html>blocked</html>", Reason::Other),
    (404, "No orderbook exists for the requested token id", Reason::NoOrderBook),
    (404, "market not found", Reason::MarketNotFound),
];

#[test]
fn refusals_are_definite_at_the_first_attempt_alone() {
    for (status, text, reason) in REFUSALS {
        let body = serde_json::json!({ "error": text }).to_string();
        for body in [body.as_str(), text] {
            let answer = answer(status, &[], body);
            let Outcome::Rejected(rejection) = classify_post(&answer, Attempt::First, &ID) else { panic!("{text}") };
            assert_eq!((rejection.status, rejection.reason), (status, reason), "{text}");
            assert!(rejection.text.starts_with(&text.escape_debug().to_string()[..5]), "{}", rejection.text);
            let again = classify_post(&answer, Attempt::Repeated, &ID);
            assert!(matches!(again, Outcome::RefusedAgain(_)), "the first attempt may have been taken: {again:?}");
        }
    }
}

#[test]
fn one_refusal_proves_the_order_is_there_and_one_is_none() {
    let duplicate = r#"{"error":"order 0xab is invalid. Duplicated."}"#;
    for attempt in [Attempt::First, Attempt::Repeated] {
        assert_eq!(classify_post(&answer(400, &[], duplicate), attempt, &ID), Outcome::Duplicate);
        let delayed = answer(400, &[], r#"{"error":"order match delayed due to market conditions"}"#);
        assert!(matches!(classify_post(&delayed, attempt, &ID), Outcome::Unknown(_)), "it may still match");
    }
}

#[test]
fn the_rest_is_unknown() {
    let post_only = r#"{"error":"post-only mode: only post-only orders and cancels are allowed","code":"post_only_mode","retry_after_seconds":79}"#;
    let cases = [
        (425, "", None, None),
        (429, r#"{"error":"Too Many Requests"}"#, None, None),
        (500, r#"{"error":"there are no matching orders"}"#, None, None),
        (500, r#"{"error":"the trade contains rounding issues"}"#, None, None),
        (
            503,
            r#"{"error":"Trading is currently disabled. Check polymarket.com for updates"}"#,
            Some(Mode::Disabled),
            None,
        ),
        (
            503,
            r#"{"error":"Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."}"#,
            Some(Mode::CancelOnly),
            None,
        ),
        (503, post_only, Some(Mode::PostOnly), Some(79)),
        (502, "<html>Bad gateway</html>", None, None),
        (409, "", None, None),
        (302, "", None, None),
        (100, "", None, None),
        (0, "", None, None),
    ];
    for (status, body, mode, retry_after_s) in cases {
        let Outcome::Unknown(why) = classify_post(&answer(status, &[], body), Attempt::First, &ID) else {
            panic!("{status}")
        };
        let mode = if status == 425 { Some(Mode::Restarting) } else { mode };
        assert_eq!((why.status, why.mode, why.retry_after_s), (status, mode, retry_after_s), "{status} {body}");
    }
    let header = classify_post(&answer(503, &[("retry-after", "30")], post_only), Attempt::First, &ID);
    assert!(matches!(header, Outcome::Unknown(why) if why.retry_after_s == Some(30)), "the header counts first");
}

#[test]
fn requests_over_the_limit_were_stopped_at_the_gate() {
    let headers = [
        ("Poly-RateLimit-Remaining", "-3"),
        ("poly-ratelimit-reset", "1795305600"),
        ("Poly-RateLimit-Tier", "standard"),
        ("Retry-After", "2"),
    ];
    let Outcome::Limited(limit) = classify_post(&answer(429, &headers, ""), Attempt::First, &ID) else { panic!() };
    assert_eq!((limit.remaining, limit.reset_s, limit.retry_after_s), (Some(-3), Some(1_795_305_600), Some(2)));
    assert_eq!(limit.tier.as_deref(), Some("standard"));
    let odd = rate_limit(&[("Poly-RateLimit-Remaining", "many"), ("Retry-After", "Tue, 24 Nov 2026 00:00:00 GMT")]);
    assert_eq!(odd, Default::default(), "what cannot be read is left out");
}

#[test]
fn answers_200() {
    let ok = |body: &str| classify_post(&answer(200, &[], body), Attempt::First, &ID);
    let id = format!("0x{ID}");
    let good = format!(r#"{{"success":true,"errorMsg":"","orderID":"{id}","status":"live"}}"#);
    assert!(matches!(ok(&good), Outcome::Done(leg) if leg.accepted() == Some(ID)));
    assert!(matches!(ok(r#"{"success":false,"errorMsg":"not enough balance / allowance","orderID":""}"#),
        Outcome::Rejected(r) if r.reason == Reason::Balance));
    assert!(matches!(ok(r#"{"success":true,"errorMsg":"not enough balance / allowance","orderID":""}"#),
        Outcome::Rejected(r) if r.reason == Reason::Balance));
    let other = good.replace("abab", "cdcd");
    let unknown = [
        "",
        "OK",
        "{}",
        "{}x",
        &good[..good.len() - 1],
        r#"{"success":true}"#,
        &other,
        &good.replace(r#""errorMsg":"""#, r#""errorMsg":"some trouble""#),
        &good.replace(r#""success":true"#, r#""success":false"#),
        r#"{"success":false,"errorMsg":"order match delayed due to market conditions","orderID":""}"#,
    ];
    for body in unknown {
        assert!(matches!(ok(body), Outcome::Unknown(_)), "{body}");
    }
    assert!(matches!(classify(&answer(204, &[], ""), Attempt::First), Outcome::Done(())));
}

#[test]
fn batches_leg_by_leg() {
    let ids = [ID, Bytes32([0xcd; 32])];
    let batch = |status, body: &str| classify_batch(&answer(status, &[], body), Attempt::First, &ids);
    let body = format!(
        r#"[{{"success":true,"errorMsg":"not enough balance / allowance","orderID":""}},
        {{"success":true,"errorMsg":"","orderID":"0x{}","status":"matched","makingAmount":"5.7","takingAmount":"10"}}]"#,
        ids[1]
    );
    let legs = batch(200, &body);
    assert!(matches!(&legs[0], Outcome::Rejected(r) if r.reason == Reason::Balance), "{legs:?}");
    assert!(matches!(&legs[1], Outcome::Done(leg) if leg.accepted() == Some(ids[1])), "{legs:?}");
    for (status, body) in
        [(200, "[]"), (200, "{}"), (200, ""), (500, ""), (400, r#"{"error":"order is invalid. Duplicated."}"#)]
    {
        let legs = batch(status, body);
        assert!(
            legs.len() == 2 && legs.iter().all(|leg| matches!(leg, Outcome::Unknown(_))),
            "{status} {body}: {legs:?}"
        );
    }
    let refused = batch(400, r#"{"error":"Too many orders in payload: 20, max allowed: 15"}"#);
    assert!(refused.iter().all(|leg| matches!(leg, Outcome::Rejected(_))));
}

#[test]
fn text_from_outside_is_cut_and_escaped() {
    let body = serde_json::json!({ "error": format!("\u{1b}[31m{}", "x".repeat(5_000)) }).to_string();
    let Outcome::Rejected(rejection) = classify(&answer(400, &[], &body), Attempt::First) else { panic!() };
    assert!(rejection.text.len() < 300 && !rejection.text.contains('\u{1b}'), "{}", rejection.text);
}

#[test]
fn a_heartbeat_that_is_stale() {
    let body = r#"{"error_msg":"Invalid Heartbeat ID","heartbeat_id":"x"}"#;
    assert_eq!(stale_heartbeat(body).as_deref(), Some("x"));
    assert_eq!(stale_heartbeat(r#"{"error_msg":"other","heartbeat_id":"x"}"#), None);
}
