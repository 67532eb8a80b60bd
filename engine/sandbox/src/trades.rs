//! Trades and the way of each to the chain.

use polymarket::Address;
use schemas::event::TradeKey;
use schemas::{Bytes32, Cash, MarketId, OrderId, Price, Side, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// How far a trade has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Matched,
    Mined,
    Confirmed,
    Retrying,
    Failed,
}

impl Stage {
    pub fn word(self) -> &'static str {
        match self {
            Self::Matched => "MATCHED",
            Self::Mined => "MINED",
            Self::Confirmed => "CONFIRMED",
            Self::Retrying => "RETRYING",
            Self::Failed => "FAILED",
        }
    }

    pub fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed)
    }
}

/// One side of a trade: a client's order, or somebody of the recording.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub order: Option<OrderId>,
    pub hash: Bytes32,
    pub token: TokenId,
    pub side: Side,
    pub price: Price,
    pub size: Size,
    pub fee: Cash,
    /// The API key; a made-up one for somebody of the recording.
    pub key: String,
    pub wallet: Address,
}

/// A trade: one taker, one or more makers, one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Trade {
    pub id: String,
    pub taker: Party,
    pub makers: Vec<Party>,
    pub stage: Stage,
    pub matched: UtcNanos,
    pub updated: UtcNanos,
    /// From when on REST lists it.
    pub listed: UtcNanos,
    /// Of the transaction, once it is known.
    pub transaction: Option<Bytes32>,
    /// The exchange's matches in it.
    pub keys: Vec<TradeKey>,
}

impl Trade {
    /// One more maker; an order that is in it already, at the same price, is there with more.
    pub fn add_maker(&mut self, maker: Party) {
        let same = |m: &&mut Party| m.order.is_some() && m.hash == maker.hash && m.price == maker.price;
        match self.makers.iter_mut().find(same) {
            Some(known) => {
                known.size = known.size.plus(maker.size).unwrap_or(known.size);
                known.fee = known.fee.plus(maker.fee).unwrap_or(known.fee);
            }
            None => self.makers.push(maker),
        }
    }

    pub fn market(&self) -> MarketId {
        self.taker.token.market()
    }

    /// Every client's part: the order and whether it was the taker.
    pub fn parties(&self) -> impl Iterator<Item = (&Party, bool)> {
        std::iter::once((&self.taker, true)).chain(self.makers.iter().map(|m| (m, false)))
    }
}

/// All trades, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trades {
    list: Vec<Trade>,
    by_id: BTreeMap<String, usize>,
    by_key: BTreeMap<TradeKey, usize>,
}

impl Trades {
    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn add(&mut self, trade: Trade) -> usize {
        let at = self.list.len();
        self.by_id.insert(trade.id.clone(), at);
        for key in &trade.keys {
            self.by_key.insert(*key, at);
        }
        self.list.push(trade);
        at
    }

    pub fn at(&self, at: usize) -> Option<&Trade> {
        self.list.get(at)
    }

    pub fn at_mut(&mut self, at: usize) -> Option<&mut Trade> {
        self.list.get_mut(at)
    }

    pub fn get(&self, id: &str) -> Option<&Trade> {
        self.list.get(*self.by_id.get(id)?)
    }

    /// The trade that a match of the exchange is part of.
    pub fn of_key(&self, key: TradeKey) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Trade> {
        self.list.iter()
    }
}
