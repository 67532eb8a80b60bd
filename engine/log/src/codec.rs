//! bincode, in one place: footers and snapshots. It reads only what a hash has vouched for, and borrows what is long, so
//! that not even a forged length makes it allocate more than the bytes that are there.

use serde::{Deserialize, Serialize};

/// No footer or snapshot body is longer.
const LEN_MAX: usize = 1 << 30;

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LEN_MAX>()
}

/// Encodes; `None` if it does not fit.
pub(crate) fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    bincode::serde::encode_to_vec(value, config()).ok().filter(|b| b.len() <= LEN_MAX)
}

/// Decodes bytes that are one value and nothing more.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (value, used) = bincode::serde::borrow_decode_from_slice::<T, _>(bytes, config()).ok()?;
    (used == bytes.len()).then_some(value)
}
