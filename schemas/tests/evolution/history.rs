//! One log that two versions wrote: one chain, each frame with its own bytes.

use super::reading::records_as;
use super::v2::{self, V2};
use super::v3::V3;
use super::{samples, strategies};
use proptest::prelude::*;
use schemas::Record;
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head, Schema, encode_as, remake_as};
use schemas::versions::V1;

fn genesis() -> Head {
    Head::genesis(b"two versions one")
}

fn header_of(frame: &[u8]) -> FrameHeader {
    FrameHeader::parse_upto(frame.first_chunk().unwrap(), V2::VERSION).unwrap()
}

/// A log of two frames by the first version and two by the second, and what its reader must find in it.
fn log() -> (Vec<Vec<u8>>, Head, Vec<v2::Record>) {
    let (old, new) = (samples::records(), v2::samples());
    let (old_a, old_b) = old.split_at(60);
    let (new_a, new_b) = new.split_at(90);
    let (a, head) = encode_as::<V1>(&genesis(), &old_a.to_vec()).unwrap();
    let (b, head) = encode_as::<V1>(&head, &old_b.to_vec()).unwrap();
    let (c, head) = encode_as::<V2>(&head, &new_a.to_vec()).unwrap();
    let (d, head) = encode_as::<V2>(&head, &new_b.to_vec()).unwrap();
    let all = old.into_iter().map(v2::Record::from).chain(new).collect();
    (vec![a, b, c, d], head, all)
}

#[test]
fn one_chain_runs_through_both_versions() {
    let (frames, end, expected) = log();
    let (mut head, mut found) = (genesis(), Vec::new());
    for (frame, version) in frames.iter().zip([1, 1, 2, 2]) {
        let header = header_of(frame);
        assert_eq!(header.schema, version);
        header.check_payload(&frame[HEADER_LEN..], Check::Full).unwrap();
        head = head.follow(&header).unwrap();
        found.extend(records_as::<V2>(frame).unwrap());
    }
    assert_eq!(head, end);
    assert_eq!(found, expected);
}

#[test]
fn an_old_frame_written_anew_is_another_frame() {
    let (frames, _, _) = log();
    let after_first = genesis().follow(&header_of(&frames[0])).unwrap();
    let (rewritten, _) = encode_as::<V2>(&after_first, &records_as::<V2>(&frames[1]).unwrap()).unwrap();
    let behind = after_first.follow(&header_of(&rewritten)).unwrap();
    let refused = behind.follow(&header_of(&frames[2])).unwrap_err();
    assert!(matches!(refused, FrameError::BrokenChain { what: "the chain value of the frame before differs", .. }));
}

#[test]
fn a_build_of_the_first_version_reads_up_to_the_change() {
    let (frames, _, _) = log();
    let read: Result<Vec<_>, _> = frames.iter().map(|frame| records_as::<V1>(frame)).collect();
    assert_eq!(read, Err(FrameError::NewerSchema { found: 2, newest: 1 }));
    let old: Vec<Record> = frames[..2].iter().flat_map(|frame| records_as::<V1>(frame).unwrap()).collect();
    assert_eq!(old, samples::records());
}

/// Frames of these lengths, and all their records in one payload as a sealed segment keeps them.
fn merged<S: Schema>(records: &[S::Record], counts: &[u32]) -> (Vec<(Vec<u8>, Head)>, Vec<u8>)
where
    S::Record: Clone,
{
    let (mut head, mut frames, mut at) = (genesis(), Vec::new(), 0);
    for count in counts {
        let next = at + *count as usize;
        let (frame, behind) = encode_as::<S>(&head, &records[at..next].to_vec()).unwrap();
        (head, at) = (behind, next);
        frames.push((frame, behind));
    }
    let block = encode_as::<S>(&Head { chain: Default::default(), ..genesis() }, &records[..at].to_vec()).unwrap().0;
    (frames, block)
}

#[test]
fn merged_frames_are_made_again_in_their_own_version() {
    let counts = [1, 2, 40, 1, 60];
    let (frames, block) = merged::<V1>(&samples::records(), &counts);
    let remade = remake_as::<V3>(&header_of(&block), &block[HEADER_LEN..], &genesis(), &counts).unwrap();
    assert_eq!(remade, frames);
    let (frames, block) = merged::<V2>(&v2::samples(), &counts);
    let remade = remake_as::<V3>(&header_of(&block), &block[HEADER_LEN..], &genesis(), &counts).unwrap();
    assert_eq!(remade, frames);
    let refused = remake_as::<V1>(&header_of(&block), &block[HEADER_LEN..], &genesis(), &counts);
    assert_eq!(refused, Err(FrameError::NewerSchema { found: 2, newest: 1 }));
}

#[test]
fn counts_that_do_not_add_up_make_no_frames() {
    let (_, block) = merged::<V1>(&samples::records(), &[3, 3]);
    let header = header_of(&block);
    for counts in [&[3, 2][..], &[3, 3, 1], &[6, 0], &[], &[u32::MAX]] {
        let remade = remake_as::<V2>(&header, &block[HEADER_LEN..], &genesis(), counts);
        assert!(remade.is_err(), "{counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_old_frames_are_made_again_bit_for_bit(batches in prop::collection::vec(strategies::batch(4), 1..6)) {
        let counts: Vec<u32> = batches.iter().map(|batch| u32::try_from(batch.len()).unwrap()).collect();
        let (frames, block) = merged::<V1>(&batches.concat(), &counts);
        let remade = remake_as::<V2>(&header_of(&block), &block[HEADER_LEN..], &genesis(), &counts).unwrap();
        prop_assert_eq!(remade, frames);
    }
}
