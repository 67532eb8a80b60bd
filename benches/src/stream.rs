//! Which stream is measured with.

use crate::error::MeasureError;
use crate::generator::generate;
use crate::tick::{TICK_LEN, Tick};
use schemas::event::{FeeSchedule, MarketEvent, MarketListed, Venue};
use schemas::{Bytes32, MarketId, Price, Size, UtcNanos};
use std::io::Write;
use std::path::Path;

/// The variable that names a file with another stream.
pub const STREAM_VAR: &str = "ARENA_BENCH_STREAM";
/// Events of the generated stream.
pub const EVENTS: usize = 2_000_000;
/// Seed of the generated stream.
pub const SEED: u64 = 1;

/// A stream of ticks, and where it comes from.
pub struct Stream {
    /// In order of time.
    pub ticks: Vec<Tick>,
    /// Where it comes from, for the reader of a figure.
    pub origin: String,
}

impl Stream {
    /// The first `max` events of the file that the environment names, or else of the generated stream.
    pub fn from_env(max: usize) -> Result<Self, MeasureError> {
        match std::env::var_os(STREAM_VAR) {
            Some(path) => Self::read(Path::new(&path), max),
            None => Ok(Self::generated(max.min(EVENTS))),
        }
    }

    /// The generated stream.
    pub fn generated(n: usize) -> Self {
        Self { ticks: generate(n, SEED), origin: format!("generated, {n} events, seed {SEED}") }
    }

    /// The first `max` events of a file of 24-byte ticks.
    pub fn read(path: &Path, max: usize) -> Result<Self, MeasureError> {
        let bytes = std::fs::read(path).map_err(MeasureError::io("read", path))?;
        let bad = |reason| MeasureError::NotAStream { path: path.to_owned(), reason };
        let (records, rest) = bytes.as_chunks::<TICK_LEN>();
        if !rest.is_empty() {
            return Err(bad(format!("its length is no multiple of {TICK_LEN}")));
        }
        let mut ticks: Vec<Tick> = Vec::with_capacity(records.len().min(max));
        for record in records.iter().take(max) {
            let tick = Tick::parse(record).map_err(bad)?;
            if ticks.last().is_some_and(|last| last.time >= tick.time) {
                return Err(bad(format!("event {} is not later than the one before", ticks.len())));
            }
            ticks.push(tick);
        }
        let hash = blake3::hash(&bytes).to_hex();
        let origin = format!("{}, first {} events, BLAKE3 of the file {}", path.display(), ticks.len(), &hash[..16]);
        Ok(Self { ticks, origin })
    }

    /// Writes it as a file of 24-byte ticks.
    pub fn write(&self, path: &Path) -> Result<(), MeasureError> {
        let file = std::fs::File::create(path).map_err(MeasureError::io("create", path))?;
        let mut out = std::io::BufWriter::new(file);
        for tick in &self.ticks {
            out.write_all(&tick.to_bytes()).map_err(MeasureError::io("write", path))?;
        }
        out.flush().map_err(MeasureError::io("write", path))
    }

    /// How many markets it has.
    pub fn markets(&self) -> u16 {
        self.ticks.iter().map(|t| t.market + 1).max().unwrap_or(0)
    }
}

/// The listing of a market of a stream.
pub fn listing(market: u16) -> MarketEvent {
    let name = format!("bench-{market}");
    MarketEvent::Listed(Box::new(MarketListed {
        market: MarketId(u32::from(market)),
        venue: Venue::Synthetic,
        condition: Bytes32::ZERO,
        tokens: [Bytes32::ZERO; 2],
        question: format!("Generated market {market}"),
        group: name.clone(),
        slug: name,
        category: "synthetic".to_owned(),
        tick: Price(10_000),
        min_size: Size(1_000_000),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_reads_back_and_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stream.bin");
        let stream = Stream::generated(2_000);
        stream.write(&path).unwrap();
        assert_eq!(Stream::read(&path, usize::MAX).unwrap().ticks, stream.ticks);
        assert_eq!(Stream::read(&path, 10).unwrap().ticks, stream.ticks[..10]);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[10] = 9;
        std::fs::write(&path, &bytes).unwrap();
        let error = Stream::read(&path, usize::MAX).err().unwrap().to_string();
        assert!(error.contains("kind 9"), "{error}");
        std::fs::write(&path, &bytes[..30]).unwrap();
        assert!(Stream::read(&path, usize::MAX).is_err());
        assert!(matches!(Stream::read(dir.path(), 1), Err(MeasureError::Io { .. })));
    }
}
