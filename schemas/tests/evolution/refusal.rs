//! What a build cannot read it refuses, and says what was found and what it knows.

use super::golden::frame;
use super::reading::{records_as, relabelled};
use super::samples;
use super::v2::V2;
use super::v3::V3;
use schemas::frame::{FrameError, FrameHeader, HEADER_LEN, Head, Schema, Stored, decode_as, decode_into, encode_as};
use schemas::versions::V1;
use schemas::{CycleId, UtcNanos};
use serde::{Deserialize, Serialize};

#[test]
fn a_build_of_the_first_version_refuses_the_second() {
    let frame = frame();
    let refused = FrameError::NewerSchema { found: 2, newest: 1 };
    assert_eq!(FrameHeader::parse(frame.first_chunk().unwrap()), Err(refused.clone()));
    assert_eq!(records_as::<V1>(&frame), Err(refused.clone()));
    let text = refused.to_string();
    assert_eq!(text, "the frame has schema version 2, this build reads up to 1: use a newer release");
    // A reader that got past the header is refused again.
    let header = FrameHeader::parse_upto(frame.first_chunk().unwrap(), 2).unwrap();
    let mut events = Vec::new();
    assert_eq!(decode_into(&header, &frame[HEADER_LEN..], &mut events), Err(refused.clone()));
    assert_eq!(decode_as::<V1>(&header, &frame[HEADER_LEN..], &mut Vec::new()), Err(refused));
    assert!(events.is_empty());
}

#[test]
fn every_build_refuses_what_is_newer_than_itself() {
    let from_the_future = relabelled(&frame(), 4);
    let refused = |newest| Err(FrameError::NewerSchema { found: 4, newest });
    assert_eq!(records_as::<V1>(&from_the_future), refused(1));
    assert_eq!(records_as::<V2>(&from_the_future).map(|_| Vec::new()), refused(2));
    assert_eq!(records_as::<V3>(&from_the_future).map(|_| Vec::new()), refused(3));
}

/// A build that gave up on everything before version 3.
enum OnlyV3 {}

#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct OnlyRecord {
    time: UtcNanos,
    cycle: CycleId,
}

impl Stored for OnlyRecord {
    fn time(&self) -> UtcNanos {
        self.time
    }

    fn kind_bit(&self) -> u64 {
        1
    }
}

impl Schema for OnlyV3 {
    const VERSION: u16 = 3;
    type Previous = Self;
    type Record = OnlyRecord;

    fn kinds() -> Vec<(u8, &'static str)> {
        vec![(0, "only")]
    }
}

#[test]
fn what_is_older_than_every_known_version_is_refused_too() {
    let refused = records_as::<OnlyV3>(&frame()).unwrap_err();
    assert_eq!(refused, FrameError::OlderSchema { found: 2, oldest: 3 });
    let text = refused.to_string();
    assert_eq!(text, "the frame has schema version 2, older than 3, the oldest that can be read here");
}

#[test]
fn a_version_that_grew_is_not_read_as_the_one_before() {
    let (old, _) = encode_as::<V1>(&Head::genesis(&[1; 16]), &samples::records()).unwrap();
    let new = frame();
    assert!(matches!(records_as::<V2>(&relabelled(&old, 2)), Err(FrameError::Undecodable { .. })));
    assert!(matches!(records_as::<V2>(&relabelled(&new, 1)), Err(FrameError::Undecodable { .. })));
}
