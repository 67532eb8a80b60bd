//! A sandbox: the simulated exchange behind Polymarket's own protocol, so that anyone's bot can be tried on replayed history.
//!
//! Two layers. [`Venue`] is the whole venue without sockets, clock or threads: requests, socket texts and recorded market
//! data go in with the time they come at, answers and texts come out, and two venues that are given the same are the same.
//! [`server`] puts it behind HTTP and websockets on loopback.
//!
//! # What it does as the venue does
//!
//! Order ids are EIP-712 hashes; signatures, owners and HMACs are checked; refusals have the venue's words and statuses;
//! both outcomes show one book with mirrored prices; trades pass through MATCHED, MINED and CONFIRMED, or fail and are
//! taken back. Each fault of [`Faults`] can be switched on alone and is drawn from one seeded generator.
//!
//! # What it does not
//!
//! A purchase of kind FOK or FAK takes at most the shares it names, also where a better price would give more for its
//! dollars. Rewards, RFQ, combos and perps are absent. An answer to a request that the venue has never documented is 404.

// JSON objects of the venue have many fields, and `json!` goes one level deeper for each.
#![recursion_limit = "512"]

mod answer;
mod auth;
mod base;
mod book;
mod buckets;
mod by_hand;
mod cancel;
mod catalogue;
mod clients;
mod data_api;
mod dice;
mod faults;
mod fills;
mod frames;
mod gamma;
mod gate;
mod heartbeat;
mod history;
mod listing;
mod orders;
mod parse;
mod place;
mod polygon;
mod public;
mod rlp;
mod route;
pub mod server;
mod settings;
mod sockets;
mod standing;
mod tell;
mod trades;
mod venue;

pub use answer::{Answer, Loss, Request, Response};
pub use by_hand::{ByHand, ByHandError};
pub use faults::{Faults, Rate};
pub use gate::Mode;
pub use settings::{Limit, Settings, SettingsError};
pub use sockets::{Channel, SessionId};
pub use standing::Standing;
pub use venue::{Account, Recorded, Venue};
