//! The bytes of a released version are frozen. `BLESS_GOLDEN=1 cargo test -p arena-schemas golden` writes them anew,
//! which only a version that nobody has written a log with may need.

use super::frozen::{frozen, same_as_frozen};
use super::reading::read;
use super::samples;
use schemas::frame::{Check, FrameHeader, Head, describe, encode, schema_fingerprint, schema_fingerprint_of};
use schemas::versions::V1;
use schemas::{Envelope, EventKind, SCHEMA_VERSION};

/// The log that the golden frame is the first frame of.
const LOG_ID: [u8; 16] = *b"golden samples!!";

fn envelopes() -> Vec<Envelope> {
    let head = Head::genesis(&LOG_ID);
    let (bytes, _) = encode(&head, &samples::records()).unwrap();
    read(&bytes, Check::Full).unwrap().1
}

#[test]
fn golden_frame_is_what_this_build_writes_and_reads() {
    assert_eq!(SCHEMA_VERSION, 1, "a new version gets a golden file of its own; the old one must still be read");
    let head = Head::genesis(&LOG_ID);
    let (now, after) = encode(&head, &samples::records()).unwrap();
    let frozen = same_as_frozen("golden/v1.frame", &now);
    let (header, events) = read(&frozen, Check::Full).unwrap();
    assert_eq!(head.follow(&header).unwrap(), after);
    assert_eq!(events, envelopes());
}

#[test]
fn golden_frame_holds_every_kind() {
    let (now, _) = encode(&Head::genesis(&LOG_ID), &samples::records()).unwrap();
    let frozen = frozen("golden/v1.frame", &now);
    let header = FrameHeader::parse(frozen.first_chunk().unwrap()).unwrap();
    let missing: Vec<_> = EventKind::ALL.iter().filter(|kind| header.kinds & kind.bit() == 0).collect();
    assert!(missing.is_empty(), "not in v1.frame: {missing:?}");
    let known = EventKind::ALL.iter().fold(0, |bits, kind| bits | kind.bit());
    assert_eq!(header.kinds, known, "v1.frame holds kinds that this build does not know");
}

#[test]
fn golden_json_is_what_this_build_writes_and_reads() {
    let mut now = String::new();
    for envelope in envelopes() {
        now.push_str(&serde_json::to_string(&envelope).unwrap());
        now.push('\n');
    }
    let frozen = String::from_utf8(frozen("golden/v1.json", now.as_bytes())).unwrap();
    for (number, (old, new)) in (1..).zip(frozen.lines().zip(now.lines())) {
        assert_eq!(old, new, "v1.json, line {number}");
    }
    assert_eq!(frozen.lines().count(), now.lines().count());
    let read_back: Vec<Envelope> = frozen.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read_back, envelopes());
}

#[test]
fn golden_types_are_those_of_this_build() {
    let now = describe::<V1>();
    let frozen = String::from_utf8(frozen("golden/v1.types", now.as_bytes())).unwrap();
    for (number, (old, new)) in (1..).zip(frozen.lines().zip(now.lines())) {
        assert_eq!(old, new, "v1.types, line {number}: the types of schema version 1 changed, that is a new version");
    }
    assert_eq!(frozen, now);
}

#[test]
fn fingerprint_of_version_one_is_frozen() {
    assert_eq!(
        schema_fingerprint_of(1),
        Some(0x3658_3450_ff76_521e),
        "a type, a name or a number changed; v1.types says which"
    );
    assert_eq!(schema_fingerprint_of(SCHEMA_VERSION), Some(schema_fingerprint()));
    assert_eq!(schema_fingerprint_of(SCHEMA_VERSION + 1), None);
    assert_eq!(schema_fingerprint_of(0), None);
}
