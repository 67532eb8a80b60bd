//! The ticks that make up nearly all of a log stay small in memory.

#[test]
fn an_event_is_small() {
    assert!(size_of::<schemas::Event>() <= 80, "{}", size_of::<schemas::Event>());
    assert!(size_of::<schemas::Envelope>() <= 112, "{}", size_of::<schemas::Envelope>());
}
