//! Version 2, as the release after the first might have it. Against version 1:
//!
//! - a book delta says its number at the venue (`venue_seq`, a new field);
//! - a trade calls its side `taker`, not `aggressor` (a renamed field);
//! - a listed market says nothing of the venue's protocol (a removed field);
//! - a venue's own hash of a book is an event (a new kind, behind the others).
//!
//! What did not change is version 1's: its golden files hold it in place.

mod upcast;

use schemas::event::{
    AccountEvent, AgentEvent, BookSnapshot, FeeSchedule, FeedScope, MarketChange, ModelEvent, OrderEvent, Quote,
    Resolution, SystemEvent, Top, Venue,
};
use schemas::frame::{Schema, Stored};
use schemas::versions::V1;
use schemas::{Bytes32, CycleId, EventKind, MarketId, Price, Prob, Side, Size, TokenId, UtcNanos};
use serde::{Deserialize, Serialize};

/// The number of the new kind: the next free one.
pub const BOOK_CHECKED: u8 = 56;

#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct MarketListed {
    pub market: MarketId,
    pub venue: Venue,
    pub condition: Bytes32,
    pub tokens: [Bytes32; 2],
    pub slug: String,
    pub question: String,
    pub group: String,
    pub category: String,
    pub tick: Price,
    pub min_size: Size,
    pub fee: FeeSchedule,
    pub ends: UtcNanos,
    pub neg_risk: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct BookDelta {
    pub token: TokenId,
    pub side: Side,
    pub price: Price,
    pub size: Size,
    pub stated: Option<Top>,
    pub source_time: UtcNanos,
    /// The venue's number of the change; 0 if it has none or version 1 did not keep it.
    pub venue_seq: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Trade {
    pub token: TokenId,
    pub taker: Side,
    pub price: Price,
    pub size: Size,
    pub source_time: UtcNanos,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum MarketEvent {
    Listed(Box<MarketListed>),
    Changed { market: MarketId, change: MarketChange },
    BookSnapshot(Box<BookSnapshot>),
    BookDelta(BookDelta),
    Trade(Trade),
    Quote(Quote),
    Resolved { market: MarketId, resolution: Resolution },
    FeedGap { scope: FeedScope, lost: u32 },
    FeedStale { scope: FeedScope },
    FeedRestored { scope: FeedScope },
    Probability { market: MarketId, probability: Prob, source_time: UtcNanos },
    BookChecked { token: TokenId, hash: Bytes32 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum Event {
    Market(MarketEvent),
    Model(ModelEvent),
    Agent(AgentEvent),
    Order(OrderEvent),
    Account(AccountEvent),
    System(SystemEvent),
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Record {
    pub time: UtcNanos,
    pub cause: u64,
    pub cycle: CycleId,
    pub event: Event,
}

pub enum V2 {}

impl Schema for V2 {
    const VERSION: u16 = 2;
    type Previous = V1;
    type Record = Record;

    fn kinds() -> Vec<(u8, &'static str)> {
        let mut kinds = V1::kinds();
        kinds.push((BOOK_CHECKED, "book_checked"));
        kinds
    }
}

impl Stored for Record {
    fn time(&self) -> UtcNanos {
        self.time
    }

    fn kind_bit(&self) -> u64 {
        match &self.event {
            Event::Market(event) => event.kind_bit(),
            Event::Model(e) => schemas::Event::Model(e.clone()).kind().bit(),
            Event::Agent(e) => schemas::Event::Agent(e.clone()).kind().bit(),
            Event::Order(e) => schemas::Event::Order(e.clone()).kind().bit(),
            Event::Account(e) => schemas::Event::Account(e.clone()).kind().bit(),
            Event::System(e) => schemas::Event::System(e.clone()).kind().bit(),
        }
    }
}

impl MarketEvent {
    fn kind_bit(&self) -> u64 {
        let kind = match self {
            Self::Listed(_) => EventKind::MarketListed,
            Self::Changed { .. } => EventKind::MarketChanged,
            Self::BookSnapshot(_) => EventKind::BookSnapshot,
            Self::BookDelta(_) => EventKind::BookDelta,
            Self::Trade(_) => EventKind::Trade,
            Self::Quote(_) => EventKind::Quote,
            Self::Resolved { .. } => EventKind::MarketResolved,
            Self::FeedGap { .. } => EventKind::FeedGap,
            Self::FeedStale { .. } => EventKind::FeedStale,
            Self::FeedRestored { .. } => EventKind::FeedRestored,
            Self::Probability { .. } => EventKind::Probability,
            Self::BookChecked { .. } => return 1 << BOOK_CHECKED,
        };
        kind.bit()
    }
}

/// Version 1's samples brought up, and behind them what only version 2 can say.
pub fn samples() -> Vec<Record> {
    let mut records: Vec<Record> = super::samples::records().into_iter().map(Record::from).collect();
    let last = records.last().unwrap().time;
    let delta = BookDelta {
        token: TokenId(8),
        side: Side::Sell,
        price: Price(470_000),
        size: Size(31_000_000),
        stated: Some(Top { bid: Price(460_000), ask: Price(480_000) }),
        source_time: UtcNanos(1_767_323_045_011_007_008),
        venue_seq: 0x0102_0304_0506_0708,
    };
    let checked = MarketEvent::BookChecked {
        token: TokenId(9),
        hash: Bytes32(std::array::from_fn(|i| u8::try_from(0xa0 + i).unwrap())),
    };
    for (event, ms) in [(MarketEvent::BookDelta(delta), 17), (checked, 34)] {
        let time = last.plus_millis(ms);
        records.push(Record { time, cause: 0, cycle: CycleId(0), event: Event::Market(event) });
    }
    records
}
