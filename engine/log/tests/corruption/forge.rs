//! Damage that has valid checksums: frames of a journal file and blocks of a segment, moved or made.

use crate::dice::Dice;
use crate::sample::records;
use schemas::Bytes32;
use schemas::frame::{FrameHeader, HEADER_LEN, Head, encode};
use std::ops::Range;

/// Length of the header of a journal file and of a segment.
const FILE_HEADER_LEN: usize = 128;

/// Where the frames of a journal file, or the blocks of a segment, are.
fn frames(bytes: &[u8]) -> Vec<(Range<usize>, FrameHeader)> {
    let (mut at, mut found) = (FILE_HEADER_LEN, Vec::new());
    while let Some(header) = bytes.get(at..).and_then(|b| b.first_chunk::<HEADER_LEN>()) {
        let Ok(header) = FrameHeader::parse(header) else { break };
        let end = at + header.frame_len();
        if end > bytes.len() {
            break;
        }
        found.push((at..end, header));
        at = end;
    }
    found
}

/// A file put together of frames and what lies around them.
fn with_frames<'a>(bytes: &[u8], frames_of: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let end = frames(bytes).last().map_or(FILE_HEADER_LEN, |(range, _)| range.end);
    let mut new = bytes[..FILE_HEADER_LEN].to_vec();
    frames_of.into_iter().for_each(|f| new.extend_from_slice(f));
    new.extend_from_slice(&bytes[end..]);
    new
}

fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    frames(bytes).into_iter().map(|(range, _)| &bytes[range]).collect()
}

/// Two frames or blocks change places.
pub fn reordered(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut all = pieces(bytes);
    if all.len() < 2 {
        return None;
    }
    let (a, b) = (dice.below(all.len()), dice.below(all.len()));
    all.swap(a, b);
    Some(with_frames(bytes, all))
}

/// A frame is there twice.
pub fn duplicated(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut all = pieces(bytes);
    if all.is_empty() {
        return None;
    }
    let twice = *dice.pick(&all);
    all.insert(dice.below(all.len() + 1), twice);
    Some(with_frames(bytes, all))
}

/// A frame is gone.
pub fn dropped(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut all = pieces(bytes);
    if all.is_empty() {
        return None;
    }
    all.remove(dice.below(all.len()));
    Some(with_frames(bytes, all))
}

/// A frame of another file stands among the others. Also says whether it is the last one.
pub fn inserted(bytes: &[u8], from: &[u8], dice: &mut Dice) -> Option<(Vec<u8>, bool)> {
    let (mut all, strangers) = (pieces(bytes), pieces(from));
    if strangers.is_empty() || bytes.len() < FILE_HEADER_LEN {
        return None;
    }
    let at = dice.below(all.len() + 1);
    let is_last = at == all.len();
    all.insert(at, *dice.pick(&strangers));
    Some((with_frames(bytes, all), is_last))
}

/// A frame whose checksums are right and whose content is not what was written.
pub fn forged(bytes: &[u8], dice: &mut Dice) -> Option<(Vec<u8>, &'static str)> {
    let all = frames(bytes);
    if all.is_empty() {
        return None;
    }
    let (range, header) = dice.pick(&all).clone();
    let mut payload = bytes[range.start + HEADER_LEN..range.end].to_vec();
    let mut new = header;
    let what = match dice.below(5) {
        0 => {
            new.first_seq = new.first_seq.wrapping_add(1 + dice.roll() % 9).max(1);
            "another sequence"
        }
        1 => {
            new.prev_chain = Bytes32([dice.roll() as u8; 32]);
            "another chain"
        }
        2 => {
            new.first_time.0 = new.first_time.0.wrapping_sub(1 + (dice.roll() % 5_000) as i64);
            new.kinds ^= 1 << dice.below(30);
            "another time and other kinds"
        }
        3 => {
            let at = dice.below(payload.len());
            payload[at] ^= 1 << dice.below(8);
            new.payload_crc = crc32c::crc32c(&payload);
            new.payload_hash = Bytes32(*blake3::hash(&payload).as_bytes());
            "another payload"
        }
        _ => {
            let before = Head { seq: header.first_seq - 1, chain: header.prev_chain };
            let (frame, _) = encode(&before, &records(header.first_seq + 7, u64::from(header.count))).unwrap();
            let frames = all.iter().map(|(r, _)| if *r == range { &frame[..] } else { &bytes[r.clone()] });
            return Some((with_frames(bytes, frames), "other records"));
        }
    };
    let frame = [&new.to_bytes()[..], &payload].concat();
    let frames = all.iter().map(|(r, _)| if *r == range { &frame[..] } else { &bytes[r.clone()] });
    Some((with_frames(bytes, frames), what))
}
