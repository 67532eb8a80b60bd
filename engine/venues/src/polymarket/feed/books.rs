//! Books, trades and grids, as events; and books that are asked for, because nothing that is heard proves that nothing was
//! lost.

use super::track::{Change, News, Track};
use super::{Feed, Purpose};
use crate::wire::{Answer, Host};
use polymarket::token::to_decimal;
use polymarket::wire::market::{BestBidAsk, Book, LastTrade, Level as WireLevel, PriceChanges};
use polymarket::wire::rest;
use projections::State;
use schemas::event::{BookDelta, BookSnapshot, FeedScope, Level, MarketChange, MarketEvent, Top, Trade};
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use schemas::{Bytes32, MarketId, Outcome, Price, Side, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// A book that is in doubt for longer is asked for anew.
const DOUBT_NANOS: i64 = NANOS_PER_SEC;
/// A market whose books are not known for longer is told to be stale.
const STALE_NANOS: i64 = 10 * NANOS_PER_SEC;
/// Every book is compared with the venue's after so long, s; on a socket that says nothing sooner.
const CHECK_S: i64 = 120;
pub(super) const QUIET_S: i64 = 15;
/// Books in one request, and requests at once.
const BATCH_LEN: usize = 50;
const BATCHES_MAX: usize = 4;
/// Distance of two looks at the books.
const LOOK_NANOS: i64 = 200 * NANOS_PER_MS;

impl Feed {
    pub(super) fn track(&mut self, token: TokenId) -> Option<&mut Track> {
        let followed = self.followed.get_mut(&token.market())?;
        Some(&mut followed.tracks[usize::from(token.outcome() == Outcome::No)])
    }

    /// A whole book from a socket.
    pub(super) fn book_said(&mut self, book: &Book<'_>, state: &State) {
        let Some(token) = self.tokens.get(&book.token).copied() else { return };
        if self.hash_is_right(token, book) {
            self.take_book(token, book, state);
        }
    }

    /// A book that is not the one its hash was made of is not used, and makes the book doubtful. Said once, until it is right
    /// again. Books without all the fields that are hashed cannot be checked.
    fn hash_is_right(&mut self, token: TokenId, book: &Book<'_>) -> bool {
        let right = book.hash_matches() != Some(false);
        let Some(track) = self.track(token) else { return right };
        let (said, whole) = (std::mem::replace(&mut track.bad_hash, !right), track.is_whole());
        if !right && whole {
            self.lose(&[token.market()]);
        }
        if !right && !said {
            self.undecoded("book", "its levels do not have the hash that it carries", book.raw);
        }
        right
    }

    /// Tells a whole book, and behind it the changes that came with later times.
    fn take_book(&mut self, token: TokenId, book: &Book<'_>, state: &State) {
        let now = self.now;
        let Some(track) = self.track(token) else { return };
        if !track.takes(book.time) {
            return;
        }
        let newer: Vec<Change> = track.newer_than(book.time).collect();
        track.replace(book.time, now);
        self.terms_said(token.market(), book, state);
        let levels = |list: &[WireLevel]| list.iter().map(|l| Level { price: l.price, size: l.size }).collect();
        let (bids, asks) = (levels(&book.bids), levels(&book.asks));
        self.say(MarketEvent::BookSnapshot(Box::new(BookSnapshot { token, bids, asks, source_time: book.time })));
        for change in newer {
            self.change_said(token, change, None);
        }
    }

    fn change_said(&mut self, token: TokenId, change: Change, stated: Option<Top>) {
        let Change { side, price, size, time } = change;
        self.say(MarketEvent::BookDelta(BookDelta { token, side, price, size, stated, source_time: time }));
    }

    pub(super) fn changes_said(&mut self, changes: &PriceChanges<'_>) {
        let mut rest = changes.changes.iter();
        while let Some(told) = rest.next() {
            let Some(token) = self.tokens.get(&told.token).copied() else { continue };
            let change = Change { side: told.side, price: told.price, size: told.size, time: changes.time };
            // The best prices are those behind the whole message: the last change of each token has them. It is near: a
            // message is of one market.
            let is_last = || !rest.as_slice().iter().any(|later| later.token == told.token);
            let stated = top(told.best_bid, told.best_ask).filter(|_| is_last());
            match self.track(token).map(|track| track.change(change)) {
                Some(News::Newest) => self.change_said(token, change, stated),
                Some(News::Late) => self.change_said(token, change, None),
                Some(News::None) | None => {}
            }
        }
    }

    pub(super) fn best_said(&mut self, best: &BestBidAsk) {
        let Some(token) = self.tokens.get(&best.token).copied() else { return };
        if let (Some(stated), Some(track)) = (top(best.best_bid, best.best_ask), self.track(token)) {
            track.state_best(best.time, stated);
        }
    }

    /// A trade. It has no id, so one that is told twice cannot be told from two.
    pub(super) fn trade_said(&mut self, trade: &LastTrade<'_>) {
        let Some(token) = self.tokens.get(&trade.token).copied() else { return };
        let (aggressor, price, size, source_time) = (trade.side, trade.price, trade.size, trade.time);
        self.say(MarketEvent::Trade(Trade { token, aggressor, price, size, source_time }));
    }

    /// A new grid: what rests off it is gone, so both books must come whole. It is told once, though both tokens tell it.
    pub(super) fn tick_said(&mut self, condition: &Bytes32, tick: Price, time: UtcNanos) {
        let Some(market) = self.markets.get(condition).copied() else { return };
        let Some(followed) = self.followed.get_mut(&market) else { return };
        if time < followed.tick_time || tick == followed.tick {
            return;
        }
        (followed.tick, followed.tick_time) = (tick, time);
        for track in &mut followed.tracks {
            // A book that is newer than the grid is already on it.
            if track.whole_time() < time {
                track.lose();
            }
        }
        self.say(MarketEvent::Changed { market, change: MarketChange::Tick(tick) });
    }

    /// Books state the grid and the smallest order too: a change that no message told is seen here.
    fn terms_said(&mut self, market: MarketId, book: &Book<'_>, state: &State) {
        let Some(followed) = self.followed.get_mut(&market) else { return };
        if let Some(tick) = book.tick_size.filter(|t| *t != followed.tick && book.time > followed.tick_time) {
            (followed.tick, followed.tick_time) = (tick, book.time);
            followed.tracks.iter_mut().filter(|t| t.whole_time() < book.time).for_each(Track::lose);
            self.say(MarketEvent::Changed { market, change: MarketChange::Tick(tick) });
        }
        let known = state.markets.get(market);
        if let (Some(min), Some(known)) = (book.min_order_size, known)
            && min != known.min_size
        {
            self.say(MarketEvent::Changed { market, change: MarketChange::MinSize(min) });
        }
    }

    /// Books that stay in doubt are asked for, and all others from time to time.
    pub(super) fn look_after_books(&mut self, state: &State) {
        let now = self.now;
        if now < self.next_books {
            return;
        }
        self.next_books = now.plus(LOOK_NANOS);
        let (mut wanted, mut due, mut gaps, mut marks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (market, followed) in &mut self.followed {
            let socket = self.sockets.get(followed.socket);
            let open = socket.is_some_and(|s| s.is_open());
            let every = if socket.is_some_and(|s| s.is_quiet(now)) { QUIET_S } else { CHECK_S };
            let (mut all_sure, mut doubted) = (true, UtcNanos(i64::MAX));
            for (track, token) in followed.tracks.iter_mut().zip([market.yes(), market.no()]) {
                let book = state.books.get(token);
                let known = book.is_some_and(|b| b.agrees && !b.is_crossed());
                let agrees = book.is_some_and(|b| track.best_agrees(b.top()));
                if let Some(healed) = book.map(|b| b.heals).filter(|h| *h != track.heals) {
                    (track.heals, track.suspect) = (healed, true);
                }
                if known && agrees && open && track.is_whole() {
                    track.doubted_since = None;
                    if track.suspect || now.since(track.checked_at) >= every * NANOS_PER_SEC {
                        due.push((track.checked_at, token));
                    }
                    continue;
                }
                let since = *track.doubted_since.get_or_insert(now);
                (all_sure, doubted) = (false, doubted.min(since));
                if open && now.since(since) >= DOUBT_NANOS {
                    wanted.push((since, token));
                    if known && !agrees {
                        gaps.push(*market);
                    }
                }
            }
            let is_live = state.quotes.is_live(*market);
            if all_sure && !is_live {
                marks.push(MarketEvent::FeedRestored { scope: FeedScope::Market(*market) });
            } else if !all_sure && is_live && now.since(doubted) >= STALE_NANOS {
                marks.push(MarketEvent::FeedStale { scope: FeedScope::Market(*market) });
            }
        }
        gaps.dedup();
        self.lose(&gaps);
        marks.into_iter().for_each(|mark| self.say(mark));
        // Those in doubt first, the longest in doubt first; then those that were looked at longest ago.
        wanted.sort_unstable();
        due.sort_unstable();
        let wanted: Vec<TokenId> = wanted.into_iter().chain(due).map(|(_, token)| token).collect();
        self.ask_books(&wanted);
    }

    fn ask_books(&mut self, wanted: &[TokenId]) {
        let now = self.now;
        let in_flight = self.calls.values().filter(|(p, _)| matches!(p, Purpose::Books { .. })).count();
        let room = BATCHES_MAX.saturating_sub(in_flight) * BATCH_LEN;
        let mut free = Vec::new();
        for token in wanted {
            if free.len() < room
                && let Some(track) = self.track(*token).filter(|t| t.may_ask(now))
            {
                track.set_asked(true);
                free.push(*token);
            }
        }
        for batch in free.chunks(BATCH_LEN) {
            let id = |t: &TokenId| self.listed.get(&t.market()).map(|ids| ids[usize::from(t.outcome() == Outcome::No)]);
            let ids = batch.iter().filter_map(id);
            let body: Vec<String> = ids.map(|id| format!("{{\"token_id\":\"{}\"}}", to_decimal(&id))).collect();
            let body = format!("[{}]", body.join(",")).into_bytes();
            self.ask_with(Purpose::Books { tokens: batch.to_vec() }, Host::Clob, "/books".to_owned(), body);
        }
    }

    pub(super) fn books_answered(&mut self, tokens: &[TokenId], answer: Option<Answer>, state: &State) {
        let now = self.now;
        let mut missing: Vec<TokenId> = tokens.to_vec();
        let books = answer.as_ref().map(|a| (rest::books(&a.body), &a.body));
        match books {
            Some((Ok(books), _)) => {
                for book in books {
                    match book {
                        Ok(book) => {
                            let token = self.tokens.get(&book.token).copied().filter(|t| missing.contains(t));
                            if let Some(token) = token
                                && self.book_answered(token, &book, state)
                            {
                                missing.retain(|t| *t != token);
                            }
                        }
                        Err(bad) => self.undecoded("book", &bad.error.to_string(), bad.raw),
                    }
                }
            }
            Some((Err(e), body)) => self.undecoded("books", &e.to_string(), body),
            None => {}
        }
        for token in tokens {
            let is_missing = missing.contains(token);
            if let Some(track) = self.track(*token) {
                track.set_asked(false);
                if is_missing {
                    track.put_off(now);
                }
            }
        }
    }

    /// A book that was asked for; whether it was of use. One that is as it is held is not told again. If its socket says
    /// nothing, it is told that the feed is there: its prices are now known to be those of now.
    fn book_answered(&mut self, token: TokenId, book: &Book<'_>, state: &State) -> bool {
        let now = self.now;
        let Some(followed) = self.followed.get(&token.market()) else { return true };
        let (at, tick) = (followed.socket, followed.tick);
        let Some((open, quiet)) = self.sockets.get(at).map(|s| (s.is_open(), s.is_quiet(now))) else { return true };
        if !open {
            // What is told now could not be kept right.
            return true;
        }
        if !self.hash_is_right(token, book) {
            return false;
        }
        let sure = state.books.get(token).is_some_and(|b| b.agrees && !b.is_crossed());
        let Some(track) = self.track(token) else { return true };
        let (sure, takes, newest) = (sure && track.is_whole(), track.takes(book.time), track.newest());
        if !takes {
            return sure;
        }
        let min = state.markets.get(token.market()).map(|m| m.min_size);
        let same_terms =
            book.tick_size.is_none_or(|t| t == tick) && (book.min_order_size.is_none() || book.min_order_size == min);
        let same = sure && same_terms && is_held(track, book, token, state);
        if same {
            track.right(now);
            if quiet && token.outcome() == Outcome::Yes {
                self.say(MarketEvent::FeedRestored { scope: FeedScope::Market(token.market()) });
            }
            return true;
        }
        if sure && book.time <= newest {
            // What came later was heard, so something before it was lost.
            self.lose(&[token.market()]);
        } else if sure && let Some(socket) = self.sockets.get_mut(at).filter(|_| quiet) {
            // The venue's book moved on: on its way, or not said.
            socket.suspect(now);
        }
        self.take_book(token, book, state);
        true
    }
}

/// Whether a book, with what was heard since, is what is held.
fn is_held(track: &Track, book: &Book<'_>, token: TokenId, state: &State) -> bool {
    let Some(held) = state.books.get(token) else { return false };
    let side = |side: Side, levels: &[WireLevel]| {
        let mut all: BTreeMap<Price, _> = levels.iter().map(|l| (l.price, l.size)).collect();
        for change in track.newer_than(book.time).filter(|c| c.side == side) {
            match change.size.0 {
                0 => all.remove(&change.price),
                _ => all.insert(change.price, change.size),
            };
        }
        held.levels(side).map(|l| (l.price, l.size)).collect::<BTreeMap<_, _>>() == all
    };
    side(Side::Buy, &book.bids) && side(Side::Sell, &book.asks)
}

/// Best prices as the log writes them: 0 for an empty side, which the venue states as no price, as 0, or as a dollar.
fn top(bid: Option<Price>, ask: Option<Price>) -> Option<Top> {
    if bid.is_none() && ask.is_none() {
        return None;
    }
    let ask = ask.filter(|p| *p < Price::ONE).unwrap_or(Price::ZERO);
    Some(Top { bid: bid.unwrap_or(Price::ZERO), ask })
}
