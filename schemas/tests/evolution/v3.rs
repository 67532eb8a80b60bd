//! Versions behind the second: a good one, to see that upcasts follow one another, and ones that must not be.

use super::v2::{self, V2};
use schemas::frame::{Schema, Stored};
use schemas::{CycleId, UtcNanos};
use serde::{Deserialize, Serialize};

/// Every record says which run of the engine wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Record {
    pub time: UtcNanos,
    pub cause: u64,
    pub cycle: CycleId,
    pub run: u32,
    pub event: v2::Event,
}

impl From<v2::Record> for Record {
    fn from(old: v2::Record) -> Self {
        let v2::Record { time, cause, cycle, event } = old;
        Self { time, cause, cycle, run: 0, event }
    }
}

impl Stored for Record {
    fn time(&self) -> UtcNanos {
        self.time
    }

    fn kind_bit(&self) -> u64 {
        let Self { time, cause, cycle, run: _, event } = self.clone();
        v2::Record { time, cause, cycle, event }.kind_bit()
    }
}

pub enum V3 {}

impl Schema for V3 {
    const VERSION: u16 = 3;
    type Previous = V2;
    type Record = Record;

    fn kinds() -> Vec<(u8, &'static str)> {
        V2::kinds()
    }
}

/// A third version whose upcast does what none may do.
macro_rules! wrong_upcast {
    ($(#[$doc:meta])* $version:ident, $record:ident, $old:ident => $change:expr) => {
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
        pub struct $record(v2::Record);

        impl From<v2::Record> for $record {
            fn from(mut $old: v2::Record) -> Self {
                $change;
                Self($old)
            }
        }

        impl Stored for $record {
            fn time(&self) -> UtcNanos {
                self.0.time
            }

            fn kind_bit(&self) -> u64 {
                self.0.kind_bit()
            }
        }

        $(#[$doc])*
        pub enum $version {}

        impl Schema for $version {
            const VERSION: u16 = 3;
            type Previous = V2;
            type Record = $record;

            fn kinds() -> Vec<(u8, &'static str)> {
                V2::kinds()
            }
        }
    };
}

wrong_upcast! {
    /// Moves every event by a nanosecond.
    LaterV3, LaterRecord, old => old.time = UtcNanos(old.time.0 + 1)
}
wrong_upcast! {
    /// Makes a stale feed out of a feed gap.
    OtherKindV3, OtherKindRecord, old => {
        if let v2::Event::Market(event) = &mut old.event
            && let v2::MarketEvent::FeedGap { scope, .. } = event
        {
            *event = v2::MarketEvent::FeedStale { scope: *scope };
        }
    }
}
