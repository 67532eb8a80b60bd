//! Forged frames of an older version: a newer build accepts exactly what the old one accepts, and reads the same from it.

use super::forging::{change, forge};
use super::reading::{read_as, records_as, relabelled};
use super::strategies;
use super::v2::{self, V2};
use super::v3::V3;
use proptest::collection::vec;
use proptest::prelude::*;
use schemas::frame::{FrameError, FrameHeader, HEADER_LEN, Head, encode, remake_as};
use schemas::versions::V1;

fn genesis() -> Head {
    Head::genesis(&[7; 16])
}

/// Header and checksums made to fit the payload, whatever it now is.
fn resealed(frame: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader::parse(frame.first_chunk().unwrap()).unwrap();
    let len = u32::try_from(payload.len()).unwrap();
    let header = FrameHeader {
        raw_len: len,
        stored_len: len,
        payload_crc: crc32c::crc32c(payload),
        payload_hash: schemas::Bytes32(*blake3::hash(payload).as_bytes()),
        ..header
    };
    [&header.to_bytes()[..], payload].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn old_and_new_builds_agree_on_forged_frames(records in strategies::batch(6), changes in vec(change(), 1..4)) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let mut payload = frame[HEADER_LEN..].to_vec();
        changes.iter().for_each(|c| forge(&mut payload, c));
        let forged = resealed(&frame, &payload);
        let upcast = |records: Vec<schemas::Record>| records.into_iter().map(v2::Record::from).collect::<Vec<_>>();
        prop_assert_eq!(records_as::<V2>(&forged), records_as::<V1>(&forged).map(upcast));
    }

    #[test]
    fn forged_frames_are_made_again_or_refused(
        records in strategies::batch(6),
        changes in vec(change(), 0..2),
        counts in vec(0..4u32, 0..6),
    ) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let mut payload = frame[HEADER_LEN..].to_vec();
        changes.iter().for_each(|c| forge(&mut payload, c));
        let forged = resealed(&frame, &payload);
        let Ok(header) = FrameHeader::parse(forged.first_chunk().unwrap()) else { return Ok(()) };
        let Ok(frames) = remake_as::<V2>(&header, &payload, &genesis(), &counts) else { return Ok(()) };
        let mut head = genesis();
        let mut found = Vec::new();
        for (frame, behind) in &frames {
            head = head.follow(&FrameHeader::parse(frame.first_chunk().unwrap()).unwrap()).unwrap();
            prop_assert_eq!(&head, behind);
            found.extend(records_as::<V1>(frame).unwrap());
        }
        prop_assert_eq!(found, records_as::<V1>(&forged).unwrap());
        prop_assert_eq!(frames.len(), counts.len());
    }

    #[test]
    fn a_frame_with_another_number_gives_records_or_an_error(records in strategies::batch(5), label in 0..6u16) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        match read_as::<V3>(&relabelled(&frame, label)) {
            Ok((header, found)) => prop_assert_eq!((header.schema, found.len()), (label, records.len())),
            Err(FrameError::NewerSchema { found, newest: 3 }) => prop_assert_eq!((found, label > 3), (label, true)),
            Err(FrameError::Impossible(_)) => prop_assert_eq!(label, 0),
            Err(FrameError::Undecodable { .. }) => prop_assert!(label == 2 || label == 3),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
