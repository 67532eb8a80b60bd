//! Recorded files, read back as market events in time order.
//!
//! A [`Recording`] is opened over one or more [`Input`]s (files, or bytes inside the program) and hands out one
//! [`Timed`] event after another, reading only as far as asked: its memory does not grow with the recording. It writes
//! no log; whoever reads it does.
//!
//! What cannot be understood is never skipped in silence: a bad row is a [`Problem`] with file and line, it is counted
//! in the [`ImportReport`], and a `FeedGap` event tells the books that something was lost.
//!
//! Compression is recognised by the first bytes (zstd, gzip, or none), the role of each file by its first line; names
//! mean nothing.

mod agreement;
mod binance;
mod binance_wire;
mod compact_csv;
mod delivery;
mod error;
mod fees;
mod field;
mod format;
mod grid;
mod l2_csv;
mod lines;
mod polymarket_l2;
mod polymarket_tob;
mod report;
mod resolutions;
mod roles;
mod source;
mod tables;
mod tokens;

pub use error::{ImportError, Problem};
pub use format::{Format, FormatError};
pub use report::{Agreement, ImportReport};
pub use source::{Input, Source};

use delivery::{Decoder, Delivery, Step};
use schemas::UtcNanos;
use schemas::event::MarketEvent;

/// A market event and the moment the recorder saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The recorder's clock, held so that it never steps back. The raw stamp is in the event's `source_time`.
    pub time: UtcNanos,
    /// What the venue said.
    pub event: MarketEvent,
}

/// An open recording: ask it for the next event until there is none.
pub struct Recording {
    decoder: Box<dyn Decoder>,
    delivery: Delivery,
    done: bool,
}

impl Recording {
    /// Opens the files of one recording, in any order, and checks that they are what `format` says. Companions that
    /// lie beside a single given file (`tokens.json`, `markets.csv`, `resolutions.csv`) are found by name.
    pub fn open(format: Format, inputs: Vec<Input>) -> Result<Self, ImportError> {
        let files = roles::gather(format, inputs)?;
        let decoder: Box<dyn Decoder> = match format {
            Format::PolymarketL2 => Box::new(polymarket_l2::PolymarketL2::open(files)?),
            Format::PolymarketTob => Box::new(polymarket_tob::PolymarketTob::open(files)?),
            Format::L2Csv => Box::new(l2_csv::L2Csv::open(files)?),
            Format::BinanceFutures => Box::new(binance::Binance::open(files)),
        };
        Ok(Self { decoder, delivery: Delivery::default(), done: false })
    }

    /// What has been read so far; complete once [`next`](Iterator::next) has said `None`.
    pub fn report(&self) -> &ImportReport {
        &self.delivery.report
    }
}

impl Iterator for Recording {
    type Item = Result<Timed, Problem>;

    /// The next event, or what was wrong with the next row. Reading goes on after a problem.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.delivery.take() {
                return Some(item);
            }
            if self.done {
                return None;
            }
            self.done = self.decoder.step(&mut self.delivery) == Step::Done;
        }
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("report", self.report()).field("done", &self.done).finish_non_exhaustive()
    }
}
