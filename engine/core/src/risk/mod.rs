//! The risk gate: code, and the last word. Every limit is looked at and written down, whether it holds or not.

mod exposure;
mod gate;

pub use exposure::{at_risk, open_markets, portfolio_limit};
pub use gate::{HALTED, judge};
