//! Frames: header, payload, and the records in it.

use crate::forge::changes::{Input, change};
use crate::forge::repair;
use schemas::frame::{
    Check, FrameHeader, HEADER_LEN, Head, RECORD_LEN, decode_into, encode, record_alone, records_at, time_alone, view,
};
use schemas::{Envelope, Record};

/// Every kind of event, in one frame.
const SOUND: &[u8] = include_bytes!("../../schemas/golden/v1.frame");

/// The first byte says whether the rest is a frame, a payload, or changes to a sound frame, and what is made to fit.
pub fn read(input: &[u8]) {
    let mut input = Input::new(input);
    let how = input.byte();
    let mut bytes = match how & 3 {
        0 => input.rest().to_vec(),
        1 => {
            let mut header = SOUND[..HEADER_LEN].to_vec();
            header[12..16].copy_from_slice(&u32::from(input.byte()).to_le_bytes());
            change(&mut header, &mut input, usize::from(how >> 4 & 1));
            [header, input.rest().to_vec()].concat()
        }
        _ => {
            let mut bytes = SOUND.to_vec();
            change(&mut bytes, &mut input, 24);
            bytes
        }
    };
    if how & 4 == 0 {
        settle(&mut bytes);
    }
    let Some((header, payload)) = bytes.split_first_chunk::<HEADER_LEN>() else { return };
    let Ok(header) = FrameHeader::parse(header) else { return };
    let head = Head { seq: header.first_seq - 1, chain: header.prev_chain };
    assert_eq!(head.follow(&header).unwrap().seq, header.last_seq());
    let intact = header.check_payload(payload, Check::Full).is_ok();
    assert!(!intact || header.check_payload(payload, Check::Crc).is_ok());
    // A reader checks first; one that forgot to must still not fall over.
    look(&header, payload);
}

/// Lengths and checksums fit, chain and counts stay.
fn settle(bytes: &mut [u8]) {
    let Some(len) = bytes.len().checked_sub(HEADER_LEN) else { return };
    let len = (len as u32).to_le_bytes();
    bytes[16..20].copy_from_slice(&len);
    bytes[20..24].copy_from_slice(&len);
    let mut chain = *bytes[64..96].first_chunk().unwrap();
    repair::frame(bytes, &mut chain);
}

fn look(header: &FrameHeader, payload: &[u8]) {
    let mut events = Vec::new();
    let decoded = decode_into(header, payload, &mut events);
    let seen = view(header, payload).and_then(|v| v.iter().map(|r| r.to_envelope()).collect::<Result<Vec<_>, _>>());
    match &decoded {
        Ok(()) => assert_eq!(seen.as_ref(), Ok(&events)),
        Err(_) => assert!(events.is_empty()),
    }
    let Some(at) = records_at(payload.len(), header.count) else { return };
    for (n, row) in payload[at..].chunks_exact(RECORD_LEN).take(header.count as usize).enumerate() {
        let alone = record_alone(row, 0..RECORD_LEN);
        let time = time_alone(row).unwrap();
        if decoded.is_ok() {
            assert!(alone.is_none_or(|r| r.at(events[n].seq) == events[n]));
            assert_eq!(time, events[n].time);
        }
    }
    if decoded.is_ok() {
        as_good_as_ours(header, &events);
    }
}

/// Accepted events survive being shown, written and read again.
fn as_good_as_ours(header: &FrameHeader, events: &[Envelope]) {
    assert_eq!(events.len(), header.count as usize);
    assert!(!format!("{events:?}").is_empty());
    let records: Vec<Record> = events.iter().cloned().map(Record::from).collect();
    let (bytes, _) = encode(&Head { seq: header.first_seq - 1, chain: header.prev_chain }, &records).unwrap();
    let (again, payload) = bytes.split_first_chunk::<HEADER_LEN>().unwrap();
    let again = FrameHeader::parse(again).unwrap();
    let mut second = Vec::new();
    decode_into(&again, payload, &mut second).unwrap();
    assert_eq!(second, events);
}
