//! Top of book for every token, whether it comes from a book or from a feed that knows no more, and how far it can be
//! trusted at the moment.

use crate::Projection;
use crate::books::Books;
use crate::markets::Markets;
use schemas::event::{FeedScope, MarketEvent, Quote};
use schemas::{Envelope, Event, MarketId, Price, Prob, Size, TokenId, UtcNanos};
use serde::{Deserialize, Serialize};

/// The best prices of one token. A price of 0 means that side is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenQuote {
    /// Highest bid.
    pub bid: Price,
    /// Size there; 0 if the source does not state it.
    pub bid_size: Size,
    /// Lowest ask.
    pub ask: Price,
    /// Size there; 0 if the source does not state it.
    pub ask_size: Size,
    /// When it was last stated.
    pub time: UtcNanos,
    /// Price of the last trade, 0 if none was seen.
    pub last_trade: Price,
    /// Stated since the last gap, agreeing with the venue's own best, and not crossed.
    pub valid: bool,
    /// Messages about this very token have come; otherwise it is derived from its complement.
    own: bool,
}

impl TokenQuote {
    /// Both sides are there and can be trusted.
    pub fn is_two_sided(&self) -> bool {
        self.valid && self.bid.0 > 0 && self.ask.0 > self.bid.0
    }

    /// Half way between bid and ask, if both are there.
    pub fn mid(&self) -> Option<Price> {
        self.is_two_sided().then(|| Price(self.bid.0 + (self.ask.0 - self.bid.0) / 2))
    }

    /// The market's own probability.
    pub fn probability(&self) -> Option<Prob> {
        self.mid().and_then(|m| Prob::from_ppm(m.0))
    }

    /// Ask less bid.
    pub fn spread(&self) -> Option<Price> {
        self.is_two_sided().then(|| Price(self.ask.0 - self.bid.0))
    }

    fn mirrored(&self) -> Self {
        let flip = |p: Price| if p.0 > 0 { p.complement() } else { Price::ZERO };
        Self {
            bid: flip(self.ask),
            bid_size: self.ask_size,
            ask: flip(self.bid),
            ask_size: self.bid_size,
            last_trade: flip(self.last_trade),
            own: false,
            ..*self
        }
    }
}

/// Quotes by token, and the state of the feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotes {
    list: Vec<TokenQuote>,
    /// When a feed of a venue that takes orders last said anything. Others do not count: that they are heard says nothing
    /// about the prices that are traded at.
    pub feed_time: UtcNanos,
    /// Every feed is declared stale.
    pub all_stale: bool,
    stale: Vec<MarketId>,
}

const TOKENS_MAX: usize = 1 << 22;

impl Quotes {
    /// The quote of a token; an empty one if nothing is known.
    #[inline]
    pub fn get(&self, token: TokenId) -> TokenQuote {
        self.list.get(token.index()).copied().unwrap_or_default()
    }

    /// Whether a market's prices may be acted on: its feed is not declared stale.
    pub fn is_live(&self, market: MarketId) -> bool {
        !self.all_stale && !self.stale.contains(&market)
    }

    fn put(&mut self, token: TokenId, mut quote: TokenQuote) {
        let i = token.index().max(token.complement().index());
        if i >= self.list.len() {
            if i >= TOKENS_MAX {
                return;
            }
            self.list.resize_with(i + 1, TokenQuote::default);
        }
        quote.own = true;
        self.list[token.index()] = quote;
        // A venue that reports only one of the two tokens still quotes both: buying NO is selling YES.
        if !self.list[token.complement().index()].own {
            self.list[token.complement().index()] = quote.mirrored();
        }
    }

    #[inline]
    fn take_book(&mut self, token: TokenId, books: &Books, time: UtcNanos) {
        let Some(book) = books.get(token) else { return };
        let (bid, ask) = (book.bid(), book.ask());
        let quote = TokenQuote {
            bid: bid.map_or(Price::ZERO, |l| l.price),
            bid_size: bid.map_or(Size::ZERO, |l| l.size),
            ask: ask.map_or(Price::ZERO, |l| l.price),
            ask_size: ask.map_or(Size::ZERO, |l| l.size),
            time,
            last_trade: self.get(token).last_trade,
            valid: book.agrees && !book.is_crossed(),
            own: true,
        };
        self.put(token, quote);
    }

    fn take_feed(&mut self, quote: &Quote, time: UtcNanos) {
        let top = quote.top;
        let crossed = top.bid.0 > 0 && top.ask.0 > 0 && top.bid >= top.ask;
        let new = TokenQuote {
            bid: top.bid,
            bid_size: quote.bid_size,
            ask: top.ask,
            ask_size: quote.ask_size,
            time,
            last_trade: self.get(quote.token).last_trade,
            valid: !crossed,
            own: true,
        };
        self.put(quote.token, new);
    }

    fn void(&mut self, scope: FeedScope) {
        for (i, quote) in self.list.iter_mut().enumerate() {
            let inside = match scope {
                FeedScope::All => true,
                FeedScope::Market(market) => i >> 1 == market.index(),
            };
            if inside {
                quote.valid = false;
            }
        }
    }
}

impl Projection for Quotes {
    const NAME: &'static str = "quotes";
    type Reads<'a> = (&'a Books, &'a Markets);

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (books, markets): (&Books, &Markets)) {
        let Event::Market(event) = &envelope.event else { return };
        let about = match event {
            MarketEvent::BookDelta(delta) => {
                self.take_book(delta.token, books, envelope.time);
                delta.token.market()
            }
            MarketEvent::BookSnapshot(snapshot) => {
                self.take_book(snapshot.token, books, envelope.time);
                snapshot.token.market()
            }
            MarketEvent::Quote(quote) => {
                self.take_feed(quote, envelope.time);
                quote.token.market()
            }
            MarketEvent::Trade(trade) => {
                if let Some(quote) = self.list.get_mut(trade.token.index()) {
                    quote.last_trade = trade.price;
                }
                if let Some(quote) = self.list.get_mut(trade.token.complement().index()) {
                    quote.last_trade = trade.price.complement();
                }
                trade.token.market()
            }
            MarketEvent::FeedGap { scope, .. } => {
                self.void(*scope);
                return;
            }
            MarketEvent::FeedStale { scope: FeedScope::All } => {
                self.all_stale = true;
                return;
            }
            MarketEvent::FeedStale { scope: FeedScope::Market(market) } => {
                if !self.stale.contains(market) {
                    self.stale.push(*market);
                }
                return;
            }
            MarketEvent::FeedRestored { scope: FeedScope::All } => {
                self.all_stale = false;
                self.stale.clear();
                self.feed_time = envelope.time;
                return;
            }
            MarketEvent::FeedRestored { scope: FeedScope::Market(market) } => {
                self.stale.retain(|m| m != market);
                *market
            }
            MarketEvent::Changed { .. }
            | MarketEvent::Resolved { .. }
            | MarketEvent::Listed(_)
            | MarketEvent::Probability { .. } => return,
        };
        if markets.takes_orders(about) {
            self.feed_time = envelope.time;
        }
    }
}
