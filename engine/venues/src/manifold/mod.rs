//! Manifold: what people there believe, in play money. Read as a signal, never traded.
//!
//! An automated market maker states one probability and no book, so nothing here becomes a quote: it is a `Probability`
//! event, which no decision takes for a price. It comes as a binary float and is rounded to millionths from its digits.
//!
//! Ids: the 32 bytes in the log are derived from the market's id by BLAKE3 under the domains `manifold market`,
//! `manifold yes` and `manifold no`. The `slug` is Manifold's own; there is no fee, no grid (the tick is a millionth), and
//! no smallest order (one share), because nothing is ordered.

mod feed;
pub mod wire;

pub use feed::{Feed, Settings, Wanted};
