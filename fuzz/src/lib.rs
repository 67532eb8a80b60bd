//! What the fuzzers do with an input. The entry points of the log are those of its property tests
//! (`engine/log/tests/decoders.rs`); here libFuzzer looks for the inputs. Those of the
//! venue are beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../../engine/log/tests/forge/mod.rs"]
pub mod forge;
pub mod frame;
pub mod polymarket;
#[path = "../../engine/log/tests/sample/mod.rs"]
pub mod sample;

use forge::base::Place;

/// Lends the one directory that this process forges files in.
pub fn with_place(f: impl FnOnce(&Place)) {
    thread_local!(static PLACE: Place = Place::default());
    PLACE.with(f);
}
