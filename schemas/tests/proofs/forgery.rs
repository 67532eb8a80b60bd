//! Bytes that somebody made, with checksums that fit. Reading them gives events or an error; it never panics, and what
//! it accepts is as good as if the engine had written it.

use super::forging::{change, forge};
use super::reading::{read, reseal, resign};
use super::{samples, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head, decode_into, encode};
use schemas::{Envelope, Record, UtcNanos};

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
    fn a_header_that_lies_about_its_records_is_refused(
        records in strategies::batch(6),
        times in (any::<i64>(), any::<i64>()),
        kinds in any::<u64>(),
        honest in 0..7u8,
    ) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let (header, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
        let header = FrameHeader::parse(header).unwrap();
        // Each bit that is set leaves one field as it was; at least one is changed.
        let keep = |bit: u8| honest & 1 << bit != 0;
        let lies = FrameHeader {
            first_time: if keep(0) { header.first_time } else { UtcNanos(times.0) },
            last_time: if keep(1) { header.last_time } else { UtcNanos(times.1) },
            kinds: if keep(2) { header.kinds } else { kinds },
            ..header
        };
        prop_assume!(lies != header);
        let mut events = Vec::new();
        let refused = decode_into(&lies, payload, &mut events).map_err(|e| e.to_string()).unwrap_err();
        prop_assert!(refused.contains("its times or kinds are not those that the header says"), "{}", refused);
        prop_assert!(events.is_empty());
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
