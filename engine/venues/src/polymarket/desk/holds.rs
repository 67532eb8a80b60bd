//! Why nothing new is risked at the venue: one or several reasons at a time. Trading goes on when none is left.
//!
//! # The venue's own times
//!
//! It restarts weekly (425, about 90 s) and then takes only post-only orders; it can be in cancel-only mode, or disabled; an
//! account can be closed-only or banned. Any answer that says so holds back new entries for as long as it says, or for the
//! time below. What is on its way is looked for and sent again as always, and the first order that is answered otherwise
//! ends the hold; without one, it ends by itself and the next entry finds out. So no more than one entry is refused for each
//! such time, whatever the engine wants.

use super::Desk;
use polymarket::wire::rest::{Mode, Reason};
use schemas::event::SystemEvent;
use schemas::{OrderId, UtcNanos};
use std::collections::BTreeSet;

/// The venue never closes for longer without another word, s.
const VENUE_MAX_S: u64 = 3_600;

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// The venue does not know the API key.
    Key,
    /// The venue's word and the log are not compared yet.
    Reconciling,
    /// Orders carry the time.
    Clock,
    /// The venue may have cancelled everything.
    Heartbeat,
    /// The venue does not do all it does.
    Venue(Closed),
}

/// What of the venue is closed to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closed {
    Restarting,
    PostOnly,
    CancelOnly,
    Disabled,
    ReduceOnly,
    Banned,
}

impl Closed {
    pub(super) fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Restarting => Self::Restarting,
            Mode::PostOnly => Self::PostOnly,
            Mode::CancelOnly => Self::CancelOnly,
            Mode::Disabled => Self::Disabled,
        }
    }

    pub(super) fn of_refusal(reason: Reason) -> Option<Self> {
        match reason {
            Reason::ClosedOnly => Some(Self::ReduceOnly),
            Reason::Banned => Some(Self::Banned),
            _ => None,
        }
    }

    /// How long it is taken to last if the venue does not say, s.
    fn usual_s(self) -> u64 {
        match self {
            Self::Restarting => 90,
            Self::PostOnly => 120,
            Self::CancelOnly | Self::Disabled => 60,
            Self::ReduceOnly => 600,
            Self::Banned => VENUE_MAX_S,
        }
    }
}

impl Hold {
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Key => {
                "the venue refuses the API key (401), so it was deleted or replaced: stop and start again, and another is \
                 asked for"
            }
            Self::Reconciling => "reconciling with the venue",
            Self::Clock => "the clock is more than 5 s off the venue's",
            Self::Heartbeat => "the venue has not confirmed a heartbeat for 10 s",
            Self::Venue(Closed::Restarting) => "the venue's matching engine restarts",
            Self::Venue(Closed::PostOnly) => "the venue takes post-only orders alone",
            Self::Venue(Closed::CancelOnly) => "the venue takes cancels alone",
            Self::Venue(Closed::Disabled) => "the venue has disabled trading",
            Self::Venue(Closed::ReduceOnly) => "the venue lets this account close positions alone",
            Self::Venue(Closed::Banned) => "the venue has banned this account",
        }
    }
}

/// The reasons that hold.
#[derive(Debug, Default)]
pub(super) struct Holds {
    all: BTreeSet<Hold>,
    venue_until: UtcNanos,
}

impl Holds {
    pub(super) fn has(&self, hold: Hold) -> bool {
        self.all.contains(&hold)
    }

    /// Every reason.
    fn why(&self) -> String {
        self.all.iter().map(|hold| hold.why()).collect::<Vec<_>>().join("; ")
    }

    fn venue(&self) -> Option<Closed> {
        self.all.iter().find_map(|hold| if let Hold::Venue(closed) = hold { Some(*closed) } else { None })
    }
}

impl Desk {
    /// Nothing new is risked for this reason.
    pub(super) fn hold(&mut self, hold: Hold) {
        if self.standing.holds.all.insert(hold) {
            self.note(SystemEvent::Halted { reason: self.standing.holds.why() });
        }
    }

    /// The reason is gone.
    pub(super) fn release(&mut self, hold: Hold, why: &str) {
        if self.standing.holds.all.remove(&hold) {
            let event = match self.standing.holds.all.is_empty() {
                false => SystemEvent::Halted { reason: self.standing.holds.why() },
                true => SystemEvent::Resumed { reason: why.to_owned() },
            };
            self.note(event);
        }
    }

    /// The venue says that it does not do all it does, and perhaps for how long.
    pub(super) fn venue_closed(&mut self, closed: Closed, seconds: Option<u64>) {
        let seconds = seconds.unwrap_or(closed.usual_s()).clamp(1, VENUE_MAX_S);
        self.standing.holds.venue_until = self.now.plus_secs(seconds);
        if let Some(other) = self.standing.holds.venue().filter(|other| *other != closed) {
            self.standing.holds.all.remove(&Hold::Venue(other));
        }
        self.hold(Hold::Venue(closed));
    }

    /// The venue took an order.
    pub(super) fn venue_open(&mut self) {
        if let Some(closed) = self.standing.holds.venue() {
            self.release(Hold::Venue(closed), "the venue takes orders again");
        }
    }

    pub(super) fn look_after_holds(&mut self) {
        let over = self.standing.holds.venue().filter(|_| self.now >= self.standing.holds.venue_until);
        if let Some(closed) = over {
            self.release(Hold::Venue(closed), "the venue may take orders again");
        }
    }

    /// Why an order is not sent that was never sent before: it would be refused.
    pub(super) fn held_back(&self, id: OrderId) -> Option<&'static str> {
        let order = self.orders.get(&id)?;
        let closed = self.standing.holds.venue()?;
        let is_taken = closed == Closed::PostOnly && order.post_only;
        (order.is_entry && !is_taken).then_some(Hold::Venue(closed).why())
    }
}
