//! What to do next.
//!
//! [`Core::apply`] folds an event into the state; [`Core::decide`] says, from that state and the same event, which events
//! must follow. Both are pure, so a replay decides again and must get the same, event by event. A decision cycle is a
//! chain of such steps, each an event of its own: started, estimates, blend, proposal, risk verdict, plan, order intent.
//!
//! Models propose typed, bounded records; sizes, limits, ticks, ids and the kill switch are code in this crate.

mod chain;
pub mod config;
mod core;
mod cycle;
mod exits;
pub mod forecast;
mod operator;
mod order;
mod reflect;
pub mod risk;
pub mod sizing;
mod step;
mod unknown;
mod venues;

pub use crate::core::{Core, DISK};
pub use chain::{Chain, Mismatch, Origin};
pub use config::AccountConfig;
pub use config::{Config, ConfigError};
pub use order::{VenueError, is_sendable, order_bytes, sign_body};
pub use step::Draft;
