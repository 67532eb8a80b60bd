//! `replay check`.

use crate::mini::{self, Mini, log, nth, scripted};
use crate::{ask, ask_json, word};
use console::exit::Code;
use schemas::event::{
    AccountEvent, AgentEvent, KillLevel, MarketEvent, MoveKind, OperatorCommand, OrderEvent, SystemEvent,
};
use schemas::{Cash, Event, EventKind, Price, Record, Size};
use serde_json::Value;

/// Checks records in which the one at `seq` was changed.
fn altered(records: &[Record], seq: u64, change: impl FnOnce(&mut Record)) -> (Code, Value) {
    let mut records = records.to_vec();
    change(&mut records[seq as usize - 1]);
    let dir = log(&records, &[]);
    let verified = ask(&["verify", word(dir.path())]);
    assert_eq!(verified.0, Code::Ok, "its chain is that of an honest log: {}", verified.1);
    ask_json(&["check", word(dir.path())])
}

#[test]
fn an_honest_log_adds_up() {
    let (dir, records) = scripted();
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["divergences"], &json["first"]), (Code::Ok, &0.into(), &Value::Null), "{json}");
    assert_eq!(json["events"], records.len());
    assert_eq!(json["checkpoints"], 3);
    assert_eq!(json["owed"], 0);
    let count = |f: fn(&Record) -> bool| records.iter().filter(|r| f(r)).count();
    assert_eq!(json["decisions"], count(|r| matches!(r.event, Event::Agent(_)) || r.event.is_intent()));
    assert_eq!(
        json["exchange_reports"],
        count(|r| matches!(r.event, Event::Order(_) | Event::Account(_)) && !r.event.is_intent())
    );
    for kind in [EventKind::OrderIntended, EventKind::FillBooked, EventKind::PositionSettled, EventKind::Reflection] {
        assert!(nth(&records, kind, 0) > 0, "the script makes everything happen");
    }
}

#[test]
fn lost_answers_and_failed_trades_add_up_too() {
    let mut config = mini::config();
    config.paper.lose_every_nth_answer = 2;
    config.paper.fail_every_nth_trade = 2;
    let records = mini::script(&config).records;
    for kind in [EventKind::OrderUnknown, EventKind::ResendIntended, EventKind::FillVoided] {
        assert!(nth(&records, kind, 0) > 0);
    }
    let dir = log(&records, &[]);
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["divergences"]), (Code::Ok, &0.into()), "{json}");
}

#[test]
fn cash_that_a_person_says_moved_is_an_input_and_no_report_of_the_exchange() {
    let mut mini = Mini::start(&mini::config());
    let moved = |amount| {
        let (amount, kind) = (Cash(amount), MoveKind::Other);
        Event::Account(AccountEvent::CashMoved { amount, kind, who: "ada".to_owned(), note: "by hand".to_owned() })
    };
    mini.tell(moved(5_000_000));
    mini.tell(moved(-2_500_000));
    mini.stop();
    let dir = log(&mini.records, &[]);
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["divergences"], &json["exchange_reports"]), (Code::Ok, &0.into(), &1.into()), "{json}");
    let (_, said, _) = ask(&["show", "--kind", "cash_moved", word(dir.path())]);
    assert!(said.contains("$5 came in without a trade (other), says ada: by hand"), "{said}");
    assert!(said.contains("$2.5 went out"), "{said}");
    let (_, at) = ask_json(&["at", "end", word(dir.path())]);
    assert_eq!((&at["pnl"]["moved"], &at["pnl"]["equity"]), (&"2.5".into(), &at["pnl"]["equity_start"]), "{at}");
}

#[test]
fn a_changed_decision_is_found_where_it_is() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::RiskVerdict, 0);
    let (code, json) = altered(&records, seq, |r| {
        let Event::Agent(AgentEvent::RiskVerdict(v)) = &mut r.event else { panic!() };
        v.size = Size(v.size.0 + 10_000);
    });
    assert_eq!(
        (code, &json["first"]["seq"], &json["first"]["what"]),
        (Code::Integrity, &seq.into(), &"decision".into())
    );
    assert!(json["first"]["found"].as_str().unwrap().starts_with("Agent(RiskVerdict"), "{json}");
    assert_eq!(json["divergences"], 1);
}

#[test]
fn changed_bytes_of_an_order_are_found() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::OrderIntended, 1);
    let (_, json) = altered(&records, seq, |r| {
        let Event::Order(OrderEvent::Intended(i)) = &mut r.event else { panic!() };
        i.signed[7] ^= 1;
    });
    assert_eq!(json["first"]["seq"], seq);
}

#[test]
fn a_changed_fill_is_found_where_it_is() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::FillBooked, 0);
    let (code, json) = altered(&records, seq, |r| {
        let Event::Order(OrderEvent::FillBooked(f)) = &mut r.event else { panic!() };
        f.price = Price(f.price.0 - 5_000);
    });
    let first = &json["first"];
    assert_eq!(
        (code, &first["seq"], &first["what"]),
        (Code::Integrity, &seq.into(), &"exchange_report".into()),
        "{json}"
    );
}

#[test]
fn a_removed_report_is_found_where_it_was() {
    let (_, mut records) = scripted();
    let seq = nth(&records, EventKind::FillConfirmed, 0);
    records.remove(seq as usize - 1);
    // Later events refer to earlier ones by number, so only what is before the first such reference can be held.
    let dir = log(&records[..seq as usize], &[]);
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["first"]["seq"]), (Code::Integrity, &seq.into()), "{json}");
}

#[test]
fn a_changed_checkpoint_names_the_part() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::Checkpoint, 1);
    let (code, json) = altered(&records, seq, |r| {
        let Event::System(SystemEvent::Checkpoint(c)) = &mut r.event else { panic!() };
        let part = c.parts.iter_mut().find(|p| p.name == "orders").unwrap();
        part.hash.0[0] ^= 1;
    });
    assert_eq!(
        (code, &json["first"]["seq"], &json["first"]["what"]),
        (Code::Integrity, &seq.into(), &"checkpoint".into())
    );
    assert!(json["first"]["expected"].as_str().unwrap().starts_with("orders "), "{json}");
    let (_, json) = altered(&records, seq, |r| {
        let Event::System(SystemEvent::Checkpoint(c)) = &mut r.event else { panic!() };
        c.state_hash.0[31] ^= 1;
    });
    assert!(json["first"]["expected"].as_str().unwrap().starts_with("state "), "{json}");
    let (_, json) = altered(&records, seq, |r| {
        let Event::System(SystemEvent::Checkpoint(c)) = &mut r.event else { panic!() };
        c.upto -= 1;
    });
    assert_eq!(json["first"]["seq"], seq);
}

#[test]
fn a_changed_tick_shows_where_it_first_matters() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::Quote, 4);
    let (code, json) = altered(&records, seq, |r| {
        let Event::Market(MarketEvent::Quote(q)) = &mut r.event else { panic!() };
        q.top.ask = Price(q.top.ask.0 + 5_000);
    });
    assert_eq!(code, Code::Integrity);
    let first = json["first"]["seq"].as_u64().unwrap();
    assert!(first > seq && first <= nth(&records, EventKind::Checkpoint, 1), "{json}");
}

#[test]
fn a_changed_time_is_found_where_it_is() {
    let (_, records) = scripted();
    let proposal = nth(&records, EventKind::ProposalMade, 0);
    let (_, json) = altered(&records, proposal, |r| r.time = r.time.plus(1));
    assert_eq!((&json["first"]["seq"], &json["first"]["what"]), (&proposal.into(), &"time".into()), "{json}");
    let tick = nth(&records, EventKind::Quote, 9);
    let (_, json) = altered(&records, tick, |r| r.time = r.time.plus(-86_400_000_000_000));
    assert_eq!((&json["first"]["seq"], &json["first"]["what"]), (&tick.into(), &"time".into()), "{json}");
}

#[test]
fn decisions_are_owed_only_if_the_run_did_not_stop() {
    let (_, mut records) = scripted();
    let stop = records.pop().unwrap();
    let cut = nth(&records, EventKind::RiskVerdict, 0) as usize;
    records.truncate(cut);
    let crashed = log(&records, &[]);
    let (code, json) = ask_json(&["check", word(crashed.path())]);
    assert_eq!((code, &json["divergences"], &json["owed"]), (Code::Ok, &0.into(), &1.into()), "{json}");
    let mut mini = mini::Mini::start(&mini::config());
    let kill = OperatorCommand::Kill(KillLevel::Flatten);
    mini.tell(Event::System(SystemEvent::OperatorCommand { who: "anna".to_owned(), command: kill }));
    mini.stop();
    let honest = log(&mini.records, &[]);
    assert_eq!(ask(&["check", word(honest.path())]).0, Code::Ok);
    // The stop comes where the kill switch should.
    let command = nth(&mini.records, EventKind::OperatorCommand, 0) as usize;
    mini.records.truncate(command);
    mini.records.push(Record { time: mini.records[command - 1].time, ..stop });
    let dir = log(&mini.records, &[]);
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["first"]["seq"]), (Code::Integrity, &(command as u64 + 1).into()), "{json}");
}

#[test]
fn people_see_where_the_two_differ() {
    let (_, mut records) = scripted();
    let seq = nth(&records, EventKind::FillBooked, 0);
    let Event::Order(OrderEvent::FillBooked(f)) = &mut records[seq as usize - 1].event else { panic!() };
    f.fee.0 += 1;
    let dir = log(&records, &[]);
    let (code, page, _) = ask(&["check", "--log", word(dir.path())]);
    assert_eq!(code, Code::Integrity);
    assert!(page.contains(&format!("exchange_report {seq}: the log diverges here")), "{page}");
}
