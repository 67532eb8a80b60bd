//! What an older version wrote is read by a build of a newer one: with the old types, then brought up.

use super::frozen::golden;
use super::reading::{read_as, records_as};
use super::v2::{self, V2};
use super::v3::{self, LaterV3, OtherKindV3, V3};
use super::{samples, strategies};
use proptest::prelude::*;
use schemas::frame::{
    Check, FrameError, FrameHeader, HEADER_LEN, Head, bring_up_as, decode_as, decode_into, encode, encode_as,
};
use schemas::versions::V1;
use schemas::{Envelope, EventKind, Record};

/// The first version's golden frame, as it lies in the repository.
fn v1_frame() -> Vec<u8> {
    golden("golden/v1.frame")
}

/// The first version's golden events, read from JSON: another way to them than the frame.
fn v1_json() -> Vec<Envelope> {
    let text = String::from_utf8(golden("golden/v1.json")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_first_version_s_golden_frame_reads_as_the_second() {
    let (header, records) = read_as::<V2>(&v1_frame()).unwrap();
    let expected: Vec<_> = v1_json().into_iter().map(|e| (e.seq, v2::Record::from(Record::from(e)))).collect();
    assert_eq!(header.schema, 1);
    assert_eq!(records, expected);
}

#[test]
fn upcasts_follow_one_another() {
    let twice = |record| v3::Record::from(v2::Record::from(record));
    let expected: Vec<_> = v1_json().into_iter().map(|e| (e.seq, twice(Record::from(e)))).collect();
    assert_eq!(read_as::<V3>(&v1_frame()).unwrap().1, expected);
    let once: Vec<_> = v2::samples().into_iter().map(v3::Record::from).collect();
    assert_eq!(records_as::<V3>(&super::golden::frame()).unwrap(), once);
}

#[test]
fn an_upcast_says_what_it_must() {
    let old = samples::records();
    let new = records_as::<V2>(&v1_frame()).unwrap();
    let mut seen = [0; 3];
    for (old, new) in old.iter().zip(&new) {
        match (&old.event, &new.event) {
            (
                schemas::Event::Market(schemas::event::MarketEvent::BookDelta(old)),
                v2::Event::Market(v2::MarketEvent::BookDelta(new)),
            ) => {
                assert_eq!((new.token, new.price, new.size, new.venue_seq), (old.token, old.price, old.size, 0));
                seen[0] += 1;
            }
            (
                schemas::Event::Market(schemas::event::MarketEvent::Trade(old)),
                v2::Event::Market(v2::MarketEvent::Trade(new)),
            ) => {
                assert_eq!((new.token, new.taker, new.price), (old.token, old.aggressor, old.price));
                seen[1] += 1;
            }
            (
                schemas::Event::Market(schemas::event::MarketEvent::Listed(old)),
                v2::Event::Market(v2::MarketEvent::Listed(new)),
            ) => {
                assert_eq!((&new.question, new.ends, new.neg_risk), (&old.question, old.ends, old.neg_risk));
                seen[2] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, [2, 1, 6]);
}

#[test]
fn an_old_frame_can_be_brought_up_to_be_read_in_place() {
    let frame = v1_frame();
    let (header, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
    let header = FrameHeader::parse(header).unwrap();
    let up = bring_up_as::<V2>(&header, payload).unwrap();
    let (new, records) = read_as::<V2>(&up).unwrap();
    assert_eq!((new.schema, new.first_seq, new.count), (2, header.first_seq, header.count));
    assert_eq!((new.first_time, new.last_time, new.kinds), (header.first_time, header.last_time, header.kinds));
    assert_eq!(records, read_as::<V2>(&frame).unwrap().1);
    // What is of this version already comes out as it went in.
    assert_eq!(bring_up_as::<V1>(&header, payload).unwrap(), frame);
}

#[test]
fn a_header_is_held_against_the_records_of_its_own_version() {
    let frame = v1_frame();
    let (head, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
    let honest = FrameHeader::parse(head).unwrap();
    let refused = |header: &FrameHeader| {
        let mut out = Vec::new();
        let refused = matches!(decode_as::<V2>(header, payload, &mut out), Err(FrameError::Undecodable { .. }));
        assert!(out.is_empty(), "records were handed out that were then refused");
        refused
    };
    let later = schemas::UtcNanos(honest.last_time.0 + 1);
    assert!(refused(&FrameHeader { kinds: honest.kinds & !EventKind::Trade.bit(), ..honest }));
    assert!(refused(&FrameHeader { kinds: honest.kinds | 1 << v2::BOOK_CHECKED, ..honest }));
    assert!(refused(&FrameHeader { last_time: later, ..honest }));
    assert!(refused(&FrameHeader { count: honest.count - 1, ..honest }));
    decode_as::<V2>(&honest, payload, &mut Vec::new()).unwrap();
}

#[test]
fn an_upcast_that_moves_an_event_is_refused() {
    let said = |e: FrameError| match e {
        FrameError::Undecodable { first_seq, reason } => (first_seq, reason),
        other => panic!("refused for another reason: {other}"),
    };
    let (first_seq, reason) = said(records_as::<LaterV3>(&v1_frame()).unwrap_err());
    assert_eq!((first_seq, reason.as_str()), (1, "version 3 gives event 1 another time or kind than it has"));
    // The first feed gap of the samples is event 22.
    let (first_seq, reason) = said(records_as::<OtherKindV3>(&v1_frame()).unwrap_err());
    assert_eq!((first_seq, reason.as_str()), (1, "version 3 gives event 22 another time or kind than it has"));
}

#[test]
fn what_was_decoded_before_stays_when_a_frame_is_refused() {
    let mut events = Vec::new();
    let (frame, _) = encode(&Head::genesis(&[1; 16]), &samples::records()).unwrap();
    let (head, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
    let header = FrameHeader::parse(head).unwrap();
    decode_into(&header, payload, &mut events).unwrap();
    let before = events.clone();
    let lies = FrameHeader { kinds: 1, ..header };
    decode_into(&lies, payload, &mut events).unwrap_err();
    assert_eq!(events, before);
}

proptest! {
    #[test]
    fn any_old_record_is_read_as_its_upcast(records in strategies::batch(12), seq in 0..u64::MAX / 2) {
        let head = Head { seq, ..Head::genesis(&[7; 16]) };
        let (frame, _) = encode_as::<V1>(&head, &records).unwrap();
        prop_assert_eq!(&frame, &encode(&head, &records).unwrap().0);
        let (header, read) = read_as::<V2>(&frame).unwrap();
        header.check_payload(&frame[HEADER_LEN..], Check::Full).unwrap();
        let places: Vec<u64> = read.iter().map(|(seq, _)| seq.get()).collect();
        prop_assert_eq!(places, (seq + 1..=seq + records.len() as u64).collect::<Vec<_>>());
        let read: Vec<v2::Record> = read.into_iter().map(|(_, record)| record).collect();
        prop_assert_eq!(&read, &records.into_iter().map(v2::Record::from).collect::<Vec<_>>());
        // And survives being written as what it now is.
        let (again, _) = encode_as::<V2>(&head, &read).unwrap();
        prop_assert_eq!(records_as::<V2>(&again).unwrap(), read);
    }
}
