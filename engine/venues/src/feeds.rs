//! What feeds of several venues have in common: one log, one numbering of markets, and one network.

use crate::polymarket::desk::Said;
use crate::wire::{Ask, Tell};
use projections::State;
use schemas::event::{FaultPolicy, MarketEvent, SystemEvent};
use schemas::{Bytes32, Event, MarketId, UtcNanos};
use std::collections::{BTreeMap, VecDeque};

/// A feed of a venue on which nothing is traded: a machine without sockets, told what the network heard and the time.
pub trait ReadOnlyFeed: Send {
    /// Follows the markets of a log that is gone on with.
    fn start(&mut self, state: &State);

    /// Whether this is for this feed to hear.
    fn owns(&self, tell: &Tell) -> bool;

    /// Takes what the network heard. Only here may it list markets: see [`next_market`].
    fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State);

    /// Lets time pass.
    fn look(&mut self, now: UtcNanos, state: &State);

    /// What is now to be asked of the network, in order.
    fn asks(&mut self) -> Vec<Ask>;

    /// The next event to be appended.
    fn next_said(&mut self) -> Option<Said>;
}

/// The number of the market that a feed lists next. Numbers count over all venues of a log, in the order in which markets
/// are listed, so the log itself says which is free: also after a restart, and also when somebody else lists too.
///
/// `said` is what this feed has said and nobody has appended yet. That other feeds have nothing unsaid rests on a rule
/// that everyone who drives feeds keeps: a feed lists markets only while it hears something, and what it said then is
/// appended before the next one hears anything. `None` when the log is full.
pub fn next_market(state: &State, said: &VecDeque<Said>) -> Option<MarketId> {
    let is_listing = |s: &&Said| matches!(s.event, Event::Market(MarketEvent::Listed(_)));
    let waiting = said.iter().filter(is_listing).count();
    u32::try_from(state.markets.len() + waiting).ok().map(MarketId)
}

/// The 32 bytes that stand in the log for a venue's own name of a thing, where that name is a text: BLAKE3 of the domain,
/// a zero byte, and the name. A domain holds no zero byte and is for one kind of thing at one venue, so that equal names
/// never meet.
pub(crate) fn id_of(domain: &str, name: &str) -> Bytes32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(domain.as_bytes()).update(&[0]).update(name.as_bytes());
    Bytes32(*hasher.finalize().as_bytes())
}

/// The same complaint is not made again for so long, s: what is asked every second may fail every second.
const COMPLAIN_EVERY_S: u64 = 300;
/// So much of a text that could not be read is kept.
const RAW_LEN_MAX: usize = 16 << 10;

/// What a feed says, in order.
#[derive(Debug)]
pub(crate) struct Voice {
    component: &'static str,
    said: VecDeque<Said>,
    silent_until: BTreeMap<String, UtcNanos>,
}

impl Voice {
    /// Of the part of the program that faults name.
    pub fn of(component: &'static str) -> Self {
        Self { component, said: VecDeque::new(), silent_until: BTreeMap::new() }
    }

    /// What nobody has appended yet.
    pub fn said(&self) -> &VecDeque<Said> {
        &self.said
    }

    /// The next event to be appended.
    pub fn next(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Says something about a market.
    pub fn say(&mut self, event: MarketEvent) {
        self.said.push_back(Said { cycle: None, event: Event::Market(event) });
    }

    /// A text could not be read. It is kept, and why.
    pub fn undecoded(&mut self, channel: &str, why: &str, raw: &str, now: UtcNanos) {
        if !self.may_complain(channel, now) {
            return;
        }
        let cut = (0..=raw.len().min(RAW_LEN_MAX)).rev().find(|i| raw.is_char_boundary(*i)).unwrap_or(0);
        let text = raw.get(..cut).unwrap_or_default().to_owned();
        let channel = format!("{} {channel}", self.component);
        self.note(SystemEvent::RawKept { channel: channel.clone(), text });
        self.fault(format!("{channel}: {why}"));
    }

    /// Something does not work as it should.
    pub fn complain(&mut self, channel: &str, text: &str, now: UtcNanos) {
        if self.may_complain(channel, now) {
            self.fault(format!("{} {channel}: {text}", self.component));
        }
    }

    fn may_complain(&mut self, channel: &str, now: UtcNanos) -> bool {
        self.silent_until.retain(|_, until| *until > now);
        if self.silent_until.contains_key(channel) {
            return false;
        }
        self.silent_until.insert(channel.to_owned(), now.plus_secs(COMPLAIN_EVERY_S));
        true
    }

    fn fault(&mut self, text: String) {
        self.note(SystemEvent::Fault { component: "feed".to_owned(), text, policy: FaultPolicy::Degraded });
    }

    fn note(&mut self, event: SystemEvent) {
        self.said.push_back(Said { cycle: None, event: Event::System(event) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_domain_and_name() {
        let id = id_of("kalshi market", "KXELONMARS-99");
        assert_eq!(id, id_of("kalshi market", "KXELONMARS-99"));
        assert_ne!(id, id_of("kalshi market", "KXELONMARS-98"));
        assert_ne!(id, id_of("kalshi yes", "KXELONMARS-99"));
    }
}
