//! The engine and its operators.

use super::super::variants::*;
use super::values::*;
use super::{each, nest, unnest};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Event;
use schemas::event::*;

fn say(event: impl Strategy<Value = SystemEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::System).boxed()
}

pub fn run_started() -> BoxedStrategy<Event> {
    let started = each!(RunStarted {
        version: text(),
        mode: select(MODES),
        config: text(),
        config_hash: hash(),
        seed: any::<u64>(),
        wallet: text(),
        feed: text(),
    });
    say(started.prop_map(|e| SystemEvent::RunStarted(Box::new(e))))
}

pub fn run_stopped() -> BoxedStrategy<Event> {
    let stopped = each!(RunStopped { reason: text(), complete: any::<bool>() });
    say(stopped.prop_map(|e| SystemEvent::RunStopped(Box::new(e))))
}

pub fn config_changed() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::ConfigChanged { config: text(), config_hash: hash() }))
}

pub fn operator_command() -> BoxedStrategy<Event> {
    let command = prop_oneof![
        select(KILL_LEVELS).prop_map(OperatorCommand::Kill),
        Just(OperatorCommand::CancelAll),
        text().prop_map(OperatorCommand::Note),
        market().prop_map(OperatorCommand::CancelMarket),
        each!(OperatorCommand::TestOrder { token: token(), price: price(), size: size(), expires: time() }),
        Just(OperatorCommand::Stop),
    ];
    say(each!(SystemEvent::OperatorCommand { who: text(), command: command }))
}

pub fn kill_switch() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::KillSwitch { level: select(KILL_LEVELS), source: select(KILL_SOURCES) }))
}

pub fn halted() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::Halted { reason: text() }))
}

pub fn resumed() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::Resumed { reason: text() }))
}

pub fn timer_fired() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::TimerFired { timer: select(TIMERS), due: time() }))
}

pub fn alert_raised() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::AlertRaised { severity: select(SEVERITIES), text: text() }))
}

pub fn alert_sent() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::AlertSent { channel: text(), alert: any::<u64>() }))
}

pub fn checkpoint() -> BoxedStrategy<Event> {
    let part = each!(StateHash { name: text(), hash: hash() });
    let checkpoint = each!(Checkpoint { upto: any::<u64>(), state_hash: hash(), parts: vec(part, 0..5) });
    say(checkpoint.prop_map(|e| SystemEvent::Checkpoint(Box::new(e))))
}

pub fn backup_made() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::BackupMade { target: text(), upto: any::<u64>() }))
}

pub fn raw_kept() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::RawKept { channel: text(), text: text() }))
}

pub fn fault() -> BoxedStrategy<Event> {
    say(each!(SystemEvent::Fault { component: text(), text: text(), policy: select(FAULT_POLICIES) }))
}
