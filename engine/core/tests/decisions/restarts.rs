//! A process may end after any event of its log: what starts again goes on exactly as if nothing had happened.

use super::floor::Floor;
use super::properties::{Input, config, inputs, opened, take};
use proptest::prelude::*;
use schemas::event::SystemEvent;
use schemas::{Envelope, Event};

/// How many inputs of the story a log has taken, after the listings.
fn taken(log: &[Envelope]) -> usize {
    let input =
        |e: &&Envelope| matches!(e.event, Event::Market(_) | Event::System(SystemEvent::OperatorCommand { .. }));
    log.iter().filter(input).count().saturating_sub(super::properties::MARKETS as usize)
}

fn finish(mut f: Floor, inputs: &[Input], times: &[schemas::UtcNanos]) -> Vec<Envelope> {
    let from = taken(&f.log);
    for (input, time) in inputs.iter().zip(times).skip(from) {
        // The feed says when; the clock of the process does not.
        match input {
            Input::Market(_, event) => f.feed(*time, event.clone()),
            Input::Operator(_) => take(&mut f, input),
        }
    }
    f.log
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_continuation_is_identical(config in config(), inputs in inputs(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 4)) {
        let mut straight = opened(&config);
        let begin = straight.mark();
        let mut times = Vec::new();
        for input in &inputs {
            // When each input came, as a feed would say it again.
            let due = match input {
                Input::Market(ms, _) => straight.now().plus_millis(*ms as u64),
                Input::Operator(_) => straight.now(),
            };
            times.push(due);
            take(&mut straight, input);
        }
        for cut in cuts {
            let cut = begin + cut.index(straight.log.len() - begin + 1).min(straight.log.len() - begin);
            let restarted = Floor::restart(&straight.log[..cut]);
            let log = finish(restarted, &inputs, &times);
            prop_assert_eq!(log.len(), straight.log.len(), "cut at {}", cut);
            for (a, b) in log.iter().zip(&straight.log) {
                prop_assert_eq!(a, b, "cut at {}", cut);
            }
        }
    }
}
