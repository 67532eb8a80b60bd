//! Why something came about, and what became of it: the chain from a market's tick to profit or loss, as a tree.

mod chain;
mod decision;
mod find;
mod gather;
mod life;
mod moment;
mod node;
mod result;

pub use find::{cycle_of, no_such};
pub use node::{Node, Section, Story, Tone};

use crate::events;
use console::exit::Failure;
use eventlog::LogReader;
use find::Target;
use schemas::{CycleId, OrderId};
use std::str::FromStr;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One of our orders.
    Order(OrderId),
    /// A decision cycle.
    Cycle(CycleId),
    /// An event.
    Seq(u64),
    /// An order if there is one of this number, else an event.
    Number(u64),
}

/// A text names nothing that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names nothing to ask about: write order:N, cycle:N, seq:N or a number")]
pub struct NoSubject(String);

impl FromStr for Subject {
    type Err = NoSubject;

    fn from_str(text: &str) -> Result<Self, NoSubject> {
        let wrong = || NoSubject(text.to_owned());
        let (kind, number) = text.split_once(':').unwrap_or(("", text));
        let small = || number.parse::<u32>().map_err(|_| wrong());
        match kind {
            "order" => Ok(Self::Order(OrderId(small()?))),
            "cycle" => Ok(Self::Cycle(CycleId(small()?))),
            "seq" => Ok(Self::Seq(number.parse().map_err(|_| wrong())?)),
            "" => Ok(Self::Number(number.parse().map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    }
}

/// Tells the story of a subject.
pub fn tell(reader: &LogReader, subject: Subject) -> Result<Story, Failure> {
    match subject {
        Subject::Order(order) => {
            let target = find::order(reader, order)?.ok_or_else(|| no_such("order", order.0))?;
            of_target(reader, target, None)
        }
        Subject::Cycle(cycle) => {
            let target = find::cycle(reader, cycle)?.ok_or_else(|| no_such("cycle", cycle.0))?;
            of_target(reader, target, None)
        }
        Subject::Seq(seq) => of_event(reader, seq),
        Subject::Number(n) => match u32::try_from(n).map_or(Ok(None), |n| find::order(reader, OrderId(n)))? {
            Some(target) => of_target(reader, target, None),
            None => of_event(reader, n),
        },
    }
}

/// An event's story is that of its order or cycle, with the event marked; else the chain of its causes and effects.
fn of_event(reader: &LogReader, seq: u64) -> Result<Story, Failure> {
    let envelope = events::one(reader, seq)?;
    let target = match (envelope.event.order(), envelope.cycle) {
        (Some(order), _) => find::order(reader, order)?,
        (None, Some(cycle)) => find::cycle(reader, cycle)?,
        (None, None) => None,
    };
    match target {
        Some(target) => of_target(reader, target, Some(seq)),
        None => chain::story(reader, &envelope),
    }
}

fn of_target(reader: &LogReader, target: Target, mark: Option<u64>) -> Result<Story, Failure> {
    let gathered = gather::gather(reader, target)?;
    let index = &gathered.index;
    let name = index.market_name(target.market);
    let subject = match (gathered.order, target.cycle) {
        (Some(order), _) => format!("order:{order}"),
        (None, Some(cycle)) => format!("cycle:{cycle}"),
        (None, None) => format!("market:{}", target.market),
    };
    let mut story = Story::new(subject, name, gathered.mode);
    story.add("market", "the market", decision::market(&gathered, target.market));
    story.add("led_to_it", "what led to it", decision::led_to_it(reader, &gathered)?);
    if let Some(begin) = gathered.begins() {
        story.add("moment", "what was known then", moment::nodes(reader, begin.seq.get() - 1, target.market)?);
    }
    story.add("decision", "the decision", decision::stages(&gathered));
    story.add("order", "the order", life::of_order(&gathered.life, index));
    story.add("later", "what came after", life::later(&gathered));
    story.add("result", "the result", result::nodes(reader, &gathered, target.market)?);
    if let Some(seq) = mark {
        story.mark(seq);
    }
    Ok(story)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read() {
        assert_eq!("order:7".parse(), Ok(Subject::Order(OrderId(7))));
        assert_eq!("cycle:7".parse(), Ok(Subject::Cycle(CycleId(7))));
        assert_eq!("seq:7".parse(), Ok(Subject::Seq(7)));
        assert_eq!("7".parse(), Ok(Subject::Number(7)));
        for bad in ["", "order:", "order:x", "trade:7", "-1", "7:order"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
