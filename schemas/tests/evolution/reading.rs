//! Reading a frame the way a build does whose newest version is `S`.

use schemas::Seq;
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Schema, decode_as};

/// Records in their places.
pub type Placed<S> = Vec<(Seq, <S as Schema>::Record)>;

/// Header and records of a frame, or the first reason to refuse it.
pub fn read_as<S: Schema>(frame: &[u8]) -> Result<(FrameHeader, Placed<S>), FrameError> {
    let (head, payload) = frame.split_first_chunk::<HEADER_LEN>().unwrap();
    let header = FrameHeader::parse_upto(head, S::VERSION)?;
    header.check_payload(payload, Check::Full)?;
    let mut records = Vec::new();
    decode_as::<S>(&header, payload, &mut records)?;
    Ok((header, records))
}

/// The same without the places.
pub fn records_as<S: Schema>(frame: &[u8]) -> Result<Vec<S::Record>, FrameError> {
    Ok(read_as::<S>(frame)?.1.into_iter().map(|(_, record)| record).collect())
}

/// The frame with another version number in its header and a checksum that fits, as a forger would leave it.
pub fn relabelled(frame: &[u8], version: u16) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[6..8].copy_from_slice(&version.to_le_bytes());
    frame[60..64].fill(0);
    let crc = crc32c::crc32c(&frame[..HEADER_LEN]);
    frame[60..64].copy_from_slice(&crc.to_le_bytes());
    frame
}
