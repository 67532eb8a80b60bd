//! A simulated exchange, as a pure function of the log.
//!
//! [`Exchange::apply`] takes it past every event: market data move its books, order intents arrive after the configured
//! latency, and what it has to say ([`Exchange::report_due`]) is appended to the log like any other input and thereby
//! delivered. Because nothing else enters, a replay can run the exchange again and must get the same reports.
//!
//! # Rules
//!
//! One book a market. Buying NO at `q` is selling YES at `1 - q`; everything below is in YES prices, and an order sees the
//! whole book, whichever token it names. Two orders that meet may thus both be purchases (a pair is minted) or both sales
//! (a pair is merged); the prices add up to one dollar.
//!
//! *Taking.* An arriving order walks the other side from the best price to its limit. At each price the recorded
//! liquidity comes first, then resting orders of clients by arrival. A fill is at the resting price. What a client took
//! from a recorded level stays taken until the recording shows it gone: when the level shrinks by `d`, `d` less is taken;
//! when it grows, the new liquidity is there to take; when it vanishes, the count starts anew. A recording without sizes
//! is assumed to offer the configured depth at its quote, and anew when that price changes.
//!
//! *Resting.* An order queues behind everything recorded at its price when it arrives. The queue ahead of it shrinks by
//! trades at that price, and is never longer than the recorded level; cancels are taken to happen behind it. A trade at a
//! worse price than the order's, or a recorded level that crosses it, fills it first: that liquidity would have met it.
//! Fills are at the order's price and at most for the size that traded or crossed.
//!
//! *Kinds.* GTC rests; GTD rests until its time; FAK takes and the rest is cancelled; FOK takes all or nothing; post-only is
//! refused if it would take. Prices off the grid, sizes below the minimum, markets that are closed and orders that the
//! balance does not cover are refused in the venue's words.
//!
//! *Fees.* Takers pay `shares x rate x (p (1 - p))^exponent` in cash, makers nothing.
//!
//! *Settlement.* A fill is confirmed after the configured time, or voided (a fault that can be configured) if the client
//! still has what it brought; where two clients met, both sides share one fate. At resolution all that is pending is confirmed, resting orders are cancelled, and each share
//! pays one dollar or nothing.
//!
//! *Clients.* Any number of accounts trade on one book. An order whose hash is known is refused as a duplicate; a refused
//! one is not kept, so it may be sent again.
//!
//! What is not modelled: our orders do not change what others do, and hidden or delayed (`seconds_delay`) matching.

mod account;
mod client;
mod exchange;
mod liquidity;
mod matching;
mod order;
mod settings;
mod settle;

pub use account::{Account, AccountId};

pub use exchange::{Divergence, Exchange, Market, Report};
pub use order::{Incoming, Resting, own_price};
pub use settings::Settings;
