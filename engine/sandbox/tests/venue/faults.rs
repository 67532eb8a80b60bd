//! Requests and answers that are lost, late or wrong.

use crate::bot::*;
use sandbox::{Answer, Faults, Loss, Rate, Settings, Venue};

fn with(faults: Faults) -> Venue {
    venue_with(Settings { welcome: dollars(1_000), ..Settings::default() }, faults)
}

fn open(bot: &Bot, venue: &mut Venue) -> u64 {
    bot.ask(venue, "GET", "/data/orders", b"").1["count"].as_u64().unwrap()
}

/// Posts one order and says what came back and how many are open then.
fn posted(faults: Faults) -> (Answer, u64, Venue, Bot) {
    let mut venue = with(faults);
    let mut bot = Bot::new(&mut venue, 1);
    let body = bot.body(&venue, buy(40, 10));
    let request = bot.request(&venue, "POST", "/order", "", &body);
    let now = venue.now();
    let answer = venue.handle(&request, now);
    let count = open(&bot, &mut venue);
    (answer, count, venue, bot)
}

#[test]
fn an_answer_is_lost_but_the_order_stands() {
    let (answer, open, ..) = posted(Faults { lost_answer: Rate::ALWAYS, ..Faults::default() });
    assert_eq!((answer, open), (Answer::Never(Loss::Answer), 1));
}

#[test]
fn a_request_is_lost_and_nothing_stands() {
    let (answer, open, ..) = posted(Faults { lost_request: Rate::ALWAYS, ..Faults::default() });
    assert_eq!((answer, open), (Answer::Never(Loss::Request), 0));
}

#[test]
fn a_request_arrives_when_nobody_waits_any_more() {
    let (answer, count, mut venue, bot) = posted(Faults { late_request: Rate::ALWAYS, ..Faults::default() });
    assert_eq!((answer, count), (Answer::Never(Loss::Late { arrives: at_s(3) }), 0));
    assert_eq!(venue.next_due(), Some(at_s(3)));
    venue.due(at_s(3));
    assert_eq!(open(&bot, &mut venue), 1);
}

#[test]
fn errors_that_did_and_that_did_not() {
    let (answer, open, ..) = posted(Faults { error_after: Rate::ALWAYS, ..Faults::default() });
    assert_eq!((answer.response().unwrap().status, open), (500, 1));
    let (answer, open, ..) = posted(Faults { error_before: Rate::ALWAYS, ..Faults::default() });
    assert_eq!((answer.response().unwrap().status, open), (500, 0));
    let (answer, open, ..) = posted(Faults { too_many: Rate::ALWAYS, ..Faults::default() });
    let response = answer.response().unwrap();
    assert_eq!((response.status, response.headers.is_empty(), open), (429, true, 0));
    let (answer, open, ..) = posted(Faults { slow_answer: Rate::ALWAYS, ..Faults::default() });
    assert!(matches!(answer, Answer::Later { at, .. } if at == START.plus_millis(1_500)) && open == 1);
}

#[test]
fn the_same_bytes_again_make_no_second_order() {
    let mut venue = with(Faults { lost_answer: Rate::Every { every: 2 }, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(40, 10));
    let body = bot.body(&venue, buy(41, 10));
    let request = bot.request(&venue, "POST", "/order", "", &body);
    let now = venue.now();
    assert_eq!(venue.handle(&request, now), Answer::Never(Loss::Answer));
    let (status, text) = answered(&venue.handle(&request, now));
    assert!(status == 400 && text["error"].as_str().unwrap().ends_with("is invalid. Duplicated."), "{text}");
    assert_eq!(open(&bot, &mut venue), 2);
}

#[test]
fn a_refused_order_may_be_sent_again() {
    let mut venue = with(Faults::default());
    let mut bot = Bot::new(&mut venue, 1);
    let body = bot.body(&venue, buy(40, 5_000));
    let (status, text) = bot.ask(&mut venue, "POST", "/order", &body);
    assert_eq!((status, &text["error"]), (400, &"not enough balance / allowance".into()));
    venue.fund(bot.wallet(), dollars(5_000));
    assert_eq!(bot.ask(&mut venue, "POST", "/order", &body).0, 200);
}

#[test]
fn the_hashes_of_a_match_may_come_late() {
    let mut venue = with(Faults { late_hash: Rate::ALWAYS, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    let (_, answer) = bot.post(&mut venue, buy(52, 10));
    assert_eq!((&answer["status"], &answer["transactionsHashes"]), (&"matched".into(), &serde_json::json!([])));
}

#[test]
fn windows_come_by_themselves() {
    let mut venue = with(Faults { restart_every_s: 600, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(40, 10));
    venue.due(at_s(600));
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).0, 425);
    venue.due(at_s(690));
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).0, 503);
    venue.due(at_s(810));
    bot.place(&mut venue, buy(40, 10));
}

/// What becomes of a signed request.
fn asked(venue: &mut Venue, bot: &Bot, method: &str, path: &str, body: &[u8]) -> Answer {
    let request = bot.request(venue, method, path, "", body);
    let now = venue.now();
    venue.handle(&request, now)
}

#[test]
fn reads_are_lost_broken_or_late() {
    let reads = ["/data/orders", "/data/trades", "/time", "/gamma-api/markets/keyset", "/data-api/v2/trades"];
    let all = |faults: Faults| {
        let mut venue = with(faults);
        let mut bot = Bot::new(&mut venue, 1);
        bot.place(&mut venue, buy(40, 10));
        let mut answers: Vec<Answer> = reads.iter().map(|path| asked(&mut venue, &bot, "GET", path, b"")).collect();
        answers.push(asked(&mut venue, &bot, "POST", "/books", b"[]"));
        answers
    };
    let lost = all(Faults { read_lost: Rate::ALWAYS, ..Faults::default() });
    assert!(lost.iter().all(|a| *a == Answer::Never(Loss::Request)), "{lost:?}");
    let broken = all(Faults { read_error: Rate::ALWAYS, ..Faults::default() });
    assert!(broken.iter().all(|a| matches!(a, Answer::Now(r) if matches!(r.status, 500 | 503))), "{broken:?}");
    let late = all(Faults { read_slow: Rate::ALWAYS, ..Faults::default() });
    assert!(late.iter().all(|a| matches!(a, Answer::Later { at, .. } if *at == START.plus_millis(1_500))), "{late:?}");
}

#[test]
fn heartbeats_are_lost_unanswered_or_broken() {
    let beat = |faults: Faults| {
        let mut venue = with(faults);
        let mut bot = Bot::new(&mut venue, 1);
        bot.place(&mut venue, buy(40, 10));
        let answer = asked(&mut venue, &bot, "POST", "/v1/heartbeats", b"{\"heartbeat_id\":\"\"}");
        venue.due(at_s(60));
        (answer, open(&bot, &mut venue))
    };
    let lost = beat(Faults { heartbeat_lost: Rate::ALWAYS, ..Faults::default() });
    assert_eq!(lost, (Answer::Never(Loss::Request), 1), "no switch was armed");
    let unanswered = beat(Faults { heartbeat_unanswered: Rate::ALWAYS, ..Faults::default() });
    assert_eq!(unanswered, (Answer::Never(Loss::Answer), 0), "it was armed, and nobody went on");
    let (broken, left) = beat(Faults { heartbeat_error: Rate::ALWAYS, ..Faults::default() });
    assert!(matches!(broken.response().map(|r| r.status), Some(500 | 503)) && left == 1);
    let (slow, _) = beat(Faults { heartbeat_slow: Rate::ALWAYS, ..Faults::default() });
    assert!(matches!(slow, Answer::Later { .. }));
}

#[test]
fn keys_are_made_whatever_is_wrong_with_reads() {
    let mut venue = with(Faults { read_lost: Rate::ALWAYS, read_error: Rate::ALWAYS, ..Faults::default() });
    let bot = Bot::new(&mut venue, 1);
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/api-keys", b"").0, 200);
}
