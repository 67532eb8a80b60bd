//! Short-term memory against a list of everything that was ever worth remembering.

use super::dice::Dice;
use super::stream::Stream;
use projections::memory::{Memory, MemoryEntry, MemoryKind};
use projections::settings::FoldSettings;
use proptest::prelude::*;
use schemas::event::{AgentEvent, MarketEvent, Mode, OrderEvent, RunStarted, SystemEvent};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Event, MarketId, UtcNanos};

fn run(config: &str) -> Event {
    Event::System(SystemEvent::RunStarted(Box::new(RunStarted {
        version: String::new(),
        mode: Mode::Paper,
        config: config.to_owned(),
        config_hash: Bytes32::ZERO,
        seed: 0,
        wallet: String::new(),
        feed: String::new(),
    })))
}

fn kind_of(event: &Event) -> Option<MemoryKind> {
    match event {
        Event::Agent(AgentEvent::RiskVerdict(_)) => Some(MemoryKind::Decision),
        Event::Agent(AgentEvent::Reflection(_)) => Some(MemoryKind::Reflection),
        Event::Agent(AgentEvent::LessonLearned(_)) => Some(MemoryKind::Lesson),
        Event::Order(OrderEvent::FillBooked(_)) => Some(MemoryKind::Trade),
        Event::Order(OrderEvent::PositionSettled(_)) => Some(MemoryKind::Outcome),
        Event::Market(MarketEvent::Resolved { .. }) => Some(MemoryKind::Outcome),
        _ => None,
    }
}

proptest! {
    #[test]
    fn window_and_lifetime(rolls in prop::collection::vec(any::<u64>(), 0..150), window in 1..9u32, minutes in 1..5u32) {
        let mut s = Stream::new();
        s.tell(run(&format!(r#"{{"memory":{{"short_term_window":{window},"short_term_ttl_minutes":{minutes}}}}}"#)));
        let mut all: Vec<(i64, MemoryKind, Option<MarketId>)> = Vec::new();
        for roll in rolls {
            let mut dice = Dice::new(roll, false);
            s.wait(dice.below(40) as i64 * NANOS_PER_SEC);
            let event = dice.event();
            if matches!(event, Event::System(_)) {
                continue;
            }
            let again = matches!(&event, Event::Order(OrderEvent::FillBooked(f)) if s.state.orders.knows_fill(f));
            s.tell(event.clone());
            if again {
                continue;
            }
            if let Some(kind) = kind_of(&event) {
                all.push((s.time, kind, event.market()));
            }
            let last = &all[all.len().saturating_sub(window as usize)..];
            let ttl = i64::from(minutes) * 60 * NANOS_PER_SEC;
            let expected: Vec<_> = last.iter().filter(|e| s.time - e.0 <= ttl).copied().collect();
            let recalled: Vec<_> = s.state.memory.recall(UtcNanos(s.time), &s.state.settings)
                .map(|e| (e.time.0, e.kind, e.market))
                .collect();
            prop_assert_eq!(recalled, expected);
        }
    }
}

#[test]
fn importance_halves_twice_in_a_lifetime() {
    let settings = FoldSettings::default();
    let entry = MemoryEntry {
        time: UtcNanos(0),
        kind: MemoryKind::Trade,
        market: None,
        importance_ppm: 800_000,
        text: String::new(),
    };
    let after = |minutes: i64| Memory::weight_ppm(&entry, UtcNanos(minutes * 60 * NANOS_PER_SEC), &settings);
    assert_eq!([after(0), after(29), after(30), after(60), after(-5)], [800_000, 800_000, 400_000, 200_000, 800_000]);
    assert_eq!(after(1_000_000), 0);
}

#[test]
fn the_longest_lifetime_is_no_overflow() {
    let mut s = Stream::new();
    s.tell(run(&format!(r#"{{"memory":{{"short_term_window":3,"short_term_ttl_minutes":{}}}}}"#, u32::MAX)));
    s.tell(Event::Market(MarketEvent::Resolved { market: MarketId(0), resolution: schemas::event::Resolution::Yes }));
    let entries: Vec<_> = s.state.memory.recall(UtcNanos(i64::MAX), &s.state.settings).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(Memory::weight_ppm(entries[0], UtcNanos(i64::MAX), &s.state.settings), 500_000);
}

#[test]
fn a_configuration_that_cannot_be_read_leaves_the_old_settings() {
    let mut s = Stream::new();
    s.tell(run(r#"{"memory":{"short_term_window":3}}"#));
    let before = s.state.settings;
    assert_eq!(before.memory.short_term_window, 3);
    s.tell(Event::System(SystemEvent::ConfigChanged { config: "{".to_owned(), config_hash: Bytes32::ZERO }));
    assert_eq!(s.state.settings, before);
}
