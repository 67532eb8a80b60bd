//! Reading where the bytes lie gives what decoding gives, also from forged bytes.

use super::forging::{change, forge};
use super::reading::reseal;
use super::{samples, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use schemas::frame::{
    FrameHeader, HEADER_LEN, Head, RECORD_LEN, decode_into, encode, record_alone, records_at, time_alone, view,
};
use schemas::{Envelope, EventKind, Seq};

fn genesis() -> Head {
    Head::genesis(&[7; 16])
}

fn split(frame: &[u8]) -> (FrameHeader, &[u8]) {
    let (header, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
    (FrameHeader::parse(header).unwrap(), payload)
}

fn decoded(header: &FrameHeader, payload: &[u8]) -> Option<Vec<Envelope>> {
    let mut events = Vec::new();
    decode_into(header, payload, &mut events).ok().map(|()| events)
}

proptest! {
    #[test]
    fn a_view_shows_what_is_decoded(records in strategies::batch(12), first in 0..16u64, last in 0..16u64) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let (header, payload) = split(&frame);
        let events = decoded(&header, payload).unwrap();
        let whole = view(&header, payload).unwrap();
        prop_assert_eq!(whole.len(), events.len());
        for (shown, event) in whole.iter().zip(&events) {
            prop_assert_eq!((shown.seq, shown.time()), (event.seq.get(), event.time));
            prop_assert_eq!(shown.record.event.kind(), event.event.kind());
            prop_assert_eq!(&shown.to_envelope().unwrap(), event);
            prop_assert_eq!(whole.get(shown.seq).unwrap().to_envelope().unwrap(), event.clone());
        }
        prop_assert!(whole.get(header.last_seq() + 1).is_none() && whole.get(header.first_seq - 1).is_none());
        let wanted: Vec<u64> = events.iter().map(|e| e.seq.get()).filter(|seq| (first..=last).contains(seq)).collect();
        let part = whole.between(first, last);
        prop_assert_eq!(part.iter().map(|r| r.seq).collect::<Vec<_>>(), wanted.clone());
        prop_assert_eq!((part.len(), part.is_empty()), (wanted.len(), wanted.is_empty()));
    }

    #[test]
    fn a_record_read_alone_is_the_one_in_the_frame(records in strategies::batch(12)) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let (header, payload) = split(&frame);
        let events = decoded(&header, payload).unwrap();
        let row = &payload[records_at(payload.len(), header.count).unwrap()..];
        for (n, event) in events.iter().enumerate() {
            let at = n * RECORD_LEN..(n + 1) * RECORD_LEN;
            prop_assert_eq!(time_alone(&row[at.clone()]), Some(event.time));
            // One record on its own has nothing around it that a text or a list in it could point to.
            if let Some(record) = record_alone(&row[at.clone()], 0..RECORD_LEN) {
                prop_assert_eq!(&record.at(event.seq), event);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_forged_frame_shows_the_same_in_place(records in strategies::batch(6), changes in vec(change(), 1..4)) {
        let (frame, _) = encode(&genesis(), &records).unwrap();
        let mut payload = frame[HEADER_LEN..].to_vec();
        changes.iter().for_each(|c| forge(&mut payload, c));
        let mut forged = [&frame[..HEADER_LEN], &payload].concat();
        reseal(&mut forged);
        let Ok(header) = FrameHeader::parse(forged.first_chunk().unwrap()) else { return Ok(()) };
        let shown = view(&header, &payload).ok();
        let events = decoded(&header, &payload);
        // A view does not hold the header's times and kinds against the records, so it may show more.
        prop_assert!(shown.is_some() || events.is_none());
        if let (Some(shown), Some(events)) = (shown, events) {
            let copies: Vec<Envelope> = shown.iter().map(|r| r.to_envelope().unwrap()).collect();
            prop_assert_eq!(copies, events);
        }
        for count in [0, header.count, u32::MAX] {
            let row = records_at(payload.len(), count).map_or(&[][..], |at| &payload[at..]);
            for at in [0..RECORD_LEN, 1..RECORD_LEN, 0..usize::MAX] {
                let shown = record_alone(row, at).map_or("none".to_owned(), |r| format!("{:?}", r.at(Seq::FIRST)));
                prop_assert!(!shown.is_empty());
            }
            let _ = time_alone(row);
        }
    }
}

#[test]
fn ticks_can_be_read_alone() {
    let (frame, _) = encode(&genesis(), &samples::records()).unwrap();
    let (header, payload) = split(&frame);
    let row = &payload[records_at(payload.len(), header.count).unwrap()..];
    let (mut alone, mut kinds) = (0, 0);
    for n in 0..header.count as usize {
        if let Some(record) = record_alone(row, n * RECORD_LEN..(n + 1) * RECORD_LEN) {
            assert_eq!(record, samples::records()[n]);
            alone += 1;
            kinds |= record.event.kind().bit();
        }
    }
    let ticks = EventKind::BookDelta.bit() | EventKind::Trade.bit() | EventKind::Quote.bit();
    assert_eq!(kinds & ticks, ticks);
    assert!(alone < header.count, "a boxed event lies elsewhere");
}
