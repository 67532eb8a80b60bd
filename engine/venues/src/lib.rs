//! The outside: recorded markets, read back as events ([`recording`]), the order book that is traded on ([`polymarket`]),
//! markets elsewhere that are only read ([`kalshi`], [`manifold`]), and the chain that holds the money ([`polygon`]).

pub mod feeds;
mod fields;
pub mod http;
pub mod kalshi;
pub mod manifold;
pub mod net;
mod pace;
pub mod polygon;
pub mod polymarket;
pub mod reach;
pub mod recording;
pub mod wire;
