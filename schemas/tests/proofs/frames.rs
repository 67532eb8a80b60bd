//! What is written reads back, and any damage to it is refused by the check that is there for it.

use super::reading::{read, resign};
use super::{samples, strategies};
use proptest::prelude::*;
use schemas::frame::{
    Check, FORMAT_VERSION, FrameError, FrameHeader, HEADER_LEN, Head, PAYLOAD_LEN_MAX, decode_into, encode,
};
use schemas::{Bytes32, Envelope, Record, SCHEMA_VERSION, Seq};

/// The head of some log that holds `seq` events.
fn head(seq: u64) -> Head {
    Head { seq, chain: Bytes32([0x5a; 32]) }
}

/// Where the records stand when they follow `head`.
fn placed(head: &Head, records: &[Record]) -> Vec<Envelope> {
    (head.seq + 1..).zip(records).map(|(seq, r)| r.clone().at(Seq::new(seq).unwrap())).collect()
}

/// A short frame whose every bit can be tried.
fn small_frame() -> Vec<u8> {
    let records = samples::records();
    encode(&head(7), &records[14..17].to_vec()).unwrap().0
}

/// What a flip at this offset must be refused as.
fn blamed(offset: usize, error: &FrameError) -> bool {
    match offset {
        0..4 => *error == FrameError::NotAFrame,
        4..HEADER_LEN => *error == FrameError::HeaderDamaged,
        _ => *error == FrameError::PayloadDamaged { first_seq: 8 },
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(records in strategies::batch(12), seq in 0..u64::MAX / 2) {
        let before = head(seq);
        let (bytes, after) = encode(&before, &records).unwrap();
        let (header, events) = read(&bytes, Check::Full).unwrap();
        prop_assert_eq!(&events, &placed(&before, &records));
        prop_assert_eq!(events.into_iter().map(Record::from).collect::<Vec<_>>(), records.clone());
        prop_assert_eq!(before.follow(&header).unwrap(), after);
        prop_assert_eq!(header.frame_len(), bytes.len());
        prop_assert_eq!((header.first_seq, header.last_seq()), (seq + 1, seq + records.len() as u64));
        prop_assert_eq!(header.kinds, records.iter().fold(0, |bits, r| bits | r.event.kind().bit()));
        prop_assert_eq!(Some(header.first_time), records.iter().map(|r| r.time).min());
        prop_assert_eq!(Some(header.last_time), records.iter().map(|r| r.time).max());
        prop_assert_eq!(encode(&before, &records).unwrap().0, bytes, "the same records gave other bytes");
    }

    #[test]
    fn decoding_appends(a in strategies::batch(3), b in strategies::batch(3)) {
        let (first, middle) = encode(&head(0), &a).unwrap();
        let (second, _) = encode(&middle, &b).unwrap();
        let mut events = Vec::new();
        for frame in [&first, &second] {
            let header = FrameHeader::parse(frame.first_chunk().unwrap()).unwrap();
            decode_into(&header, &frame[HEADER_LEN..], &mut events).unwrap();
        }
        let all: Vec<Record> = a.into_iter().chain(b).collect();
        prop_assert_eq!(events, placed(&head(0), &all));
    }

    #[test]
    fn any_flipped_bit_is_refused(records in strategies::batch(8), place in any::<prop::sample::Index>(), bit in 0..8u8) {
        let (mut bytes, _) = encode(&head(7), &records).unwrap();
        let offset = place.index(bytes.len());
        bytes[offset] ^= 1 << bit;
        for check in [Check::Crc, Check::Full] {
            let error = read(&bytes, check).unwrap_err();
            prop_assert!(blamed(offset, &error), "byte {} was blamed as: {}", offset, error);
        }
    }

    #[test]
    fn any_newer_schema_is_refused_by_name(schema in SCHEMA_VERSION + 1.., format in FORMAT_VERSION + 1..) {
        let frame = small_frame();
        let mut header: [u8; HEADER_LEN] = *frame.first_chunk().unwrap();
        header[6..8].copy_from_slice(&schema.to_le_bytes());
        resign(&mut header);
        let refused = FrameError::NewerSchema { found: schema, newest: SCHEMA_VERSION };
        prop_assert_eq!(FrameHeader::parse(&header).unwrap_err(), refused);
        // The format is judged first: a later one may keep its schema number elsewhere.
        header[4..6].copy_from_slice(&format.to_le_bytes());
        resign(&mut header);
        let refused = FrameError::NewerFormat { found: format, newest: FORMAT_VERSION };
        prop_assert_eq!(FrameHeader::parse(&header).unwrap_err(), refused);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_chain_vouches_for_every_byte_of_a_header(offset in 4..60usize, value in any::<u8>()) {
        let frame = small_frame();
        let mut header: [u8; HEADER_LEN] = *frame.first_chunk().unwrap();
        header[offset] = value;
        resign(&mut header);
        if let Ok(parsed) = FrameHeader::parse(&header) {
            prop_assert_eq!(parsed.to_bytes(), header, "accepted, but the chain is computed over other bytes");
        }
    }
}

#[test]
fn every_single_flipped_bit_of_a_frame_is_refused() {
    let whole = small_frame();
    read(&whole, Check::Full).expect("the frame is good before it is damaged");
    for offset in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[offset] ^= 1 << bit;
            let error = read(&bytes, Check::Full).unwrap_err();
            assert!(blamed(offset, &error), "bit {bit} of byte {offset} was blamed as: {error}");
        }
    }
}

#[test]
fn every_truncation_and_any_extra_byte_is_refused() {
    let mut bytes = small_frame();
    for len in 0..bytes.len() {
        let first_seq = if len < HEADER_LEN { 0 } else { 8 };
        assert_eq!(read(&bytes[..len], Check::Crc).unwrap_err(), FrameError::CutShort { first_seq }, "{len} bytes");
    }
    bytes.push(0);
    assert_eq!(read(&bytes, Check::Crc).unwrap_err(), FrameError::CutShort { first_seq: 8 });
}

#[test]
fn a_crc_that_fits_does_not_satisfy_the_full_check() {
    let mut bytes = small_frame();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let (header, payload) = bytes.split_first_chunk_mut::<HEADER_LEN>().unwrap();
    header[56..60].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    resign(header);
    let header = FrameHeader::parse(header).unwrap();
    header.check_payload(payload, Check::Crc).expect("the checksum was made to fit");
    assert_eq!(header.check_payload(payload, Check::Full), Err(FrameError::PayloadDamaged { first_seq: 8 }));
}

/// Header fields that no writer writes, with a fitting checksum: (offset, bytes, what the refusal must be).
#[test]
fn impossible_headers_are_refused() {
    let codec = |what, number| FrameError::UnknownCodec { what, number };
    let too_long = (PAYLOAD_LEN_MAX + 1).to_le_bytes();
    let cases: [(usize, &[u8], FrameError); 10] = [
        (0, b"AAaa", FrameError::NotAFrame),
        (6, &[0, 0], FrameError::Impossible("schema version 0")),
        (8, &[0], codec("codec", 0)),
        (8, &[2], codec("codec", 2)),
        (9, &[2], codec("compression", 2)),
        (12, &[0; 4], FrameError::Impossible("no records, or sequence 0")),
        (16, &too_long, FrameError::Impossible("payload length")),
        (20, &too_long, FrameError::Impossible("payload length")),
        (24, &[0; 8], FrameError::Impossible("no records, or sequence 0")),
        (24, &[0xff; 8], FrameError::Impossible("sequence overflow")),
    ];
    let frame = small_frame();
    for (offset, bytes, refused) in cases {
        let mut header: [u8; HEADER_LEN] = *frame.first_chunk().unwrap();
        header[offset..offset + bytes.len()].copy_from_slice(bytes);
        resign(&mut header);
        assert_eq!(FrameHeader::parse(&header), Err(refused), "bytes {bytes:?} at {offset}");
    }
}

#[test]
fn an_empty_batch_is_no_frame() {
    assert!(matches!(encode(&head(0), &vec![]), Err(FrameError::Impossible(_))));
}
