//! When markets are told to have ended.
//!
//! The recording of Polymarket US says how its markets ended, not when. What it does say is when the recorder last saw
//! each market, and that is the nearest honest moment: the first poll that would have missed it.
//!
//! - Normally that is one poll, [`POLL`], after it was last seen.
//! - A market last seen within [`SILENCE`] before an outage of the recorder may as well have ended during the outage:
//!   it ends when the feed is back, not before. The same goes for one last seen while no row was written.
//! - A market last seen within [`SILENCE`] of the end of the recording, or after it, or whose last sighting is not
//!   known, ends one poll after the last row.
//!
//! Markets that end at the same moment do so in the order of the table.

use super::tables::Markets;
use schemas::event::Resolution;
use schemas::time::NANOS_PER_SEC;
use schemas::{MarketId, UtcNanos};
use std::collections::{BTreeMap, VecDeque};

/// Nanoseconds from one poll of the recorder to the next, as its README measured it.
pub(super) const POLL: i64 = 122 * NANOS_PER_SEC;
/// Nanoseconds without any row after which the recorder counts as down.
pub(super) const SILENCE: i64 = 15 * 60 * NANOS_PER_SEC;

/// Where a recording is silent, and where it ends: found by reading its times once in advance.
#[derive(Default)]
pub(super) struct Span {
    last: Option<UtcNanos>,
    /// Last row before and first row after each outage.
    outages: Vec<(UtcNanos, UtcNanos)>,
}

impl Span {
    pub fn row(&mut self, stamp: UtcNanos) {
        let time = self.last.map_or(stamp, |last| last.max(stamp));
        if let Some(last) = self.last.filter(|last| time.since(*last) > SILENCE) {
            self.outages.push((last, time));
        }
        self.last = Some(time);
    }
}

/// A market's end, and the moment it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub time: UtcNanos,
    pub market: MarketId,
    pub yes: bool,
}

/// All ends, in the order they are told.
pub(super) fn schedule(markets: &Markets, labels: &BTreeMap<MarketId, Resolution>, span: &Span) -> VecDeque<End> {
    let Some(last_row) = span.last else { return VecDeque::new() };
    let moment = |last_seen: Option<UtcNanos>| match last_seen {
        Some(seen) if last_row.since(seen) > SILENCE => {
            let outage = span.outages.iter().rev().find(|(from, to)| from.since(seen) <= SILENCE && seen < *to);
            outage.map_or(seen.plus(POLL), |(_, to)| *to)
        }
        _ => last_row.plus(POLL),
    };
    let end = |(market, resolution): (&MarketId, &Resolution)| End {
        time: moment(markets.list.get(market.index()).and_then(|m| m.last_seen)),
        market: *market,
        yes: *resolution == Resolution::Yes,
    };
    let mut ends: Vec<End> = labels.iter().map(end).collect();
    ends.sort();
    ends.into()
}
