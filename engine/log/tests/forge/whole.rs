//! Forged journals and segments, and what is asked of a log with one of them in it.

use super::base::{Place, bare, base};
use super::changes::{Input, change};
use super::repair::{self, Entry, Segment};
use crate::sample::{files, record};
use eventlog::{
    LogError, LogReader, LogWriter, SegmentInfo, Selection, VerifyOptions, WriterOptions, assemble, export_tail,
    segment, verify_with,
};
use schemas::frame::{Check, Head};
use schemas::{Bytes32, Envelope, EventKind, MarketId, Seq, UtcNanos};
use std::path::Path;

/// What a forged file may be answered with: it says what is wrong with the log, not with the machine or the caller.
pub fn is_about_the_log(e: &LogError) {
    let about = matches!(
        e,
        LogError::NotALog { .. }
            | LogError::Newer { .. }
            | LogError::OtherSchema { .. }
            | LogError::Damaged { .. }
            | LogError::LostSuffix { .. }
            | LogError::ForeignCopy { .. }
            | LogError::NoAnchor { .. }
            | LogError::Pruned { .. }
            | LogError::BadSignature { .. }
    );
    assert!(about, "{e:?}");
}

fn sound<T>(result: Result<T, LogError>) -> Option<T> {
    result.inspect_err(is_about_the_log).ok()
}

/// Every event from the first that is still there.
pub fn read(dir: &Path) -> Result<Vec<Envelope>, LogError> {
    let reader = LogReader::open(dir)?;
    let first = Seq::new(reader.first_seq()?).unwrap_or(Seq::FIRST);
    let mut stream = reader.events(first, Check::Full)?;
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while stream.next_frame(&mut frame)? {
        all.append(&mut frame);
    }
    Ok(all)
}

/// Asks a reader everything it can be asked. Returns the events, if all of them could be read.
pub fn look(dir: &Path) -> Option<Vec<Envelope>> {
    let report = sound(verify_with(dir, &VerifyOptions { deep: true, public_key: None }, &mut |_| ()));
    let reader = sound(LogReader::open(dir))?;
    sound(reader.head_anchor());
    sound(reader.last());
    sound(reader.ranges(3));
    sound(reader.segments());
    sound(reader.latest_snapshot(None));
    sound(reader.seek_time(UtcNanos(3_000)));
    sound(eventlog::read_checkpoints(dir));
    sound(eventlog::read_pruned(dir));
    let some = Selection { market: Some(MarketId(7)), kinds: vec![EventKind::BookDelta], ..Selection::default() };
    if let Some(mut stream) = sound(reader.select(&some)) {
        while let Some(Some(view)) = sound(stream.next_view()) {
            assert!(view.iter().all(|r| r.to_envelope().is_ok()));
        }
    }
    let events = sound(read(dir));
    points(&reader, events.as_deref());
    if report.is_some_and(|r| r.is_clean()) {
        assert!(events.is_some(), "a log that is clean can be read");
    }
    events
}

/// Reads single events, which must be the ones that a stream gives.
fn points(reader: &LogReader, events: Option<&[Envelope]>) {
    let Some(mut points) = sound(reader.points()) else { return };
    for n in [1, 2, 7, 9, 40, 79, 80, 150, u64::MAX] {
        let found = sound(points.at(Seq::new(n).unwrap()));
        let kept = events.filter(|e| e.first().is_some_and(|e| e.seq.get() <= n));
        if let (Some(events), Some(found)) = (kept, found) {
            assert_eq!(found.as_ref(), events.iter().find(|e| e.seq.get() == n), "event {n}");
        }
    }
    for time in [i64::MIN, 0, 7_000, 100_000, 1_767_323_045_006_007_008, i64::MAX] {
        sound(points.at_or_after(UtcNanos(time)));
    }
}

/// Opens for writing. A refusal must leave every file as it was; after an open, what could be read before is still
/// there, and another event behind it.
pub fn open(dir: &Path, options: &WriterOptions, readable: Option<&[Envelope]>) -> bool {
    let before = files(dir);
    let (mut writer, report) = match LogWriter::open(dir, options) {
        Ok(opened) => opened,
        Err(e) => {
            is_about_the_log(&e);
            assert!(before == files(dir), "{e}, and yet the files have changed");
            return false;
        }
    };
    let one = vec![record(report.head.seq % 1_000)];
    let appended = writer.commit(&one).and_then(|head| writer.close().map(|()| head));
    // A record of deletions may say that the log ends where numbers end; then nothing can be appended.
    if let Some(readable) = readable.filter(|_| report.head.seq < u64::MAX - 1) {
        let head = appended.unwrap();
        let events = read(dir).unwrap();
        assert!(events.starts_with(readable) && events.last().is_some_and(|e| e.seq.get() == head.seq));
    }
    true
}

/// A journal file. The first byte says whether an anchor vouches for it, whether its checksums are repaired, and whether
/// the rest is a file's changes or its frames.
pub fn journal(place: &Place, input: &[u8]) -> bool {
    let mut input = Input::new(input);
    let how = input.byte();
    let name = "journal/j-0000000000000001.aaj";
    let mut log = base().journal.clone();
    let mut bytes = log[Path::new(name)].clone();
    if how & 8 == 0 {
        change(&mut bytes, &mut input, 24);
    } else {
        bytes.truncate(128);
        bytes.extend_from_slice(input.rest());
    }
    if how & 4 == 0 {
        repair::journal(&mut bytes);
    }
    if how & 1 == 1 {
        log.remove(Path::new("head"));
    }
    place.put(&log, name, &bytes);
    let events = look(&place.dir);
    let trusting = WriterOptions { trust_journal_end: how & 2 == 2, ..bare() };
    open(&place.dir, &trusting, events.as_deref())
}

/// A segment, plain or compressed, by itself and as a part of logs.
pub fn segment(place: &Place, input: &[u8]) -> bool {
    let mut input = Input::new(input);
    let how = input.byte();
    let mut forged = Segment::parse(&base().segments[usize::from(how & 1)]);
    if how & 2 == 0 {
        change_blocks(&mut forged, &mut input, how & 4 == 0);
    }
    if how & 8 == 0 {
        forged.settle();
    }
    let bytes = match how >> 4 & 3 {
        0 => forged.bytes(),
        1 => forged.with_footer(input.rest()),
        2 => {
            change(&mut forged.header, &mut input, 2);
            forged.bytes()
        }
        _ => {
            for _ in 0..1 + how % 3 {
                change_footer(&mut forged, &mut input);
            }
            forged.bytes()
        }
    };
    let bytes = if how & 0x40 == 0 { bytes } else { changed(bytes, &mut input) };
    let name = |at: usize| bytes.get(at..at + 8).map_or(7, |b| u64::from_le_bytes(*b.first_chunk().unwrap()));
    let path = Path::new("segments").join(segment::file_name(name(24), name(32)));
    place.put(&Default::default(), path.to_str().unwrap(), &bytes);
    by_itself(place, &place.dir.join(&path));
    look(&place.dir);
    // And in the place of a sound one.
    let sealed = &base().sealed;
    let sound = sealed.keys().find(|n| n.starts_with("segments") && segment::range_of(n).is_some()).unwrap();
    place.put(sealed, sound.to_str().unwrap(), &bytes);
    let events = look(&place.dir);
    open(&place.dir, &bare(), events.as_deref())
}

fn changed(mut bytes: Vec<u8>, input: &mut Input<'_>) -> Vec<u8> {
    change(&mut bytes, input, 4);
    bytes
}

fn change_blocks(forged: &mut Segment, input: &mut Input<'_>, inside: bool) {
    let index = input.below(forged.blocks.len());
    let block = &mut forged.blocks[index];
    // Behind compression nothing else would ever reach the decoder.
    if inside && block[9] == 1 {
        let mut payload = zstd::bulk::decompress(&block[128..], 1 << 20).unwrap();
        change(&mut payload, input, 6);
        let packed = zstd::bulk::compress(&payload, 1).unwrap();
        block.truncate(128);
        block[16..20].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        block[20..24].copy_from_slice(&(packed.len() as u32).to_le_bytes());
        block.extend_from_slice(&packed);
    } else {
        change(block, input, 6);
    }
}

/// One change to one field of the footer.
fn change_footer(forged: &mut Segment, input: &mut Input<'_>) {
    let footer = &mut forged.footer;
    let (what, index) = (input.byte() % 20, input.below(footer.blocks.len()));
    match what {
        0 => footer.raw_len = input.number(footer.raw_len),
        1 => footer.frames = input.number(footer.frames),
        2 if footer.blocks.len() > 1 => drop(footer.blocks.remove(index)),
        3 if input.byte() == 0 => footer.fingerprint = input.number(footer.fingerprint),
        3 => {
            let again = footer.blocks[index].clone();
            footer.blocks.push(again);
        }
        _ => change_entry(&mut footer.blocks[index], what, input),
    }
}

fn change_entry(e: &mut Entry, what: u8, input: &mut Input<'_>) {
    let within = |len: usize, input: &mut Input<'_>| input.below(len.max(1));
    match what {
        4 => e.at = input.number(e.at),
        5 => e.len = input.number(e.len.into()) as u32,
        6 => e.first_seq = input.number(e.first_seq),
        7 => e.count = input.number(e.count.into()) as u32,
        8 => e.first_time = UtcNanos(input.number(e.first_time.0 as u64) as i64),
        9 => e.last_time = UtcNanos(input.number(e.last_time.0 as u64) as i64),
        10 => e.kinds = input.number(e.kinds),
        11 => e.bloom[within(8, input)] = input.number(0),
        12 => e.end = Bytes32([input.byte(); 32]),
        13 => e.row_at = input.number(e.row_at.into()) as u32,
        14 => e.times.push(input.number(0)),
        15 => e.times.truncate(within(e.times.len(), input)),
        16 => e.frames.push(input.number(0) as u32),
        17 => e.frames.truncate(within(e.frames.len(), input)),
        18 => {
            let at = within(e.frames.len(), input);
            if let (Some(count), more) = (e.frames.get_mut(at), input.byte()) {
                // The sum stays what it was, so that the frames are really made.
                *count = count.wrapping_sub(more.into());
                e.frames.push(more.into());
            }
        }
        _ => {
            let at = within(e.times.len(), input);
            if let Some(time) = e.times.get_mut(at) {
                *time = input.number(*time);
            }
        }
    }
}

/// What one segment file is good for without a log around it.
fn by_itself(place: &Place, path: &Path) {
    let shallow = sound(segment::inspect(path));
    let whole = sound(segment::verify(path, false, &mut |_| ()));
    let deep = sound(segment::verify(path, true, &mut |_| ()));
    assert!(whole.is_none() || whole == shallow);
    assert!(deep.is_none() || deep == whole);
    let out = place.beside("out");
    let packed = sound(segment::recompress(path, &out));
    let Some(deep) = deep else { return };
    // What is sound to the last hash can be used for everything.
    let same = |info: &SegmentInfo| (info.before, info.head, info.frames);
    assert_eq!(same(&packed.unwrap()), (deep.before, deep.head, deep.frames));
    let made = place.beside("made");
    assert_eq!(assemble(&made, &[path.to_owned()], &[]).unwrap(), deep.head);
    assert_eq!(read(&made).unwrap().len() as u64, deep.events);
    let (writer, report) = LogWriter::open(&made, &bare()).unwrap();
    assert_eq!(report.head, deep.head);
    writer.close().unwrap();
    let tail = export_tail(&made, deep.before, &out).unwrap().unwrap();
    assert_eq!(same(&tail), same(&deep));
    assert!(export_tail(&made, Head { seq: deep.head.seq, ..deep.before }, &out).unwrap().is_none());
}
