//! A client's cash and shares at the exchange: what makes an order affordable.

use schemas::{Cash, MoneyError, Price, Rounding, Side, Size, TokenId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A client of the exchange. 0 is the engine itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountId(pub u32);

impl AccountId {
    /// The engine.
    pub const ENGINE: Self = Self(0);
}

/// What a client has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Cash.
    pub cash: Cash,
    shares: BTreeMap<TokenId, Size>,
}

impl Account {
    /// With some cash and nothing else.
    pub fn with_cash(cash: Cash) -> Self {
        Self { cash, shares: BTreeMap::new() }
    }

    /// Shares of a token.
    pub fn shares(&self, token: TokenId) -> Size {
        self.shares.get(&token).copied().unwrap_or_default()
    }

    /// Every token held.
    pub fn holdings(&self) -> impl Iterator<Item = (TokenId, Size)> + '_ {
        self.shares.iter().filter(|(_, s)| s.0 > 0).map(|(t, s)| (*t, *s))
    }

    /// Books a fill, or takes one back (`sign` -1).
    pub(crate) fn book(
        &mut self,
        token: TokenId,
        side: Side,
        price: Price,
        size: Size,
        fee: Cash,
        sign: i64,
    ) -> Result<(), MoneyError> {
        let (cash, shares) = match side {
            Side::Buy => (-price.notional(size, Rounding::Ceil)?.plus(fee)?.0, size.0),
            Side::Sell => (price.notional(size, Rounding::Floor)?.minus(fee)?.0, -size.0),
        };
        self.cash = self.cash.plus(Cash(cash.saturating_mul(sign)))?;
        let held = self.shares.entry(token).or_default();
        *held = held.plus(Size(shares.saturating_mul(sign)))?;
        Ok(())
    }

    /// More shares of a token; fewer if `size` is negative.
    pub(crate) fn give(&mut self, token: TokenId, size: Size) {
        let held = self.shares.entry(token).or_default();
        *held = held.plus(size).unwrap_or(*held);
    }

    /// Pays a token out at resolution. Returns the shares and the cash.
    pub(crate) fn settle(&mut self, token: TokenId, payout: Price) -> Result<(Size, Cash), MoneyError> {
        let size = self.shares.remove(&token).unwrap_or_default();
        let cash = payout.notional(size, Rounding::Floor)?;
        self.cash = self.cash.plus(cash)?;
        Ok((size, cash))
    }
}
