//! Where prices come from: recorded markets, read back as events ([`recording`]).

pub mod polymarket;
pub mod recording;
