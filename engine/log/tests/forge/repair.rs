//! Checksums, hashes and chains that fit whatever the bytes now are.

use schemas::frame::HEADER_LEN;
use schemas::{Bytes32, UtcNanos};
use serde::{Deserialize, Serialize};

fn crc(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).to_le_bytes()
}

/// A record or header whose last four bytes are the CRC-32C of the others.
pub fn end_crc(bytes: &mut [u8], len: usize) {
    if let Some(record) = bytes.get_mut(..len).filter(|_| len >= 4) {
        let sum = crc(&record[..len - 4]);
        record[len - 4..].copy_from_slice(&sum);
    }
}

/// Records of the same length, one behind the other.
pub fn records(bytes: &mut [u8], len: usize) {
    bytes.chunks_mut(len).for_each(|record| end_crc(record, len));
}

/// The frame at the start of `bytes`: its length, if it is all there. Its checksums fit then, and it continues `chain`.
pub fn frame(bytes: &mut [u8], chain: &mut [u8; 32]) -> Option<usize> {
    if bytes.get(..4)? != b"AAfr" {
        return None;
    }
    let len = u32::from_le_bytes(*bytes.get(20..24)?.first_chunk()?) as usize;
    let frame = bytes.get_mut(..HEADER_LEN.checked_add(len)?)?;
    let (header, payload) = frame.split_at_mut(HEADER_LEN);
    header[56..60].copy_from_slice(&crc(payload));
    header[64..96].copy_from_slice(chain);
    header[96..128].copy_from_slice(blake3::hash(payload).as_bytes());
    header[60..64].fill(0);
    let sum = crc(header);
    header[60..64].copy_from_slice(&sum);
    *chain = *blake3::hash(header).as_bytes();
    Some(HEADER_LEN + len)
}

/// A journal file: its header, and the frames as far as they follow each other.
pub fn journal(bytes: &mut [u8]) {
    end_crc(bytes, 128);
    let Some(mut chain) = bytes.get(40..72).and_then(|c| c.first_chunk().copied()) else { return };
    let mut at = 128;
    while let Some(len) = bytes.get_mut(at..).and_then(|b| frame(b, &mut chain)) {
        at += len;
    }
}

/// A snapshot: the length and hash of its body, and its header.
pub fn snapshot(bytes: &mut [u8]) {
    let Some((header, body)) = bytes.split_at_mut_checked(128) else { return };
    header[80..88].copy_from_slice(&(body.len() as u64).to_le_bytes());
    header[88..120].copy_from_slice(blake3::hash(body).as_bytes());
    end_crc(header, 128);
}

/// A segment's footer, field by field as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Footer {
    pub fingerprint: u64,
    pub raw_len: u64,
    pub frames: u64,
    pub blocks: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub at: u64,
    pub len: u32,
    pub first_seq: u64,
    pub count: u32,
    pub first_time: UtcNanos,
    pub last_time: UtcNanos,
    pub kinds: u64,
    pub bloom: [u64; 8],
    pub hash: Bytes32,
    pub end: Bytes32,
    pub frames: Vec<u32>,
    pub row_at: u32,
    pub times: Vec<u64>,
}

/// A segment taken apart.
#[derive(Clone)]
pub struct Segment {
    pub header: Vec<u8>,
    pub blocks: Vec<Vec<u8>>,
    pub footer: Footer,
}

impl Segment {
    /// Takes a sound segment apart.
    pub fn parse(bytes: &[u8]) -> Self {
        let (rest, trailer) = bytes.split_at(bytes.len() - 64);
        let footer_len = u64::from_le_bytes(*trailer[8..].first_chunk().unwrap()) as usize;
        let (rest, footer) = rest.split_at(rest.len() - footer_len);
        let (footer, _) = bincode::serde::decode_from_slice::<Footer, _>(footer, bincode::config::standard()).unwrap();
        let block = |e: &Entry| rest[e.at as usize..e.at as usize + e.len as usize].to_vec();
        Self { header: rest[..128].to_vec(), blocks: footer.blocks.iter().map(block).collect(), footer }
    }

    /// Makes the blocks' checksums fit, and the footer say where they are and what their hashes are.
    pub fn settle(&mut self) {
        let mut at = 128;
        let mut chain: [u8; 32] = self.header.get(40..72).and_then(|c| c.first_chunk().copied()).unwrap_or_default();
        for (block, entry) in self.blocks.iter_mut().zip(&mut self.footer.blocks) {
            frame(block, &mut chain);
            (entry.at, entry.len, entry.hash) = (at, block.len() as u32, Bytes32(chain));
            at += block.len() as u64;
        }
    }

    /// Puts the file together, header and trailer vouching for each other and the footer.
    pub fn bytes(&self) -> Vec<u8> {
        self.with_footer(&bincode::serde::encode_to_vec(&self.footer, bincode::config::standard()).unwrap())
    }

    /// The same with any bytes for a footer.
    pub fn with_footer(&self, footer: &[u8]) -> Vec<u8> {
        let mut header = self.header.clone();
        let len = header.len();
        end_crc(&mut header, len);
        let mut trailer = [0u8; 64];
        trailer[..4].copy_from_slice(b"AAst");
        trailer[4] = 1;
        trailer[8..16].copy_from_slice(&(footer.len() as u64).to_le_bytes());
        let mut hasher = blake3::Hasher::new();
        hasher.update(footer).update(&header);
        trailer[16..48].copy_from_slice(hasher.finalize().as_bytes());
        end_crc(&mut trailer, 64);
        [header, self.blocks.concat(), footer.to_vec(), trailer.to_vec()].concat()
    }
}
