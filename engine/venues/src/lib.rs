//! The outside: recorded markets, read back as events ([`recording`]), the order book that is traded on ([`polymarket`]), and
//! the chain that holds the money ([`polygon`]).

pub mod http;
pub mod polygon;
pub mod polymarket;
pub mod reach;
pub mod recording;
