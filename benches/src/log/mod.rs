//! What the log costs, subject by subject, each beside a baseline in the same run and with the goal it is held against.
//!
//! Baselines take the same events in the same batches; rounds take turns in a random but seeded order, and a figure is
//! the median over the rounds. [`ours`] is the only place here that knows `eventlog`.

pub mod append;
pub mod child;
pub mod events;
pub mod figure;
pub mod latency;
pub mod machine;
pub mod memory;
pub mod open;
pub mod ours;
pub mod pipeline;
pub mod point;
pub mod raw;
pub mod scan;
pub mod settle;
pub mod size;
pub mod sqlite;
pub mod workshop;

use crate::error::MeasureError;
use figure::Section;
use workshop::Workshop;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Commits, one after another.
    Append,
    /// From the moment an event was due to its acknowledgement.
    Latency,
    /// Reading everything.
    Scan,
    /// Memory of a scan and of a writer.
    Memory,
    /// Reading one event.
    Point,
    /// Bytes an event takes.
    Size,
    /// Opening after a kill.
    Open,
}

impl Subject {
    /// All of them, with the names they are asked for by.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Append, "append"),
        (Self::Latency, "latency"),
        (Self::Scan, "scan"),
        (Self::Memory, "memory"),
        (Self::Point, "point"),
        (Self::Size, "size"),
        (Self::Open, "open"),
    ];

    /// Measures it.
    pub fn measure(self, workshop: &mut Workshop) -> Result<Section, MeasureError> {
        match self {
            Self::Append => append::measure(workshop),
            Self::Latency => latency::measure(workshop),
            Self::Scan => scan::measure(workshop),
            Self::Memory => memory::measure(workshop),
            Self::Point => point::measure(workshop),
            Self::Size => size::measure(workshop),
            Self::Open => open::measure(workshop),
        }
    }
}

/// Takes records as one durable unit after another.
pub trait Sink {
    /// When this returns, the records are on the disk.
    #[expect(clippy::ptr_arg, reason = "a frame is encoded from a vector, and so from no slice")]
    fn commit(&mut self, records: &Vec<schemas::Record>) -> Result<(), MeasureError>;

    /// Ends it in good order.
    fn close(self: Box<Self>) -> Result<(), MeasureError>;
}
