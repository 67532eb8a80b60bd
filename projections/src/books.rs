//! The order book of every token.

use crate::Projection;
use crate::book::Book;
use schemas::event::{FeedScope, MarketChange, MarketEvent};
use schemas::{Envelope, Event, MarketId, TokenId};
use serde::{Deserialize, Serialize};

/// Books by token number. Tokens without a book (quotes only, or not seen yet) have an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    list: Vec<Book>,
}

/// Tokens far beyond any that a venue lists: an index this high is damage, not a market.
const TOKENS_MAX: usize = 1 << 22;

impl Books {
    /// The book of a token, if any message about it has come.
    pub fn get(&self, token: TokenId) -> Option<&Book> {
        self.list.get(token.index())
    }

    /// Books in token order.
    pub fn iter(&self) -> impl Iterator<Item = &Book> {
        self.list.iter()
    }

    fn at(&mut self, token: TokenId) -> Option<&mut Book> {
        let i = token.index();
        if i >= self.list.len() {
            if i >= TOKENS_MAX {
                return None;
            }
            self.list.resize_with(i + 1, Book::default);
        }
        self.list.get_mut(i)
    }

    fn doubt(&mut self, market: MarketId) {
        for token in [market.yes(), market.no()] {
            if let Some(book) = self.list.get_mut(token.index()) {
                book.doubt();
            }
        }
    }
}

impl Projection for Books {
    const NAME: &'static str = "books";
    type Reads<'a> = ();

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (): ()) {
        let Event::Market(event) = &envelope.event else { return };
        match event {
            MarketEvent::BookDelta(delta) => {
                if let Some(book) = self.at(delta.token) {
                    book.change(delta);
                }
            }
            MarketEvent::BookSnapshot(snapshot) => {
                if let Some(book) = self.at(snapshot.token) {
                    book.replace(snapshot);
                }
            }
            MarketEvent::FeedGap { scope: FeedScope::All, .. } => {
                self.list.iter_mut().for_each(Book::doubt);
            }
            MarketEvent::FeedGap { scope: FeedScope::Market(market), .. }
            | MarketEvent::Changed { market, change: MarketChange::Tick(_) } => self.doubt(*market),
            _ => {}
        }
    }
}
