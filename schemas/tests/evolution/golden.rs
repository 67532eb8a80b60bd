//! The second version is frozen like a released one. `BLESS_GOLDEN=1 cargo test -p arena-schemas --test evolution
//! golden` writes its files anew.

use super::frozen::same_as_frozen;
use super::reading::{read_as, records_as};
use super::v2::{self, BOOK_CHECKED, V2};
use schemas::frame::{Head, Schema, describe, encode_as, fingerprint_of};
use schemas::versions::V1;

/// Where the second version's frame goes on.
pub const HEAD: Head = Head { seq: 41, chain: schemas::Bytes32([0x42; 32]) };

/// The second version's golden frame, as this build writes it.
pub fn frame() -> Vec<u8> {
    encode_as::<V2>(&HEAD, &v2::samples()).unwrap().0
}

#[test]
fn golden_frame_is_what_this_build_writes_and_reads() {
    let frozen = same_as_frozen("tests/evolution/golden/v2.frame", &frame());
    let (header, records) = read_as::<V2>(&frozen).unwrap();
    assert_eq!((header.schema, header.first_seq), (2, 42));
    assert_eq!(
        records.iter().map(|(seq, _)| seq.get()).collect::<Vec<_>>(),
        (42..=header.last_seq()).collect::<Vec<_>>()
    );
    assert_eq!(records_as::<V2>(&frozen).unwrap(), v2::samples());
    let every_kind = V2::kinds().iter().fold(0, |bits, (number, _)| bits | 1 << number);
    assert_eq!(header.kinds, every_kind);
    assert_ne!(header.kinds & 1 << BOOK_CHECKED, 0);
}

#[test]
fn golden_types_say_what_the_second_version_changed() {
    same_as_frozen("tests/evolution/golden/v2.types", describe::<V2>().as_bytes());
    let (old, new) = (describe::<V1>(), describe::<V2>());
    let only_in = |a: &str, b: &str| -> Vec<String> {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(|line| line.trim().to_owned()).collect()
    };
    let gone = only_in(&old, &new);
    let come = only_in(&new, &old);
    assert_eq!(gone, ["schema version 1", "stored record: 68 bytes, aligned to 1", "protocol: u8", "aggressor: Side"]);
    assert_eq!(
        come,
        [
            "schema version 2",
            "stored record: 76 bytes, aligned to 1",
            "kind 56 book_checked",
            "venue_seq: u64",
            "11 BookChecked { token: TokenId, hash: [u8; 32] }",
            "taker: Side",
        ]
    );
}

#[test]
fn golden_fingerprint_is_frozen() {
    assert_eq!(fingerprint_of::<V2>(), 0x3779_925f_6cfe_0ee7, "the types of version 2 changed");
}
