//! Books, trades, grids and resolutions, as events.

use super::{Feed, Purpose};
use crate::polymarket::wire::{Answer, Host};
use polymarket::token::to_decimal;
use polymarket::wire::market::{Book, LastTrade, Level as WireLevel, PriceChanges};
use polymarket::wire::rest::{self, ClobMarket};
use projections::State;
use schemas::event::{BookDelta, BookSnapshot, Level, MarketChange, MarketEvent, Resolution, Top, Trade, Venue};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, MarketId, Price, TokenId, UtcNanos};

/// A book that is in doubt for longer is asked for anew.
const DOUBT_NANOS: i64 = NANOS_PER_SEC;
/// Asked again if no answer came, s.
const ASK_AGAIN_S: i64 = 5;
/// Books asked for at once.
const ASKED_MAX: usize = 20;
/// Distance of two questions whether markets whose end is past are resolved, s.
const RESOLUTION_EVERY_S: u64 = 60;

impl Feed {
    pub(super) fn book_said(&mut self, book: &Book<'_>, state: &State) {
        let Some(token) = self.tokens.get(&book.token).copied() else { return };
        let known = state.markets.get(token.market());
        if let (Some(tick), Some(market)) = (book.tick_size, known)
            && tick != market.tick
        {
            self.say(MarketEvent::Changed { market: token.market(), change: MarketChange::Tick(tick) });
        }
        let levels = |list: &[WireLevel]| list.iter().map(|l| Level { price: l.price, size: l.size }).collect();
        let (bids, asks) = (levels(&book.bids), levels(&book.asks));
        self.asked_books.remove(&book.token);
        self.doubted_since.remove(&token);
        let snapshot = BookSnapshot { token, bids, asks, source_time: book.time };
        self.say(MarketEvent::BookSnapshot(Box::new(snapshot)));
    }

    pub(super) fn changes_said(&mut self, changes: &PriceChanges<'_>) {
        for change in &changes.changes {
            let Some(token) = self.tokens.get(&change.token).copied() else { continue };
            let stated = match (change.best_bid, change.best_ask) {
                (None, None) => None,
                (bid, ask) => Some(Top { bid: bid.unwrap_or(Price::ZERO), ask: ask.unwrap_or(Price::ZERO) }),
            };
            self.say(MarketEvent::BookDelta(BookDelta {
                token,
                side: change.side,
                price: change.price,
                size: change.size,
                stated,
                source_time: changes.time,
            }));
        }
    }

    pub(super) fn trade_said(&mut self, trade: &LastTrade<'_>) {
        let Some(token) = self.tokens.get(&trade.token).copied() else { return };
        let (aggressor, price, size, source_time) = (trade.side, trade.price, trade.size, trade.time);
        self.say(MarketEvent::Trade(Trade { token, aggressor, price, size, source_time }));
    }

    pub(super) fn tick_said(&mut self, condition: &Bytes32, tick: Price) {
        if let Some(market) = self.markets.get(condition).copied() {
            self.say(MarketEvent::Changed { market, change: MarketChange::Tick(tick) });
        }
    }

    /// Books that stay in doubt are asked for.
    pub(super) fn look_after_books(&mut self, state: &State) {
        let now = self.now;
        self.asked_books.retain(|_, asked| now.since(*asked) < ASK_AGAIN_S * NANOS_PER_SEC);
        let mut wanted = Vec::new();
        let followed = |m: &&projections::markets::Market| m.listed.venue == Venue::Polymarket && m.resolved.is_none();
        for market in state.markets.iter().filter(followed) {
            let id = market.listed.market;
            for (token, venue_id) in [(id.yes(), market.listed.tokens[0]), (id.no(), market.listed.tokens[1])] {
                if self.is_sure(token, state) {
                    self.doubted_since.remove(&token);
                    continue;
                }
                let since = *self.doubted_since.entry(token).or_insert(now);
                if now.since(since) >= DOUBT_NANOS && !self.asked_books.contains_key(&venue_id) {
                    wanted.push(venue_id);
                }
            }
        }
        let free = ASKED_MAX.saturating_sub(self.asked_books.len());
        for token in wanted.into_iter().take(free) {
            self.asked_books.insert(token, now);
            self.ask(Purpose::Book { token }, Host::Clob, format!("/book?token_id={}", to_decimal(&token)));
        }
    }

    fn is_sure(&self, token: TokenId, state: &State) -> bool {
        state.books.get(token).is_some_and(|book| book.agrees && !book.is_crossed())
    }

    pub(super) fn book_answered(&mut self, token: &Bytes32, answer: Option<Answer>, state: &State) {
        self.asked_books.remove(token);
        let Some(answer) = answer else { return };
        match rest::book(&answer.body) {
            Ok(book) if book.token == *token => {
                self.reopen_silent(token, book.time);
                self.book_said(&book, state);
            }
            Ok(_) => self.undecoded("book", "it is another token's", &answer.body),
            Err(e) => self.undecoded("book", &e.to_string(), &answer.body),
        }
    }

    pub(super) fn resolved_said(&mut self, condition: &Bytes32, winner: Option<Bytes32>, state: &State) {
        let Some(market) = self.markets.get(condition).copied() else { return };
        let Some(known) = state.markets.get(market).filter(|m| m.resolved.is_none()) else { return };
        let resolution = match winner {
            Some(token) if token == known.listed.tokens[0] => Resolution::Yes,
            Some(token) if token == known.listed.tokens[1] => Resolution::No,
            // Not said, or not one of its tokens: the order book is asked.
            _ => return self.ask_resolution(condition),
        };
        self.say(MarketEvent::Resolved { market, resolution });
    }

    /// Resolutions that no socket told.
    pub(super) fn look_for_resolutions(&mut self, state: &State) {
        if self.now < self.next_resolution {
            return;
        }
        self.next_resolution = self.now.plus_secs(RESOLUTION_EVERY_S);
        let over = |m: &projections::markets::Market| {
            m.listed.venue == Venue::Polymarket
                && m.resolved.is_none()
                && m.listed.ends > UtcNanos::ZERO
                && m.listed.ends <= self.now
        };
        let due: Vec<Bytes32> = state.markets.iter().filter(|m| over(m)).map(|m| m.listed.condition).collect();
        due.iter().for_each(|condition| self.ask_resolution(condition));
    }

    fn ask_resolution(&mut self, condition: &Bytes32) {
        let condition = *condition;
        self.ask(Purpose::Resolution { condition }, Host::Clob, format!("/markets/0x{condition}"));
    }

    pub(super) fn resolution_answered(&mut self, condition: &Bytes32, answer: Option<Answer>, state: &State) {
        let Some(market) = answer.and_then(|a| rest::read::<ClobMarket>(&a.body).ok()) else { return };
        let id: Option<MarketId> = self.markets.get(condition).copied();
        if let (Some(winner), Some(_)) = (market.winner(), id) {
            self.resolved_said(condition, Some(winner), state);
        }
    }
}
