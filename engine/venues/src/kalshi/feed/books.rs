//! Books and trades that are read by requests, and markets that fall silent.

use super::{Feed, Purpose};
use crate::http::encoded;
use crate::kalshi::book::Book;
use crate::kalshi::wire::rest::{self, Trade as WireTrade};
use crate::wire::Answer;
use projections::State;
use schemas::event::{FeedScope, MarketEvent, Trade};
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use schemas::{MarketId, Outcome, Price, Side, Size, UtcNanos};

/// Levels of a side that are read.
const DEPTH: u32 = 50;
/// Distance of two looks at a market's trades, s.
const TRADES_EVERY_S: i64 = 30;
/// Trades of one look. Busier markets are seen in part: books are what counts here.
const TRADES_MAX: u32 = 100;
/// A market of which nothing is heard for so long is stale, s.
const STALE_S: i64 = 30;

/// Which trades were seen.
#[derive(Debug, Default)]
pub(super) struct SeenTrades {
    asked_at: UtcNanos,
    is_asked: bool,
    /// The newest, with all that happened at that moment; nothing before the first look, which tells no news.
    newest: Option<(UtcNanos, Vec<String>)>,
}

impl Feed {
    /// The book that was read longest ago.
    pub(super) fn next_book(&mut self, state: &State) -> Option<(Purpose, String)> {
        let (now, every) = (self.now, i64::try_from(self.settings.book_every_ms).unwrap_or(i64::MAX));
        let every = every.saturating_mul(NANOS_PER_MS);
        let due = self.followed.iter_mut().filter(|(id, f)| {
            let again = f.asked_at == UtcNanos::ZERO || now.since(f.asked_at) >= every;
            !f.streamed && !f.is_asked && again && Self::is_open(state, **id)
        });
        let (id, followed) = due.min_by_key(|(_, f)| f.asked_at)?;
        (followed.is_asked, followed.asked_at) = (true, now);
        let target = format!("/markets/{}/orderbook?depth={DEPTH}", encoded(&followed.ticker));
        Some((Purpose::Book { market: *id }, target))
    }

    pub(super) fn book_answered(&mut self, market: MarketId, answer: Option<Answer>) {
        let Some(followed) = self.followed.get_mut(&market) else { return };
        followed.is_asked = false;
        // What the websocket brings is newer.
        let Some(answer) = answer.filter(|_| !followed.streamed) else { return };
        match rest::book(&answer.body) {
            Ok(sides) => self.book_said(market, Book::of(&sides)),
            Err(e) => self.voice.undecoded("book", &e.to_string(), &answer.body, self.now),
        }
    }

    /// A whole book is known.
    pub(super) fn book_said(&mut self, market: MarketId, book: Book) {
        let Some(followed) = self.followed.get_mut(&market) else { return };
        followed.heard_at = self.now;
        if std::mem::take(&mut followed.stale) {
            self.voice.say(MarketEvent::FeedRestored { scope: FeedScope::Market(market) });
        }
        if followed.book.as_ref() == Some(&book) {
            return;
        }
        for snapshot in book.snapshots(market) {
            self.voice.say(MarketEvent::BookSnapshot(Box::new(snapshot)));
        }
        followed.book = Some(book);
    }

    /// The log doubts a book for a reason of its own: it is said again, or read again.
    pub(super) fn restate(&mut self, market: MarketId) {
        let Some(followed) = self.followed.get_mut(&market) else { return };
        let book = followed.book.take();
        if let Some(book) = book.filter(|_| followed.streamed) {
            self.book_said(market, book);
        }
    }

    /// The trades that were looked at longest ago.
    pub(super) fn next_trades(&mut self, state: &State) -> Option<(Purpose, String)> {
        if self.stream.brings_trades() {
            return None;
        }
        let now = self.now;
        let due = self.followed.iter_mut().filter(|(id, f)| {
            let seen = &f.trades;
            let again = seen.asked_at == UtcNanos::ZERO || now.since(seen.asked_at) >= TRADES_EVERY_S * NANOS_PER_SEC;
            !seen.is_asked && again && Self::is_open(state, **id)
        });
        let (id, followed) = due.min_by_key(|(_, f)| f.trades.asked_at)?;
        (followed.trades.is_asked, followed.trades.asked_at) = (true, now);
        let mut target = format!("/markets/trades?limit={TRADES_MAX}&ticker={}", encoded(&followed.ticker));
        if let Some((newest, _)) = &followed.trades.newest {
            target.push_str(&format!("&min_ts={}", newest.0.div_euclid(NANOS_PER_SEC)));
        }
        Some((Purpose::Trades { market: *id }, target))
    }

    pub(super) fn trades_answered(&mut self, market: MarketId, answer: Option<Answer>) {
        let Some(followed) = self.followed.get_mut(&market) else { return };
        followed.trades.is_asked = false;
        let Some(answer) = answer else { return };
        let page = match rest::trades(&answer.body) {
            Ok(page) => page,
            Err(e) => return self.voice.undecoded("trades", &e.to_string(), &answer.body, self.now),
        };
        let mut trades: Vec<WireTrade> = Vec::new();
        for entry in page.entries {
            match entry {
                Ok(trade) if trade.ticker == followed.ticker => trades.push(trade),
                Ok(_) => {}
                Err((e, raw)) => self.voice.undecoded("trade", &e.to_string(), raw, self.now),
            }
        }
        trades.sort_by_key(|trade| trade.time);
        let before = followed.trades.newest.clone();
        let (mut newest, mut ids) = before.clone().unwrap_or((UtcNanos::ZERO, Vec::new()));
        for trade in trades {
            let seen = trade.time < newest || (trade.time == newest && ids.contains(&trade.id));
            if seen {
                continue;
            }
            if trade.time > newest {
                (newest, ids) = (trade.time, Vec::new());
            }
            ids.push(trade.id);
            // The first look only learns where the news begins.
            if before.is_some() {
                self.voice.say(traded(market, trade.taker, trade.yes_price, trade.count, trade.time));
            }
        }
        followed.trades.newest = Some((newest, ids));
    }

    /// Markets of which nothing was heard for long.
    pub(super) fn look_for_silence(&mut self, state: &State) {
        let round =
            i64::try_from(self.followed.len()).unwrap_or(i64::MAX) / i64::from(self.settings.reads_per_second.max(1));
        let allowed = STALE_S.max(round.saturating_mul(3)).saturating_mul(NANOS_PER_SEC);
        let (now, stream_heard) = (self.now, self.stream.heard_at());
        for (market, followed) in &mut self.followed {
            if !Self::is_open(state, *market) || followed.heard_at == UtcNanos::ZERO {
                // Nothing is expected while it does not trade, and the first silence begins now.
                followed.heard_at = now;
                continue;
            }
            let heard = if followed.streamed { stream_heard.max(followed.heard_at) } else { followed.heard_at };
            if !followed.stale && now.since(heard) >= allowed {
                followed.stale = true;
                self.voice.say(MarketEvent::FeedStale { scope: FeedScope::Market(*market) });
            }
        }
    }
}

/// Somebody bought from a resting order: buying NO is a trade in NO.
pub(super) fn traded(
    market: MarketId,
    taker: Outcome,
    yes_price: Price,
    size: Size,
    source_time: UtcNanos,
) -> MarketEvent {
    let (token, price) = match taker {
        Outcome::Yes => (market.yes(), yes_price),
        Outcome::No => (market.no(), yes_price.complement()),
    };
    MarketEvent::Trade(Trade { token, aggressor: Side::Buy, price, size, source_time })
}
