//! One order book, and all of them, against sorted maps.

use super::dice::Dice;
use super::stream::Stream;
use projections::book::Book;
use proptest::prelude::*;
use schemas::event::{BookDelta, BookSnapshot, FeedScope, Level, MarketChange, MarketEvent, Top};
use schemas::{Event, MarketId, Price, Side, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// A book as anyone would write it down.
#[derive(Clone, Default)]
struct Naive {
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
    doubted: bool,
    agrees: bool,
    ghosts: u64,
    heals: u64,
}

impl Naive {
    fn side(&mut self, side: Side) -> &mut BTreeMap<Price, Size> {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    fn set(&mut self, side: Side, price: Price, size: Size) {
        if size.0 > 0 {
            self.side(side).insert(price, size)
        } else {
            self.side(side).remove(&price)
        };
    }

    fn top(&self) -> Top {
        let bid = self.bids.keys().next_back().copied().unwrap_or(Price::ZERO);
        let ask = self.asks.keys().next().copied().unwrap_or(Price::ZERO);
        Top { bid, ask }
    }

    fn crossed(&self) -> bool {
        !self.bids.is_empty() && !self.asks.is_empty() && self.top().bid >= self.top().ask
    }

    fn change(&mut self, d: &BookDelta) {
        self.set(d.side, d.price, d.size);
        let Some(stated) = d.stated else {
            self.agrees = !self.doubted && !self.crossed();
            return;
        };
        let before = self.bids.len() + self.asks.len();
        self.bids.retain(|p, _| *p <= stated.bid);
        self.asks.retain(|p, _| stated.ask.0 != 0 && *p >= stated.ask);
        let gone = (before - self.bids.len() - self.asks.len()) as u64;
        self.ghosts += gone;
        self.heals += u64::from(gone > 0);
        self.agrees = self.top() == stated;
        self.doubted = !self.agrees;
    }

    fn replace(&mut self, s: &BookSnapshot) {
        self.bids.clear();
        self.asks.clear();
        s.bids.iter().for_each(|l| self.set(Side::Buy, l.price, l.size));
        s.asks.iter().for_each(|l| self.set(Side::Sell, l.price, l.size));
        self.doubted = false;
        self.agrees = !self.crossed();
    }

    fn doubt(&mut self) {
        (self.agrees, self.doubted) = (false, true);
    }

    fn same(&self, book: &Book) -> Result<(), TestCaseError> {
        let level = |(p, s): (&Price, &Size)| Level { price: *p, size: *s };
        let bids: Vec<Level> = self.bids.iter().rev().map(level).collect();
        let asks: Vec<Level> = self.asks.iter().map(level).collect();
        prop_assert_eq!(book.bid(), bids.first().copied());
        prop_assert_eq!(book.ask(), asks.first().copied());
        prop_assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), bids);
        prop_assert_eq!(book.levels(Side::Sell).collect::<Vec<_>>(), asks);
        prop_assert_eq!((book.top(), book.is_crossed(), book.agrees), (self.top(), self.crossed(), self.agrees));
        prop_assert_eq!((book.ghosts, book.heals), (self.ghosts, self.heals));
        for cents in 1..100 {
            let price = Price(cents * 10_000);
            prop_assert_eq!(book.size_at(Side::Buy, price), self.bids.get(&price).copied().unwrap_or_default());
            prop_assert_eq!(book.size_at(Side::Sell, price), self.asks.get(&price).copied().unwrap_or_default());
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn one_book(rolls in prop::collection::vec(any::<u64>(), 0..120)) {
        let (mut book, mut naive) = (Book::default(), Naive::default());
        for roll in rolls {
            let mut dice = Dice::new(roll, false);
            match dice.below(12) {
                0 => {
                    let snapshot = dice.snapshot();
                    book.replace(&snapshot);
                    naive.replace(&snapshot);
                }
                1 => {
                    book.doubt();
                    naive.doubt();
                }
                _ => {
                    let mut delta = dice.delta();
                    // Half of what venues state agrees with what is known.
                    if dice.chance(2) && delta.stated.is_some() {
                        let mut after = naive.clone();
                        after.set(delta.side, delta.price, delta.size);
                        delta.stated = Some(after.top());
                    }
                    book.change(&delta);
                    naive.change(&delta);
                }
            }
            naive.same(&book)?;
        }
    }

    /// Through the fold: each token its own book, gaps and tick changes put the right ones in doubt, quotes follow.
    #[test]
    fn all_books(rolls in prop::collection::vec(any::<u64>(), 0..120)) {
        let mut s = Stream::new();
        let mut naive = vec![Naive::default(); 8];
        let mut seen = [false; 8];
        for roll in rolls {
            let event = Dice::new(roll, false).market_event();
            s.tell(Event::Market(event.clone()));
            match &event {
                MarketEvent::BookDelta(d) => {
                    seen[d.token.index()] = true;
                    naive[d.token.index()].change(d);
                }
                MarketEvent::BookSnapshot(b) => {
                    seen[b.token.index()] = true;
                    naive[b.token.index()].replace(b);
                }
                MarketEvent::FeedGap { scope, .. } => {
                    for token in (0..8).map(TokenId) {
                        // A book that nobody has heard of is not there to be doubted.
                        let known = s.state.books.get(token).is_some();
                        if known && (*scope == FeedScope::All || *scope == FeedScope::Market(token.market())) {
                            naive[token.index()].doubt();
                        }
                    }
                }
                MarketEvent::Changed { market, change: MarketChange::Tick(_) } => {
                    for token in [market.yes(), market.no()] {
                        if s.state.books.get(token).is_some() {
                            naive[token.index()].doubt();
                        }
                    }
                }
                _ => {}
            }
            for token in (0..8).map(TokenId).filter(|t| seen[t.index()]) {
                naive[token.index()].same(s.state.books.get(token).unwrap())?;
            }
            if let MarketEvent::BookDelta(BookDelta { token, .. }) = &event {
                let (quote, book) = (s.state.quotes.get(*token), &naive[token.index()]);
                prop_assert_eq!(Top { bid: quote.bid, ask: quote.ask }, book.top());
                prop_assert_eq!(quote.valid, book.agrees && !book.crossed());
            }
        }
    }
}

fn delta(token: TokenId, side: Side, cents: i64, shares: i64, stated: Option<(i64, i64)>) -> Event {
    let price = |c: i64| Price(c * 10_000);
    let stated = stated.map(|(b, a)| Top { bid: price(b), ask: price(a) });
    let size = Size(shares * 1_000_000);
    Event::Market(MarketEvent::BookDelta(BookDelta {
        token,
        side,
        price: price(cents),
        size,
        stated,
        source_time: UtcNanos::ZERO,
    }))
}

#[test]
fn after_a_gap_a_change_alone_restores_no_trust() {
    let (mut s, yes) = (Stream::new(), MarketId(0).yes());
    s.tell(delta(yes, Side::Buy, 40, 10, None));
    s.tell(delta(yes, Side::Sell, 42, 10, None));
    assert!(s.state.quotes.get(yes).is_two_sided());
    s.tell(Event::Market(MarketEvent::FeedGap { scope: FeedScope::Market(MarketId(0)), lost: 3 }));
    assert!(!s.state.quotes.get(yes).valid);
    s.tell(delta(yes, Side::Buy, 39, 10, None));
    assert!(!s.state.quotes.get(yes).valid, "what was lost is still lost");
    s.tell(delta(yes, Side::Buy, 38, 10, Some((40, 42))));
    assert!(s.state.quotes.get(yes).valid, "the venue has stated its best");
}

#[test]
fn a_lost_deletion_is_healed_by_the_stated_best() {
    let (mut s, yes) = (Stream::new(), MarketId(0).yes());
    s.tell(delta(yes, Side::Buy, 40, 10, None));
    s.tell(delta(yes, Side::Buy, 41, 10, None));
    s.tell(delta(yes, Side::Sell, 45, 10, Some((40, 45))));
    let book = s.state.books.get(yes).unwrap();
    assert_eq!((book.bid().unwrap().price, book.ghosts, book.heals, book.agrees), (Price(400_000), 1, 1, true));
}

#[test]
fn no_is_quoted_from_yes_until_it_speaks_for_itself() {
    let (mut s, m) = (Stream::new(), MarketId(0));
    s.tell(delta(m.yes(), Side::Buy, 40, 10, None));
    s.tell(delta(m.yes(), Side::Sell, 42, 7, None));
    let no = s.state.quotes.get(m.no());
    assert_eq!(
        (no.bid, no.bid_size, no.ask, no.ask_size),
        (Price(580_000), Size(7_000_000), Price(600_000), Size(10_000_000))
    );
    s.tell(delta(m.no(), Side::Buy, 57, 3, None));
    s.tell(delta(m.yes(), Side::Buy, 41, 10, None));
    assert_eq!(s.state.quotes.get(m.no()).bid, Price(570_000));
}

#[test]
fn a_venue_that_states_a_crossed_book_is_not_believed() {
    let (mut s, yes) = (Stream::new(), MarketId(0).yes());
    s.tell(delta(yes, Side::Buy, 45, 10, None));
    s.tell(delta(yes, Side::Sell, 44, 10, Some((45, 44))));
    assert!(s.state.books.get(yes).unwrap().agrees, "it says what we have");
    assert!(!s.state.quotes.get(yes).valid, "but nobody can trade on it");
}
