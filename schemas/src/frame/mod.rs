//! Frames: a run of records as bytes whose damage, reordering or forgery shows.
//!
//! A frame is what one commit writes: a 128-byte [`FrameHeader`] and a payload. The header carries the BLAKE3 of the
//! payload and the chain value of the frame before; the chain value of a frame is the BLAKE3 of its header. So one hash
//! at the head vouches for every byte before it, and a payload is hashed in one call (hashing header and payload as one
//! stream halves the speed, because it mis-aligns the SIMD tree).

mod header;
mod payload;
mod shape;
mod version;
mod view;

pub use header::{Codec, Compression, FORMAT_VERSION, FrameHeader, HEADER_LEN, PAYLOAD_LEN_MAX};
pub use payload::{decode_into, encode, encode_into, schema_fingerprint, schema_fingerprint_of};
pub use shape::{describe, fingerprint_of};
pub use version::{Schema, Stored, bring_up_as, decode_as, encode_as, remake_as};
pub use view::{FrameView, RECORD_LEN, RecordView, record_alone, records_at, time_alone, view};

use crate::ids::{Bytes32, Seq};

/// Why bytes are not a frame this build can read. Reading never panics and never guesses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The magic bytes are missing: nothing was written here, or something else.
    #[error("no frame starts here")]
    NotAFrame,
    /// A checksum says that the header was changed.
    #[error("the frame's header is damaged")]
    HeaderDamaged,
    /// Written by a later release with another container format.
    #[error("the frame has format {found}, this build reads up to {newest}: use a newer release")]
    NewerFormat {
        /// What the frame says.
        found: u16,
        /// The newest this build knows.
        newest: u16,
    },
    /// Written by a later release with events this build does not know.
    #[error("the frame has schema version {found}, this build reads up to {newest}: use a newer release")]
    NewerSchema {
        /// What the frame says.
        found: u16,
        /// The newest this build knows.
        newest: u16,
    },
    /// Written by an earlier release, and asked of types that do not reach back so far.
    #[error("the frame has schema version {found}, older than {oldest}, the oldest that can be read here")]
    OlderSchema {
        /// What the frame says.
        found: u16,
        /// The oldest that can be read.
        oldest: u16,
    },
    /// A codec or compression number that no release has used.
    #[error("the frame uses {what} {number}, which is unknown")]
    UnknownCodec {
        /// Codec or compression.
        what: &'static str,
        /// Its number.
        number: u8,
    },
    /// A number in the header is impossible.
    #[error("the frame's header is impossible: {0}")]
    Impossible(&'static str),
    /// The payload is shorter or longer than the header says.
    #[error("the frame at sequence {first_seq} is cut short")]
    CutShort {
        /// First event of the frame.
        first_seq: u64,
    },
    /// The payload's checksum or hash does not match.
    #[error("the payload of the frame at sequence {first_seq} is damaged")]
    PayloadDamaged {
        /// First event of the frame.
        first_seq: u64,
    },
    /// The checksums match but the payload is no run of records.
    #[error("the payload of the frame at sequence {first_seq} cannot be decoded: {reason}")]
    Undecodable {
        /// First event of the frame.
        first_seq: u64,
        /// What the decoder says.
        reason: String,
    },
    /// The frame does not continue the one before.
    #[error("the frame at sequence {first_seq} does not continue the log: {what}")]
    BrokenChain {
        /// First event of the frame.
        first_seq: u64,
        /// Sequence gap or chain value.
        what: &'static str,
    },
    /// More records, or larger ones, than a frame may hold.
    #[error("{0} bytes do not fit a frame; split the batch")]
    TooLarge(usize),
}

/// How much of a payload is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// CRC-32C: finds damage. Every read does at least this.
    Crc,
    /// And BLAKE3: finds forgery too.
    Full,
}

/// The end of a log: where the next frame must go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// The last sequence, 0 in an empty log.
    pub seq: u64,
    /// The chain value there.
    pub chain: Bytes32,
}

impl Head {
    /// The head of a log without events. `log_id` makes the chains of two logs differ from the start.
    pub fn genesis(log_id: &[u8; 16]) -> Self {
        let mut h = blake3::Hasher::new();
        h.update(b"alpha-arena log genesis v1");
        h.update(log_id);
        Self { seq: 0, chain: Bytes32(*h.finalize().as_bytes()) }
    }

    /// The sequence of the next event.
    pub fn next_seq(&self) -> Seq {
        Seq::new(self.seq.saturating_add(1)).unwrap_or(Seq::FIRST)
    }

    /// Checks that `header` continues this head, and returns the head behind it.
    pub fn follow(&self, header: &FrameHeader) -> Result<Self, FrameError> {
        let first_seq = header.first_seq;
        if first_seq != self.seq.wrapping_add(1) {
            return Err(FrameError::BrokenChain { first_seq, what: "the sequence has a gap or repeats" });
        }
        if header.prev_chain != self.chain {
            return Err(FrameError::BrokenChain { first_seq, what: "the chain value of the frame before differs" });
        }
        Ok(Self { seq: header.last_seq(), chain: header.chain() })
    }
}
