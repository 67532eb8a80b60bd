//! Forged snapshots, head anchors, checkpoints and records of what was deleted.

use super::base::{Place, bare, base};
use super::changes::{Input, change};
use super::repair;
use super::whole::{look, open};
use eventlog::{LogReader, WriterOptions};
use std::path::Path;

/// A snapshot: a changed one, or any body, packed or not, behind a header that vouches for it.
pub fn snapshot(place: &Place, input: &[u8]) -> bool {
    let mut input = Input::new(input);
    let how = input.byte();
    let log = &base().sealed;
    let (name, sound) = log.iter().find(|(n, _)| n.starts_with("snapshots")).unwrap();
    let mut bytes = sound.clone();
    let raw_len = u64::from_le_bytes(*bytes[72..].first_chunk().unwrap());
    match how & 3 {
        0 => change(&mut bytes, &mut input, 24),
        1 => {
            let raw_len = input.number(raw_len);
            bytes.truncate(128);
            bytes[72..80].copy_from_slice(&raw_len.to_le_bytes());
            bytes.extend_from_slice(input.rest());
        }
        _ => {
            let mut body = lz4_flex::block::decompress(&bytes[128..], raw_len as usize).unwrap();
            if how & 3 == 2 {
                change(&mut body, &mut input, 8)
            } else {
                body = input.rest().to_vec()
            }
            bytes.truncate(128);
            bytes[72..80].copy_from_slice(&(body.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&lz4_flex::block::compress(&body));
        }
    }
    if how & 4 == 0 {
        repair::snapshot(&mut bytes);
    }
    place.put(log, name.to_str().unwrap(), &bytes);
    let reader = LogReader::open(&place.dir).unwrap();
    let found = reader.latest_snapshot(None).unwrap();
    assert_ne!(found.newest.is_some(), !found.skipped.is_empty(), "it is used or its reason is given");
    if how & 8 == 8 {
        // It is a cache: whatever is in it, the log is whole.
        assert_eq!(look(&place.dir).as_ref(), Some(&base().sealed_events));
        assert!(open(&place.dir, &bare(), Some(&base().sealed_events)));
    }
    found.newest.is_some()
}

/// The head anchor of a log in its journal, or of a sealed one.
pub fn anchor(place: &Place, input: &[u8]) -> bool {
    in_a_log(place, input, "head", 128)
}

/// Signed checkpoints.
pub fn checkpoints(place: &Place, input: &[u8]) -> bool {
    in_a_log(place, input, "checkpoints", 256)
}

/// The record of what was archived and deleted.
pub fn pruned(place: &Place, input: &[u8]) -> bool {
    in_a_log(place, input, "pruned", 128)
}

/// A file of records, in a log that is otherwise sound: its events are read as they are, or not at all.
fn in_a_log(place: &Place, input: &[u8], name: &str, record_len: usize) -> bool {
    let mut input = Input::new(input);
    let how = input.byte();
    let from = if how & 1 == 0 { &base().sealed } else { &base().journal };
    let events = if how & 1 == 0 { &base().sealed_events } else { &base().journal_events };
    let of_sealed = &base().sealed[Path::new(name)];
    let mut bytes = from.get(Path::new(name)).unwrap_or(of_sealed).clone();
    if how & 8 == 0 {
        change(&mut bytes, &mut input, 12);
    } else {
        bytes = input.rest().to_vec();
    }
    if how & 4 == 0 {
        repair::records(&mut bytes, record_len);
    }
    place.put(from, name, &bytes);
    let read = look(&place.dir);
    let is_part = |read: &Vec<_>| events.windows(read.len().max(1)).any(|w| w == &read[..]) || read.is_empty();
    assert!(read.as_ref().is_none_or(is_part), "other events than were written");
    let trusting = WriterOptions { trust_journal_end: how & 2 == 2, ..bare() };
    open(&place.dir, &trusting, read.as_deref())
}
