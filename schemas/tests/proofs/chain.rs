//! A chain of frames: nothing can be left out, repeated, reordered, replaced, or taken from another log.

use super::strategies;
use proptest::collection::vec;
use proptest::prelude::*;
use schemas::Record;
use schemas::frame::{FrameError, FrameHeader, Head, encode};

const GAP: &str = "the sequence has a gap or repeats";
const OTHER: &str = "the chain value of the frame before differs";

/// Headers and heads of a log of these batches, from its first frame on.
fn log(id: u8, batches: &[Vec<Record>]) -> (Vec<FrameHeader>, Vec<Head>) {
    let mut heads = vec![Head::genesis(&[id; 16])];
    let mut headers = Vec::new();
    for records in batches {
        let (bytes, next) = encode(heads.last().unwrap(), records).unwrap();
        headers.push(FrameHeader::parse(bytes.first_chunk().unwrap()).unwrap());
        heads.push(next);
    }
    (headers, heads)
}

fn refused(head: &Head, header: &FrameHeader) -> &'static str {
    match head.follow(header) {
        Err(FrameError::BrokenChain { first_seq, what }) if first_seq == header.first_seq => what,
        other => panic!("expected a broken chain, got {other:?}"),
    }
}

fn batches() -> impl Strategy<Value = Vec<Vec<Record>>> {
    vec(strategies::batch(3), 3..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn only_the_next_frame_follows(batches in batches()) {
        let (headers, heads) = log(1, &batches);
        for (i, head) in heads.iter().enumerate() {
            for (j, header) in headers.iter().enumerate() {
                if i == j {
                    prop_assert_eq!(head.follow(header).unwrap(), heads[i + 1]);
                } else {
                    // Later ones are a gap, earlier ones a repeat; a swapped pair is both.
                    prop_assert_eq!(refused(head, header), GAP);
                }
            }
        }
    }

    #[test]
    fn a_replaced_frame_breaks_the_chain_behind_it(batches in batches(), other in strategies::record()) {
        let (headers, heads) = log(1, &batches);
        let mut changed = batches.clone();
        prop_assume!(changed[1][0] != other);
        changed[1][0] = other;
        let (forged, _) = log(1, &changed);
        let behind = heads[1].follow(&forged[1]).unwrap();
        prop_assert_eq!(behind.seq, heads[2].seq);
        prop_assert_ne!(behind.chain, heads[2].chain);
        prop_assert_eq!(refused(&behind, &headers[2]), OTHER);
    }

    #[test]
    fn a_frame_of_another_log_does_not_fit(batches in batches()) {
        let ((mine, heads), (theirs, _)) = (log(1, &batches), log(2, &batches));
        for (head, (my, their)) in heads.iter().zip(mine.iter().zip(&theirs)) {
            prop_assert!(head.follow(my).is_ok());
            prop_assert_eq!(refused(head, their), OTHER);
        }
    }
}

#[test]
fn the_end_of_the_numbers_is_an_error_not_a_wrap() {
    let records = vec![super::samples::records().swap_remove(0)];
    let last = Head { seq: u64::MAX, ..Head::genesis(&[1; 16]) };
    // No frame can start there: sequence 0 or an overflow, both refused when read back.
    if let Ok((bytes, _)) = encode(&last, &records) {
        assert!(FrameHeader::parse(bytes.first_chunk().unwrap()).is_err());
    }
}
