//! The outside: recorded markets, read back as events ([`recording`]), and the chain that holds the money ([`polygon`]).

pub mod http;
pub mod polygon;
pub mod recording;
