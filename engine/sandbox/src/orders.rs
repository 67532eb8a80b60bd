//! Orders that the venue has taken, by their hash and by number.

use crate::base::hash_text;
use exchange::AccountId;
use polymarket::{Order, OrderType, Terms};
use schemas::{Bytes32, Cash, OrderId, Price, Side, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// What became of an order, in the venue's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Waits to be matched.
    Delayed,
    /// Found nobody when its delay was over, and rests until it is matched after all.
    Unmatched,
    /// Rests.
    Live,
    /// All of it traded.
    Matched,
    /// Stands no more; the word says why.
    Ended(&'static str),
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Delayed => "DELAYED",
            Self::Unmatched => "UNMATCHED",
            Self::Live => "LIVE",
            Self::Matched => "MATCHED",
            Self::Ended(word) => word,
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Live) || self.waits()
    }

    /// Whether it has still to be brought to the exchange.
    pub fn waits(self) -> bool {
        matches!(self, Self::Delayed | Self::Unmatched)
    }
}

/// An order and what has happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub number: OrderId,
    pub hash: Bytes32,
    pub order: Order,
    pub terms: Terms,
    /// The API key it came with.
    pub key: String,
    pub account: AccountId,
    pub token: TokenId,
    pub price: Price,
    pub size: Size,
    pub matched: Size,
    /// Dollars that changed hands, without fees.
    pub dollars: Cash,
    pub status: Status,
    /// A fault: while it is delayed nobody sees it.
    pub hidden: bool,
    pub created: UtcNanos,
    pub trades: Vec<String>,
}

impl Placed {
    pub fn id(&self) -> String {
        hash_text(&self.hash)
    }

    /// Whether lists have it.
    pub fn is_shown(&self) -> bool {
        !self.hidden || self.status != Status::Delayed
    }

    /// As the venue writes it: purchases that only take count in dollars.
    pub fn original_size(&self) -> String {
        let takes = matches!(self.terms.order_type, OrderType::Fak | OrderType::Fok);
        if takes && self.order.side == Side::Buy {
            return Cash(i64::try_from(self.order.maker_amount).unwrap_or(i64::MAX)).to_string();
        }
        self.size.to_string()
    }
}

/// All orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    all: BTreeMap<OrderId, Placed>,
    /// The newest number; one whose order was refused is not given again.
    last: u32,
    by_hash: BTreeMap<Bytes32, OrderId>,
    /// Those that are open, so that lists of them do not grow with history.
    open: std::collections::BTreeSet<OrderId>,
}

impl Orders {
    /// The number the next order gets, from 1.
    pub fn next(&self) -> OrderId {
        OrderId(self.last.saturating_add(1))
    }

    pub fn add(&mut self, placed: Placed) {
        self.last = placed.number.0;
        self.by_hash.insert(placed.hash, placed.number);
        if placed.status.is_open() {
            self.open.insert(placed.number);
        }
        self.all.insert(placed.number, placed);
    }

    /// Forgets an order: it was refused.
    pub fn forget(&mut self, number: OrderId) {
        if let Some(refused) = self.all.remove(&number) {
            self.by_hash.remove(&refused.hash);
            self.open.remove(&number);
        }
    }

    pub fn get(&self, number: OrderId) -> Option<&Placed> {
        self.all.get(&number)
    }

    /// Changes an order.
    pub fn change(&mut self, number: OrderId, change: impl FnOnce(&mut Placed)) {
        if let Some(placed) = self.all.get_mut(&number) {
            change(placed);
            if placed.status.is_open() {
                self.open.insert(number);
            } else {
                self.open.remove(&number);
            }
        }
    }

    pub fn by_hash(&self, hash: &Bytes32) -> Option<&Placed> {
        self.get(*self.by_hash.get(hash)?)
    }

    /// An order by its id as text.
    pub fn by_id(&self, id: &str) -> Option<&Placed> {
        self.by_hash(&Bytes32::from_hex(id)?)
    }

    /// Open orders, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Placed> {
        self.open.iter().filter_map(|n| self.get(*n))
    }
}
