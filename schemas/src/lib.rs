//! What can happen in Alpha Arena, and how it is written down.
//!
//! Everything the engine knows entered it as an [`Envelope`]: a sequence number, the time it was stamped, what led to
//! it, and the [`Event`] itself. This crate holds those types, the exact numbers they are made of ([`money`], [`time`],
//! [`ids`]) and the [`frame`] codec that turns a run of them into bytes whose damage, reordering or forgery shows.
//!
//! The crate is pure: no I/O, clock, randomness, threads or hash order. Floats do not occur.

pub mod event;
pub mod frame;
pub mod ids;
pub mod money;
pub mod time;
pub mod versions;

pub use event::{Envelope, Event, EventKind, Record};
pub use ids::{Bytes32, CycleId, MarketId, OrderId, Outcome, Seq, TokenId};
pub use money::{Cash, MoneyError, Price, Prob, Rounding, Side, Size};
pub use time::UtcNanos;

/// The schema version this build writes. Reading accepts it and every older one; a newer one is refused.
pub const SCHEMA_VERSION: u16 = <versions::Current as frame::Schema>::VERSION;
