//! The engine and its operators.

use console::words::word;
use schemas::event::{OperatorCommand, SystemEvent};

pub(super) fn describe(event: &SystemEvent) -> String {
    match event {
        SystemEvent::RunStarted(r) => format!(
            "{} run of version {}, feed {}, configuration {}",
            word(&r.mode),
            r.version,
            r.feed,
            r.config_hash.short(12)
        ),
        SystemEvent::RunStopped(s) => {
            format!("{}, the feed is {}", s.reason, if s.complete { "complete" } else { "not complete" })
        }
        SystemEvent::ConfigChanged { config_hash, .. } => format!("configuration is now {}", config_hash.short(12)),
        SystemEvent::OperatorCommand { who, command } => match command {
            OperatorCommand::Kill(level) => format!("{who}: kill switch to {}", word(level)),
            OperatorCommand::CancelAll => format!("{who}: cancel every order"),
            OperatorCommand::Note(text) => format!("{who}: {text}"),
            OperatorCommand::CancelMarket(market) => format!("{who}: cancel every order of market {market}"),
            OperatorCommand::TestOrder { token, price, size, .. } => {
                format!("{who}: test order, buy {size} of {token} at {price}")
            }
            OperatorCommand::Stop => format!("{who}: end the run, cancel every order"),
        },
        SystemEvent::KillSwitch { level, source } => format!("kill switch at {} ({})", word(level), word(source)),
        SystemEvent::Halted { reason } => format!("halted: {reason}"),
        SystemEvent::Resumed { reason } => format!("resumed: {reason}"),
        SystemEvent::TimerFired { timer, due } => format!("{} timer, due {due}", word(timer)),
        SystemEvent::AlertRaised { severity, text } => format!("{}: {text}", word(severity)),
        SystemEvent::AlertSent { channel, alert } => format!("alert {alert} sent by {channel}"),
        SystemEvent::Checkpoint(c) => format!("state up to {} is {}", c.upto, c.state_hash.short(16)),
        SystemEvent::BackupMade { target, upto } => format!("backup up to {upto} in {target}"),
        SystemEvent::RawKept { channel, text } => format!("{channel}: {text}"),
        SystemEvent::Fault { component, text, policy } => format!("{component} ({}): {text}", word(policy)),
    }
}
