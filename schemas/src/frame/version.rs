//! Schema versions: a build writes the newest it knows and reads every older one.
//!
//! Each version is a type with [`Schema`]: its own frozen record types, and the version before it. A frame of an older
//! version is decoded with that version's types, held against its header as that version understood it, and only then
//! brought up step by step. What is stored is never rewritten: hashes and chain are over the bytes as they were written.

use super::header::{Codec, Compression, FrameHeader, HEADER_LEN, PAYLOAD_LEN_MAX};
use super::{FrameError, Head};
use crate::ids::{Bytes32, Seq};
use crate::time::UtcNanos;
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator, to_bytes_in};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::{Error as RkyvError, Failure};
use rkyv::ser::allocator::ArenaHandle;
use rkyv::vec::ArchivedVec;

/// One version of the event schema.
pub trait Schema: Sized {
    /// Its number, one more than the version before.
    const VERSION: u16;

    /// The version before it. The oldest that a build can read names itself.
    type Previous: Schema;

    /// What a frame of this version holds. The conversion is the upcast. It cannot fail, and it keeps time, kind, order,
    /// market and cycle of an event: readers skip frames by what was noted of them when they were written.
    type Record: Stored + From<<Self::Previous as Schema>::Record>;

    /// Number and name of every kind. A number never changes its meaning from one version to the next.
    fn kinds() -> Vec<(u8, &'static str)>;
}

/// A record as some version stores it. All but the two methods is derived.
pub trait Stored:
    Sized
    + rkyv::Archive<
        Archived: for<'a> CheckBytes<HighValidator<'a, Failure>>
                      + for<'a> CheckBytes<HighValidator<'a, RkyvError>>
                      + rkyv::Deserialize<Self, HighDeserializer<RkyvError>>,
    > + for<'a> rkyv::Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, RkyvError>>
    + serde::de::DeserializeOwned
{
    /// Time stamped at append.
    fn time(&self) -> UtcNanos;

    /// The bit of its kind in a frame's kind bitmap.
    fn kind_bit(&self) -> u64;
}

/// Which types read a frame.
enum Reader {
    This,
    Older,
}

/// Who reads version `found` in a build whose newest version is `S`.
fn reader_of<S: Schema>(found: u16) -> Result<Reader, FrameError> {
    const { assert!(S::Previous::VERSION == S::VERSION || S::Previous::VERSION + 1 == S::VERSION) }
    if found == S::VERSION {
        Ok(Reader::This)
    } else if found > S::VERSION {
        Err(FrameError::NewerSchema { found, newest: S::VERSION })
    } else if S::Previous::VERSION < S::VERSION {
        Ok(Reader::Older)
    } else {
        Err(FrameError::OlderSchema { found, oldest: S::VERSION })
    }
}

/// Encodes `records` as the frame of version `S` that follows `head`. Returns its bytes and the head behind it.
pub fn encode_as<S: Schema>(head: &Head, records: &Vec<S::Record>) -> Result<(Vec<u8>, Head), FrameError> {
    let mut frame = Vec::new();
    let behind = encode_into_as::<S>(head, records, &mut frame)?;
    Ok((frame, behind))
}

/// The same into `frame`, in place of what it holds; after an error it is empty.
pub(super) fn encode_into_as<S: Schema>(
    head: &Head,
    records: &Vec<S::Record>,
    frame: &mut Vec<u8>,
) -> Result<Head, FrameError> {
    let mut bytes = std::mem::take(frame);
    bytes.clear();
    // The header's place; what is in it is known last.
    bytes.resize(HEADER_LEN, 0);
    // Inside a payload all positions are relative, so it does not matter what stands before it.
    let mut bytes =
        to_bytes_in::<_, RkyvError>(records, bytes).map_err(|_| FrameError::TooLarge(records.len()))?;
    let header = header_of::<S>(head, records, bytes.get(HEADER_LEN..).unwrap_or_default())?;
    bytes[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    *frame = bytes;
    Ok(Head { seq: header.last_seq(), chain: header.chain() })
}

/// The header in front of a payload.
fn header_of<S: Schema>(head: &Head, records: &[S::Record], payload: &[u8]) -> Result<FrameHeader, FrameError> {
    let stored_len = u32::try_from(payload.len())
        .ok()
        .filter(|l| *l <= PAYLOAD_LEN_MAX)
        .ok_or(FrameError::TooLarge(payload.len()))?;
    let count = u32::try_from(records.len()).map_err(|_| FrameError::TooLarge(payload.len()))?;
    if count == 0 {
        return Err(FrameError::Impossible("no records, or sequence 0"));
    }
    let mut span = Span::EMPTY;
    records.iter().for_each(|record| span.add(record));
    let header = FrameHeader {
        schema: S::VERSION,
        codec: Codec::Rkyv,
        compression: Compression::None,
        count,
        raw_len: stored_len,
        stored_len,
        first_seq: head.next_seq().get(),
        first_time: span.first_time,
        last_time: span.last_time,
        kinds: span.kinds,
        payload_crc: crc32c::crc32c(payload),
        prev_chain: head.chain,
        payload_hash: Bytes32(*blake3::hash(payload).as_bytes()),
    };
    header.possible()?;
    Ok(header)
}

/// Decodes a payload that [`FrameHeader::check_payload`] has accepted, whatever version it has, and appends its records
/// to `out` as version `S` knows them. After an error `out` is as it was.
///
/// The bytes are validated in full before anything is read from them: a forged payload with a matching checksum gives
/// an error, never undefined behaviour.
pub fn decode_as<S: Schema>(
    header: &FrameHeader,
    payload: &[u8],
    out: &mut Vec<(Seq, S::Record)>,
) -> Result<(), FrameError> {
    decode_with::<S, _>(header, payload, out, |seq, record| (seq, record))
}

/// The same, each record put into its place by `place`.
#[inline]
pub(super) fn decode_with<S: Schema, T>(
    header: &FrameHeader,
    payload: &[u8],
    out: &mut Vec<T>,
    place: impl Fn(Seq, S::Record) -> T,
) -> Result<(), FrameError> {
    let before = out.len();
    let decoded = match reader_of::<S>(header.schema)? {
        // Without going through `upcast_each`: this is what every replay does.
        Reader::This => archived::<S>(header, payload).and_then(|records| {
            out.reserve(records.len());
            unpack::<S::Record>(header, records, |seq, record| out.push(place(seq, record)))
        }),
        Reader::Older => upcast_each::<S>(header, payload, &mut |seq, record| out.push(place(seq, record))),
    };
    if decoded.is_err() {
        out.truncate(before);
    }
    decoded
}

/// The records of a payload of version `S`, where they lie, after validating all of them.
#[inline]
pub(super) fn archived<'a, S: Schema>(
    header: &FrameHeader,
    payload: &'a [u8],
) -> Result<&'a ArchivedVec<<S::Record as rkyv::Archive>::Archived>, FrameError> {
    if header.schema < S::VERSION {
        return Err(FrameError::OlderSchema { found: header.schema, oldest: S::VERSION });
    }
    if header.schema > S::VERSION {
        return Err(FrameError::NewerSchema { found: header.schema, newest: S::VERSION });
    }
    // The error without a text is what makes validation fast; a payload that fails is read again for its reason.
    let Ok(records) = rkyv::access::<ArchivedVec<<S::Record as rkyv::Archive>::Archived>, Failure>(payload) else {
        let again = rkyv::access::<ArchivedVec<<S::Record as rkyv::Archive>::Archived>, RkyvError>(payload);
        return Err(undecodable(header, again.err().map_or_else(String::new, |e| e.to_string())));
    };
    if records.len() != header.count as usize {
        return Err(undecodable(header, format!("{} records, the header says {}", records.len(), header.count)));
    }
    Ok(records)
}

fn undecodable(header: &FrameHeader, reason: String) -> FrameError {
    FrameError::Undecodable { first_seq: header.first_seq, reason }
}

/// What a header says of its records.
#[derive(PartialEq)]
struct Span {
    first_time: UtcNanos,
    last_time: UtcNanos,
    kinds: u64,
}

impl Span {
    const EMPTY: Self = Self { first_time: UtcNanos(i64::MAX), last_time: UtcNanos(i64::MIN), kinds: 0 };

    #[inline]
    fn add<R: Stored>(&mut self, record: &R) {
        self.first_time = self.first_time.min(record.time());
        self.last_time = self.last_time.max(record.time());
        self.kinds |= record.kind_bit();
    }
}

/// Copies validated records out of a payload and holds the header against them.
#[inline]
fn unpack<R: Stored>(
    header: &FrameHeader,
    records: &ArchivedVec<R::Archived>,
    mut sink: impl FnMut(Seq, R),
) -> Result<(), FrameError> {
    let mut span = Span::EMPTY;
    for (seq, record) in (header.first_seq..).zip(records.iter()) {
        let record: R = rkyv::deserialize::<R, RkyvError>(record).map_err(|e| undecodable(header, e.to_string()))?;
        let seq = Seq::new(seq).ok_or_else(|| undecodable(header, "sequence 0".to_owned()))?;
        span.add(&record);
        sink(seq, record);
    }
    // Readers skip frames by these; a header that lies about them would hide events.
    let said = Span { first_time: header.first_time, last_time: header.last_time, kinds: header.kinds };
    if span == said {
        return Ok(());
    }
    Err(undecodable(header, "its times or kinds are not those that the header says".to_owned()))
}

/// Decodes with the types of the frame's own version and brings each record up, one version at a time.
fn upcast_each<S: Schema>(
    header: &FrameHeader,
    payload: &[u8],
    sink: &mut dyn FnMut(Seq, S::Record),
) -> Result<(), FrameError> {
    match reader_of::<S>(header.schema)? {
        Reader::This => unpack::<S::Record>(header, archived::<S>(header, payload)?, sink),
        Reader::Older => {
            let mut moved = None;
            upcast_each::<S::Previous>(header, payload, &mut |seq, old| {
                let was = (old.time(), old.kind_bit());
                let record = S::Record::from(old);
                if (record.time(), record.kind_bit()) != was {
                    moved = moved.or(Some(seq));
                }
                sink(seq, record);
            })?;
            let Some(seq) = moved else { return Ok(()) };
            let newer = S::VERSION;
            Err(undecodable(header, format!("version {newer} gives event {seq} another time or kind than it has")))
        }
    }
}

/// The same records as a frame of version `S`, for readers that read in place. It is for memory only: its hash is not
/// the one that the log's chain goes through.
pub fn bring_up_as<S: Schema>(header: &FrameHeader, payload: &[u8]) -> Result<Vec<u8>, FrameError> {
    let mut records = Vec::new();
    decode_with::<S, _>(header, payload, &mut records, |_, record| record)?;
    let before = Head { seq: header.first_seq.saturating_sub(1), chain: header.prev_chain };
    Ok(encode_as::<S>(&before, &records)?.0)
}

/// Makes the frames again that were merged into one payload, bit for bit as they were written: with the types of their
/// own version, so that they give the log's chain again. `counts` says how many records each frame has, `before` is the
/// log's head in front of the first. Returns the bytes of each and the head behind it.
pub fn remake_as<S: Schema>(
    merged: &FrameHeader,
    payload: &[u8],
    before: &Head,
    counts: &[u32],
) -> Result<Vec<(Vec<u8>, Head)>, FrameError> {
    if matches!(reader_of::<S>(merged.schema)?, Reader::Older) {
        return remake_as::<S::Previous>(merged, payload, before, counts);
    }
    let mut records = Vec::new();
    decode_with::<S, _>(merged, payload, &mut records, |_, record| record)?;
    let mut records = records.into_iter();
    let (mut frames, mut head) = (Vec::new(), *before);
    for count in counts {
        let count = *count as usize;
        if count > records.len() {
            return Err(undecodable(merged, "it has fewer records than its frames together".to_owned()));
        }
        let (bytes, behind) = encode_as::<S>(&head, &records.by_ref().take(count).collect())?;
        head = behind;
        frames.push((bytes, behind));
    }
    if records.len() == 0 {
        return Ok(frames);
    }
    Err(undecodable(merged, "it has more records than its frames together".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Record, SystemEvent};
    use crate::ids::CycleId;
    use crate::versions::V1;

    #[test]
    fn only_its_own_version_is_read_in_place() {
        let event = Event::System(SystemEvent::Halted { reason: "disk".to_owned() });
        let record = Record { time: UtcNanos(1), cause: 0, cycle: CycleId(0), event };
        let (frame, _) = encode_as::<V1>(&Head::genesis(&[1; 16]), &vec![record]).unwrap();
        let (header, payload) = frame.split_first_chunk().unwrap();
        let header = FrameHeader::parse(header).unwrap();
        assert_eq!(archived::<V1>(&header, payload).unwrap().len(), 1);
        let refused = |schema| archived::<V1>(&FrameHeader { schema, ..header }, payload).map(|_| ()).unwrap_err();
        assert_eq!(refused(0), FrameError::OlderSchema { found: 0, oldest: 1 });
        assert_eq!(refused(2), FrameError::NewerSchema { found: 2, newest: 1 });
    }
}
