//! Version 1 to version 2. Every field is named on both sides, so that a change of either stops compiling here.

use super::{BookDelta, Event, MarketEvent, MarketListed, Record, Trade};
use schemas::event;

impl From<schemas::Record> for Record {
    fn from(old: schemas::Record) -> Self {
        let schemas::Record { time, cause, cycle, event } = old;
        Self { time, cause, cycle, event: event.into() }
    }
}

impl From<schemas::Event> for Event {
    fn from(old: schemas::Event) -> Self {
        match old {
            schemas::Event::Market(e) => Self::Market(e.into()),
            schemas::Event::Model(e) => Self::Model(e),
            schemas::Event::Agent(e) => Self::Agent(e),
            schemas::Event::Order(e) => Self::Order(e),
            schemas::Event::Account(e) => Self::Account(e),
            schemas::Event::System(e) => Self::System(e),
        }
    }
}

impl From<event::MarketEvent> for MarketEvent {
    fn from(old: event::MarketEvent) -> Self {
        use event::MarketEvent as Old;
        match old {
            Old::Listed(e) => Self::Listed(Box::new((*e).into())),
            Old::Changed { market, change } => Self::Changed { market, change },
            Old::BookSnapshot(e) => Self::BookSnapshot(e),
            Old::BookDelta(e) => Self::BookDelta(e.into()),
            Old::Trade(e) => Self::Trade(e.into()),
            Old::Quote(e) => Self::Quote(e),
            Old::Resolved { market, resolution } => Self::Resolved { market, resolution },
            Old::FeedGap { scope, lost } => Self::FeedGap { scope, lost },
            Old::FeedStale { scope } => Self::FeedStale { scope },
            Old::FeedRestored { scope } => Self::FeedRestored { scope },
            Old::Probability { market, probability, source_time } => {
                Self::Probability { market, probability, source_time }
            }
        }
    }
}

impl From<event::MarketListed> for MarketListed {
    fn from(old: event::MarketListed) -> Self {
        let event::MarketListed {
            market,
            venue,
            condition,
            tokens,
            slug,
            question,
            group,
            category,
            tick,
            min_size,
            fee,
            ends,
            neg_risk,
            protocol: _,
        } = old;
        Self { market, venue, condition, tokens, slug, question, group, category, tick, min_size, fee, ends, neg_risk }
    }
}

impl From<event::BookDelta> for BookDelta {
    fn from(old: event::BookDelta) -> Self {
        let event::BookDelta { token, side, price, size, stated, source_time } = old;
        Self { token, side, price, size, stated, source_time, venue_seq: 0 }
    }
}

impl From<event::Trade> for Trade {
    fn from(old: event::Trade) -> Self {
        let event::Trade { token, aggressor, price, size, source_time } = old;
        Self { token, taker: aggressor, price, size, source_time }
    }
}
