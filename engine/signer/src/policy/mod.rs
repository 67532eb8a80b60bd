//! What may be signed. Pure: the time comes in as a parameter, the sums of the day too.

mod file;
mod refusal;
mod transaction;

pub use file::{PolicyError, PolicyFile};
pub use refusal::Refusal;
pub use transaction::{TransactionRules, TxKind};

use crate::ledger::{Day, Outflow};
use crate::request::SigningDomainRequest;
use polymarket::{Address, Chain, Order, SALT_END, SignatureType, wallet};
use schemas::{Bytes32, Price, Side, UtcNanos};
use std::collections::BTreeSet;

/// Widest gap between the time in a login and this machine's, seconds.
const LOGIN_SKEW_MAX_S: u64 = 300;

/// What a signer signs; everything else is refused. Amounts in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The only chain.
    pub chain_id: u64,
    /// The exchange contracts whose orders are signed.
    pub exchanges: BTreeSet<Address>,
    /// The account types orders may name.
    pub account_types: BTreeSet<u8>,
    /// Wallets that orders may draw on, besides those that derive from the key.
    pub funders: BTreeSet<Address>,
    /// Builder codes that orders may carry, besides none. A builder takes fees.
    pub builders: BTreeSet<Bytes32>,
    /// Most dollars that one buy order may pay.
    pub order_dollars_max: u64,
    /// Most shares that one sell order may give.
    pub order_shares_max: u64,
    /// Most dollars that the buy orders of a UTC day may pay.
    pub day_dollars_max: u64,
    /// Most shares that the sell orders of a UTC day may give.
    pub day_shares_max: u64,
    /// Lowest price of an order, micro-dollars.
    pub price_min: Price,
    /// Highest price of an order, micro-dollars.
    pub price_max: Price,
    /// Whether logins are signed: they make API credentials.
    pub logins: bool,
    /// Which transactions.
    pub transactions: TransactionRules,
}

impl Policy {
    /// Signs nothing at all.
    pub fn nothing(chain_id: u64) -> Self {
        Self {
            chain_id,
            exchanges: BTreeSet::new(),
            account_types: BTreeSet::new(),
            funders: BTreeSet::new(),
            builders: BTreeSet::new(),
            order_dollars_max: 0,
            order_shares_max: 0,
            day_dollars_max: 0,
            day_shares_max: 0,
            price_min: Price::ONE,
            price_max: Price::ZERO,
            logins: false,
            transactions: TransactionRules::default(),
        }
    }

    /// Whether this order may be signed by the key of `owner` for the exchange at `exchange`. Returns what it lets leave
    /// the wallet at most: its maker amount.
    pub fn order(
        &self,
        order: &Order,
        request: &SigningDomainRequest,
        exchange: Address,
        owner: Address,
    ) -> Result<Outflow, Refusal> {
        self.chain(request.chain_id)?;
        if !self.exchanges.contains(&exchange) {
            return Err(Refusal::Exchange { exchange });
        }
        self.account(order, owner)?;
        if order.salt >= SALT_END {
            return Err(Refusal::Salt { salt: order.salt });
        }
        if order.builder != Bytes32::ZERO && !self.builders.contains(&order.builder) {
            return Err(Refusal::Builder { builder: order.builder });
        }
        if order.maker_amount == 0 || order.taker_amount == 0 {
            return Err(Refusal::Empty);
        }
        self.price(order)?;
        let gives = order.maker_amount;
        match order.side {
            Side::Buy if gives > self.order_dollars_max => {
                Err(Refusal::OrderDollars { asked: gives, max: self.order_dollars_max })
            }
            Side::Sell if gives > self.order_shares_max => {
                Err(Refusal::OrderShares { asked: gives, max: self.order_shares_max })
            }
            Side::Buy => Ok(Outflow { spent: gives, ..Outflow::default() }),
            Side::Sell => Ok(Outflow { sold: gives, ..Outflow::default() }),
        }
    }

    /// Whether a login may be signed: its time must be about now.
    pub fn login(&self, timestamp_s: u64, now: UtcNanos) -> Result<(), Refusal> {
        if !self.logins {
            return Err(Refusal::Login);
        }
        let now_s = now.0.div_euclid(schemas::time::NANOS_PER_SEC);
        let off_s = i128::from(timestamp_s).abs_diff(i128::from(now_s));
        if off_s > u128::from(LOGIN_SKEW_MAX_S) {
            return Err(Refusal::LoginTime { timestamp_s, now });
        }
        Ok(())
    }

    /// The sums of the day with `more` on top, or which limit that passes.
    pub fn day(&self, so_far: Day, more: Outflow) -> Result<Day, Refusal> {
        let sums = so_far.sums.plus(more).ok_or(Refusal::Overflow)?;
        let had = so_far.sums;
        if more.spent > 0 && sums.spent > self.day_dollars_max {
            return Err(Refusal::DayDollars { asked: more.spent, signed: had.spent, max: self.day_dollars_max });
        }
        if more.sold > 0 && sums.sold > self.day_shares_max {
            return Err(Refusal::DayShares { asked: more.sold, signed: had.sold, max: self.day_shares_max });
        }
        if more.sent > 0 && sums.sent > self.transactions.day_max {
            return Err(Refusal::DaySent { asked: more.sent, signed: had.sent, max: self.transactions.day_max });
        }
        Ok(Day { day: so_far.day, sums })
    }

    pub(crate) fn chain(&self, asked: u64) -> Result<(), Refusal> {
        if asked == self.chain_id { Ok(()) } else { Err(Refusal::Chain { asked, allowed: self.chain_id }) }
    }

    /// Who signs and whose money it is (polymarket.md 3.1 and 3.2).
    fn account(&self, order: &Order, owner: Address) -> Result<(), Refusal> {
        let kind = order.signature_type;
        if !self.account_types.contains(&(kind as u8)) {
            return Err(Refusal::AccountType { found: kind as u8 });
        }
        let derived = match kind {
            SignatureType::Eoa => order.maker == owner,
            SignatureType::Proxy => order.maker == wallet::proxy(owner),
            SignatureType::Safe => order.maker == wallet::safe(owner),
            SignatureType::DepositWallet => {
                [wallet::deposit(owner), wallet::deposit_legacy(owner)].contains(&order.maker)
            }
        };
        // Only the key's own address signs for itself; the other kinds may have a funder that was made in another way.
        let named = kind != SignatureType::Eoa && self.funders.contains(&order.maker);
        if !derived && !named {
            return Err(Refusal::Maker { maker: order.maker });
        }
        let signer = if kind == SignatureType::DepositWallet { order.maker } else { owner };
        if order.signer != signer {
            return Err(Refusal::Signer { signer: order.signer });
        }
        Ok(())
    }

    /// Dollars over shares, compared without dividing.
    fn price(&self, order: &Order) -> Result<(), Refusal> {
        let (dollars, shares) = match order.side {
            Side::Buy => (order.maker_amount, order.taker_amount),
            Side::Sell => (order.taker_amount, order.maker_amount),
        };
        let paid = u128::from(dollars) * 1_000_000;
        let at = |price: Price| u128::from(shares) * u128::from(price.0.unsigned_abs());
        if self.price_min.0 < 0 || self.price_max.0 < 0 || paid < at(self.price_min) || paid > at(self.price_max) {
            return Err(Refusal::Price { dollars, shares, min: self.price_min, max: self.price_max });
        }
        Ok(())
    }
}

/// The exchange contracts of a chain that take orders today.
pub fn exchanges_of(chain: &Chain) -> BTreeSet<Address> {
    use polymarket::Generation::{V2, V3};
    [(V2, false), (V2, true), (V3, false), (V3, true)]
        .into_iter()
        .filter_map(|(generation, neg_risk)| chain.exchange(generation, neg_risk).ok())
        .collect()
}
