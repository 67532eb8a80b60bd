//! Bytes that somebody made, with checksums that fit. Reading them gives events or an error; it never panics, and what
//! it accepts is as good as if the engine had written it.

use super::reading::{read, reseal, resign};
use super::{samples, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head, decode_into, encode};
use schemas::{Envelope, Record};

fn genesis() -> Head {
    Head::genesis(&[7; 16])
}

/// Accepted events must survive being written and read again, shown as text, and turned into JSON.
fn as_good_as_ours(header: &FrameHeader, events: Vec<Envelope>) {
    assert_eq!(events.len(), header.count as usize);
    let shown = format!("{events:?}");
    let kinds = events.iter().fold(0, |bits, e| bits | e.event.kind().bit());
    assert!(!shown.is_empty() && kinds != 0);
    let head = Head { seq: header.first_seq - 1, ..genesis() };
    let records: Vec<Record> = events.iter().cloned().map(Record::from).collect();
    let (bytes, _) = encode(&head, &records).unwrap();
    assert_eq!(read(&bytes, Check::Full).unwrap().1, events);
}

fn try_forgery(frame: &[u8]) -> bool {
    match read(frame, Check::Full) {
        Ok((header, events)) => {
            as_good_as_ours(&header, events);
            true
        }
        Err(_) => false,
    }
}

/// One change to a payload.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Copy(Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), prop_oneof![Just(0), Just(0xff), Just(0x80), any::<u8>()]).prop_map(|(at, v)| Change::Set(at, v)),
        4 => (place(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (place(), place(), 1..16usize).prop_map(|(from, to, len)| Change::Copy(from, to, len)),
    ]
}

fn forge(payload: &mut Vec<u8>, change: &Change) {
    if payload.is_empty() {
        return;
    }
    match change {
        Change::Set(at, value) => {
            let at = at.index(payload.len());
            payload[at] = *value;
        }
        Change::Flip(at, bit) => {
            let at = at.index(payload.len());
            payload[at] ^= 1 << bit;
        }
        Change::Cut(at) => payload.truncate(at.index(payload.len())),
        Change::Insert(at, bytes) => {
            let at = at.index(payload.len());
            payload.splice(at..at, bytes.iter().copied());
        }
        Change::Copy(from, to, len) => {
            let (from, to) = (from.index(payload.len()), to.index(payload.len()));
            let len = (*len).min(payload.len() - from.max(to));
            payload.copy_within(from..from + len, to);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn forged_payloads_give_events_or_an_error(records in strategies::batch(6), changes in vec(change(), 1..4)) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let mut payload = frame[HEADER_LEN..].to_vec();
        changes.iter().for_each(|c| forge(&mut payload, c));
        let mut forged = [&frame[..HEADER_LEN], &payload].concat();
        reseal(&mut forged);
        try_forgery(&forged);
    }

    #[test]
    fn arbitrary_payloads_give_events_or_an_error(payload in vec(any::<u8>(), 1..600), count in 1..4u32) {
        let (frame, _) = encode(&genesis(), &samples::records()).unwrap();
        let mut forged = [&frame[..HEADER_LEN], &payload].concat();
        forged[12..16].copy_from_slice(&count.to_le_bytes());
        reseal(&mut forged);
        try_forgery(&forged);
    }

    #[test]
    fn arbitrary_bytes_are_no_frame(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes, Check::Crc).is_err());
    }

    #[test]
    fn arbitrary_headers_that_fit_never_panic(mut fields in vec(any::<u8>(), HEADER_LEN), keep in any::<u128>()) {
        let (frame, _) = encode(&genesis(), &samples::records()).unwrap();
        // Keeps a random choice of the real bytes, so that some headers get far.
        for (i, byte) in fields.iter_mut().enumerate() {
            if i < 12 || keep >> i & 1 == 1 {
                *byte = frame[i];
            }
        }
        let mut header: [u8; HEADER_LEN] = *fields.first_chunk().unwrap();
        resign(&mut header);
        if let Ok(parsed) = FrameHeader::parse(&header) {
            let payload = &frame[HEADER_LEN..];
            let _ = parsed.check_payload(payload, Check::Full);
            let _ = genesis().follow(&parsed);
            let (_, _) = (parsed.last_seq(), parsed.frame_len());
            // A reader checks first; one that forgot to must still not fall over.
            let mut events = Vec::new();
            if decode_into(&parsed, payload, &mut events).is_ok() {
                prop_assert_eq!(events.len(), parsed.count as usize);
            }
        }
    }
}

#[test]
fn every_byte_of_the_samples_can_be_forged_without_harm() {
    let (frame, _) = encode(&genesis(), &samples::records()).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for offset in HEADER_LEN..frame.len() {
        for value in [0x00, 0xff] {
            if frame[offset] == value {
                continue;
            }
            let mut forged = frame.clone();
            forged[offset] = value;
            reseal(&mut forged);
            let (header, payload) = forged.split_first_chunk::<HEADER_LEN>().unwrap();
            let header = FrameHeader::parse(header).unwrap();
            let mut events = Vec::new();
            match decode_into(&header, payload, &mut events) {
                Ok(()) => accepted += 1,
                Err(FrameError::Undecodable { .. }) => refused += 1,
                Err(other) => panic!("byte {offset} = {value}: {other}"),
            }
        }
    }
    // Numbers may become other numbers; tags, lengths and offsets may not.
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_count_that_differs_from_the_payload_is_refused() {
    let records = samples::records();
    let (mut frame, _) = encode(&genesis(), &records).unwrap();
    frame[12..16].copy_from_slice(&1u32.to_le_bytes());
    reseal(&mut frame);
    assert!(matches!(read(&frame, Check::Full), Err(FrameError::Undecodable { first_seq: 1, .. })));
}
