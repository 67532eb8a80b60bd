//! Where orders go: the simulated exchange, which is folded from the log like everything else, or a venue.

use exchange::{Divergence, Exchange};
use projections::State;
use schemas::event::OrderIntended;
use schemas::{CycleId, Envelope, Event, Seq, UtcNanos};
use venues::wire::{Ask, Tell};

/// Something that is now to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The event it answers.
    pub cause: Option<Seq>,
    /// The cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// What.
    pub event: Event,
}

/// A real venue, as the engine sees it. It is told of events only once they are durable, and what it hears from outside
/// is appended before anything is made of it.
pub trait Venue: Send {
    /// Puts the signature into an order that is about to be logged. What could not be signed stays as it is: it is logged,
    /// never sent, and reported as refused.
    fn sign(&mut self, intent: &mut OrderIntended, state: &State);

    /// Begins to listen and to reconcile.
    fn start(&mut self, now: UtcNanos, state: &State);

    /// Knows an order again from before the process last ended; `open` if it was not over then.
    fn remember(&mut self, intent: &OrderIntended, open: bool);

    /// Takes a durable event. An intent is carried out now.
    fn carry_out(&mut self, envelope: &Envelope, state: &State);

    /// Takes what the network heard.
    fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State);

    /// Lets time pass.
    fn look(&mut self, now: UtcNanos, state: &State);

    /// The next thing to be appended, in order.
    fn next_heard(&mut self) -> Option<Heard>;

    /// What is now to be asked of the network.
    fn asks(&mut self) -> Vec<Ask>;
}

/// Where the orders of a run go.
pub(crate) enum Port {
    /// To the simulated exchange.
    Paper(Box<Exchange>),
    /// To a venue.
    Venue(Box<dyn Venue>),
    /// To nobody: a command adds to the log of a live run while no engine runs on it. What is ordered then is not sent, and
    /// the next run says so.
    Nowhere,
}

impl Port {
    /// Fits an event for the log, before it is hashed by anybody.
    pub(crate) fn sign(&mut self, event: &mut Event, state: &State) {
        if let (Self::Venue(venue), Event::Order(schemas::event::OrderEvent::Intended(intent))) = (self, event) {
            venue.sign(intent, state);
        }
    }

    /// The venue, if it is one.
    pub(crate) fn venue(&mut self) -> Option<&mut dyn Venue> {
        match self {
            Self::Paper(_) | Self::Nowhere => None,
            Self::Venue(venue) => Some(venue.as_mut()),
        }
    }

    /// Takes an event that is in the log; an intent is durable.
    pub(crate) fn take(&mut self, envelope: &Envelope, state: &State) -> Result<(), Divergence> {
        match self {
            Self::Paper(exchange) => exchange.apply(envelope, state.into()),
            Self::Venue(venue) => {
                venue.carry_out(envelope, state);
                Ok(())
            }
            Self::Nowhere => Ok(()),
        }
    }

    /// When the simulated exchange next needs to be woken. A venue wakes by itself.
    pub(crate) fn next_due(&self) -> Option<UtcNanos> {
        match self {
            Self::Paper(exchange) => exchange.next_due(),
            Self::Venue(_) | Self::Nowhere => None,
        }
    }

    /// What is to be appended next.
    pub(crate) fn next_heard(&mut self, now: UtcNanos) -> Option<Heard> {
        match self {
            // It stays there until the log has it: appending it is what delivers it.
            Self::Paper(exchange) => exchange.report_due(now).cloned().map(|report| Heard {
                cause: report.cause,
                cycle: report.cycle,
                event: report.event,
            }),
            Self::Venue(venue) => venue.next_heard(),
            Self::Nowhere => None,
        }
    }

    /// The simulated exchange, for a snapshot.
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Paper(exchange) => Some(exchange),
            Self::Venue(_) | Self::Nowhere => None,
        }
    }
}
