//! What was heard of one token's book: what of it is news, and what is too old to be told.
//!
//! # Rules
//!
//! 1. Changes are told only behind a whole book that came since the socket was last opened. Before, they are kept.
//! 2. A change is absolute, so only the last one of each level counts: one that is older than the level's last, or than the
//!    whole book, is not told. One that is merely older than changes of other levels is told without the best prices that
//!    came with it, because those are old.
//! 3. Behind a whole book, the changes that are newer than it are told again: an answer to a request may be older than what
//!    the socket has said since. A whole book that is older than the last whole one is not used.

use schemas::event::Top;
use schemas::{Price, Side, Size, UtcNanos};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// More levels than a grid of ten-thousandths has are nonsense, and the book is asked for anew.
const LEVELS_MAX: usize = 20_000;
/// Distance of two requests for a book that did not come, s: doubles up to the last.
const AGAIN_FIRST_S: u64 = 2;
const AGAIN_LAST_S: u64 = 60;

/// What to do with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Tell it; the best prices that came with it are the newest.
    Newest,
    /// Tell it without them.
    Late,
    /// Nothing: it is too old, or it waits for the whole book.
    None,
}

/// The last change of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub side: Side,
    pub price: Price,
    pub size: Size,
    pub time: UtcNanos,
}

/// A level's place: its price, below nothing for asks. Every price change looks one up, and a number is compared at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(i64);

impl Place {
    fn of(side: Side, price: Price) -> Self {
        Self(if side == Side::Buy { price.0 } else { price.0.wrapping_neg() })
    }

    fn level(self) -> (Side, Price) {
        let side = if self.0 < 0 { Side::Sell } else { Side::Buy };
        (side, Price(self.0.wrapping_abs()))
    }
}

/// A token's book as far as it is under way.
#[derive(Debug, Default)]
pub(super) struct Track {
    whole: bool,
    whole_time: UtcNanos,
    newest: UtcNanos,
    levels: BTreeMap<Place, (UtcNanos, Size)>,
    best: Option<(UtcNanos, Top)>,
    /// When, by this machine's clock, the book was last known to be right.
    pub checked_at: UtcNanos,
    /// Since when it is in doubt.
    pub doubted_since: Option<UtcNanos>,
    /// Ask for it without waiting: something shows that a message was lost.
    pub suspect: bool,
    /// How often the fold has had to heal the book; more than this is a lost message.
    pub heals: u64,
    /// Its hash was wrong, and that was said.
    pub bad_hash: bool,
    asked: bool,
    ask_after: UtcNanos,
    failed: u32,
}

impl Track {
    /// Whether a whole book has come since the socket was opened or something was lost.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The source's time of the last whole book.
    pub fn whole_time(&self) -> UtcNanos {
        self.whole_time
    }

    /// The newest time of anything that was heard about its levels.
    pub fn newest(&self) -> UtcNanos {
        self.newest
    }

    /// Something may be missing: nothing is told before the next whole book.
    pub fn lose(&mut self) {
        self.whole = false;
        self.best = None;
    }

    /// A level's new size.
    pub fn change(&mut self, change: Change) -> News {
        let Change { side, price, size, time } = change;
        if time < self.whole_time {
            return News::None;
        }
        match self.levels.entry(Place::of(side, price)) {
            Entry::Occupied(last) if time < last.get().0 => return News::None,
            Entry::Occupied(mut last) => *last.get_mut() = (time, size),
            Entry::Vacant(none) => _ = none.insert((time, size)),
        }
        if self.levels.len() > LEVELS_MAX {
            self.levels.clear();
            self.lose();
        }
        let is_newest = time >= self.newest;
        self.newest = self.newest.max(time);
        match (self.whole, is_newest) {
            (false, _) => News::None,
            (true, true) => News::Newest,
            (true, false) => News::Late,
        }
    }

    /// The venue's own best prices.
    pub fn state_best(&mut self, time: UtcNanos, top: Top) {
        if time >= self.newest && self.best.is_none_or(|(at, _)| time >= at) {
            self.best = Some((time, top));
        }
    }

    /// Whether the venue's last word on its best prices, if nothing came after it, is what is held.
    pub fn best_agrees(&self, held: Top) -> bool {
        self.best.is_none_or(|(at, top)| at < self.newest || top == held)
    }

    /// Whether a whole book of this time is news.
    pub fn takes(&self, time: UtcNanos) -> bool {
        time >= self.whole_time
    }

    /// Changes that came with a later time than a whole book's.
    pub fn newer_than(&self, time: UtcNanos) -> impl Iterator<Item = Change> + '_ {
        let newer = self.levels.iter().filter(move |(_, (at, _))| *at > time);
        newer.map(|(place, (at, size))| {
            let (side, price) = place.level();
            Change { side, price, size: *size, time: *at }
        })
    }

    /// A whole book of this time is told, and behind it what is newer.
    pub fn replace(&mut self, time: UtcNanos, now: UtcNanos) {
        self.levels.retain(|_, (at, _)| *at > time);
        self.best = self.best.filter(|(at, _)| *at > time);
        (self.whole, self.whole_time) = (true, time);
        self.newest = self.newest.max(time);
        self.right(now);
    }

    /// The book is known to be right.
    pub fn right(&mut self, now: UtcNanos) {
        (self.checked_at, self.suspect, self.doubted_since) = (now, false, None);
        (self.failed, self.ask_after) = (0, UtcNanos::ZERO);
    }

    /// Whether it may be asked for now.
    pub fn may_ask(&self, now: UtcNanos) -> bool {
        !self.asked && now >= self.ask_after
    }

    /// It is asked for, or that was answered, or it will not be.
    pub fn set_asked(&mut self, asked: bool) {
        self.asked = asked;
    }

    /// The answer was of no use: the next request waits, longer each time.
    pub fn put_off(&mut self, now: UtcNanos) {
        let pause = (AGAIN_FIRST_S << self.failed.min(8)).min(AGAIN_LAST_S);
        self.failed = self.failed.saturating_add(1);
        self.ask_after = now.plus_secs(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> UtcNanos {
        UtcNanos(1_700_000_000_000_000_000 + ms * 1_000_000)
    }

    fn bid(price: i64, size: i64, ms: i64) -> Change {
        Change { side: Side::Buy, price: Price(price * 10_000), size: Size(size), time: at(ms) }
    }

    #[test]
    fn changes_wait_for_the_whole_book_and_are_told_behind_it() {
        let mut track = Track::default();
        assert_eq!(track.change(bid(50, 1, 20)), News::None);
        assert_eq!(track.change(bid(51, 2, 5)), News::None);
        track.replace(at(10), at(1_000));
        let behind: Vec<Change> = track.newer_than(at(10)).collect();
        assert_eq!(behind, [bid(50, 1, 20)], "what the whole book already has is not told again");
        assert_eq!(track.change(bid(50, 3, 21)), News::Newest);
    }

    #[test]
    fn an_old_change_of_a_level_is_none_and_a_late_one_of_another_level_is_told() {
        let mut track = Track::default();
        track.replace(at(10), at(1_000));
        assert_eq!(track.change(bid(50, 1, 30)), News::Newest);
        assert_eq!(track.change(bid(50, 9, 20)), News::None, "the level has had a later word");
        assert_eq!(track.change(bid(49, 9, 20)), News::Late, "its best prices are old, the level is news");
        assert_eq!(track.change(bid(48, 9, 9)), News::None, "the whole book is newer");
        assert_eq!(track.change(bid(50, 1, 30)), News::Newest, "the same again changes nothing");
    }

    #[test]
    fn an_older_whole_book_is_not_taken() {
        let mut track = Track::default();
        track.replace(at(10), at(1_000));
        assert!(!track.takes(at(9)) && track.takes(at(10)));
        track.lose();
        assert!(!track.takes(at(9)), "also after a loss: it would bring back what is gone");
    }

    #[test]
    fn requests_that_bring_nothing_come_at_growing_distance() {
        let (mut track, mut now, mut asked) = (Track::default(), at(0), Vec::new());
        for _ in 0..8 {
            while !track.may_ask(now) {
                now = now.plus_secs(1);
            }
            asked.push((now.0 - at(0).0) / 1_000_000_000);
            track.set_asked(true);
            assert!(!track.may_ask(now), "one at a time");
            track.set_asked(false);
            track.put_off(now);
        }
        assert_eq!(asked, [0, 2, 6, 14, 30, 62, 122, 182]);
    }
}
