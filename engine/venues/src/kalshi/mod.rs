//! Kalshi's markets, read and never traded.
//!
//! What is different there, and how it stands in the log:
//!
//! - **Units.** Prices are dollars in text with up to four decimals, counts are contracts in text with two; both are read
//!   from their digits. A contract pays a dollar, so it is a share. The older fields in whole cents are not used: an answer
//!   that has nothing else is refused.
//! - **Books hold bids only.** Whoever wants to sell YES at 0.60 bids 0.40 for NO. So a bid for one token at `p` is an ask
//!   for the other at `1 - p`, and every book is said for both tokens.
//! - **Grid.** A market may have several steps (0.001 near the ends, 0.01 between). The log has room for one, the finest:
//!   every price lies on it. It says nothing about where an order may be placed, and none is.
//! - **Ids.** A market is named by its ticker. The 32 bytes in the log are derived from it by BLAKE3 under the domains
//!   `kalshi market`, `kalshi yes` and `kalshi no`; the ticker itself is the `slug`.
//! - **Fees.** See [`fees`].

mod book;
pub mod feed;
pub mod fees;
mod key;
pub mod wire;

pub use key::{ApiKey, KeyError, SignsHandshake};
