//! Polymarket's order book, live.
//!
//! Everything that decides anything is here without sockets: the [`desk`] takes what was heard and the time, and says what
//! to ask for next ([`wire`](crate::wire)). So a thousand simulated days of faults run through the same code as one real
//! one. The [`feed`] does the same for market data. What either asks for passes the [`limits`] on its way to the
//! [network](crate::net).

mod bucket;
pub mod desk;
mod faults;
pub mod feed;
pub mod limits;
