//! The engine and its operators.

use super::super::variants::{FAULT_POLICIES, KILL_LEVELS, KILL_SOURCES, MODES, SEVERITIES};
use super::{at, hash};
use schemas::event::*;
use schemas::{Event, MarketId, Price, Size};

fn runs() -> Vec<SystemEvent> {
    let mut events = Vec::new();
    for mode in MODES {
        events.push(SystemEvent::RunStarted(Box::new(RunStarted {
            version: "0.1.0".to_owned(),
            mode: *mode,
            config: r#"{"limits":{"daily_loss":"50"}}"#.to_owned(),
            config_hash: hash(0x31),
            seed: 0x0102_0304_0506_0708,
            wallet: "0x2222222222222222222222222222222222222222".to_owned(),
            feed: "polymarket".to_owned(),
        })));
    }
    for complete in [false, true] {
        events.push(SystemEvent::RunStopped(Box::new(RunStopped { reason: "end of feed".to_owned(), complete })));
    }
    events.push(SystemEvent::ConfigChanged { config: r#"{"limits":{}}"#.to_owned(), config_hash: hash(0x51) });
    events
}

fn control() -> Vec<SystemEvent> {
    let mut commands: Vec<_> = KILL_LEVELS.iter().map(|level| OperatorCommand::Kill(*level)).collect();
    commands.push(OperatorCommand::CancelAll);
    commands.push(OperatorCommand::Note("venue maintenance at noon".to_owned()));
    commands.push(OperatorCommand::CancelMarket(MarketId(9)));
    let (token, price, size) = (MarketId(9).no(), Price(10_000), Size(5_000_000));
    commands.push(OperatorCommand::TestOrder { token, price, size, expires: at(7) });
    commands.push(OperatorCommand::Stop);
    let mut events: Vec<_> = commands
        .into_iter()
        .map(|command| SystemEvent::OperatorCommand { who: "ada@desk-3".to_owned(), command })
        .collect();
    for (i, source) in KILL_SOURCES.iter().enumerate() {
        events.push(SystemEvent::KillSwitch { level: KILL_LEVELS[i % KILL_LEVELS.len()], source: *source });
    }
    events.push(SystemEvent::Halted { reason: "free space below limit".to_owned() });
    events.push(SystemEvent::Resumed { reason: "space was freed".to_owned() });
    events.push(SystemEvent::TimerFired { timer: TimerKind::Core, due: at(5) });
    events.push(SystemEvent::TimerFired { timer: TimerKind::Exchange, due: at(6) });
    events
}

fn records() -> Vec<SystemEvent> {
    let parts = ["books", "orders"].iter().zip([0x71, 0x91]);
    let mut events: Vec<_> = SEVERITIES
        .iter()
        .map(|severity| SystemEvent::AlertRaised {
            severity: *severity,
            text: "drawdown at 80 % of its limit".to_owned(),
        })
        .collect();
    events.push(SystemEvent::AlertSent { channel: "webhook".to_owned(), alert: 44 });
    events.push(SystemEvent::Checkpoint(Box::new(Checkpoint {
        upto: 45,
        state_hash: hash(0x61),
        parts: parts.map(|(name, first)| StateHash { name: (*name).to_owned(), hash: hash(first) }).collect(),
    })));
    events.push(SystemEvent::BackupMade { target: "s3://bucket/arena".to_owned(), upto: 46 });
    for policy in FAULT_POLICIES {
        events.push(SystemEvent::Fault {
            component: "log".to_owned(),
            text: "sled did not open".to_owned(),
            policy: *policy,
        });
    }
    events.push(SystemEvent::RawKept { channel: "user".to_owned(), text: "[{\"event_type\":\"order\"}]".to_owned() });
    events
}

/// Fourteen kinds.
pub fn samples() -> Vec<Event> {
    [runs(), control(), records()].into_iter().flatten().map(Event::System).collect()
}
