//! What venues say.

use super::of_token;
use console::words::word;
use schemas::event::{FeeSchedule, FeedScope, Level, MarketChange, MarketEvent, MarketListed, Top};
use schemas::money::MICRO;
use schemas::{Price, Prob, Side, Size};

pub(super) fn describe(event: &MarketEvent) -> String {
    match event {
        MarketEvent::Listed(listed) => listing(listed),
        MarketEvent::Changed { change, .. } => match change {
            MarketChange::Tick(tick) => format!("tick is now {tick}"),
            MarketChange::Status(status) => format!("is now {}", word(status)),
            MarketChange::Fee(schedule) => fee(*schedule),
            MarketChange::MinSize(size) => format!("smallest order is now {size}"),
        },
        MarketEvent::BookSnapshot(s) => {
            let best = |levels: &[Level], side: Side| {
                let prices = levels.iter().map(|l| l.price);
                if side == Side::Buy { prices.max() } else { prices.min() }.unwrap_or_default()
            };
            let top = Top { bid: best(&s.bids, Side::Buy), ask: best(&s.asks, Side::Sell) };
            let (bids, asks) = (s.bids.len(), s.asks.len());
            format!("whole book of {}: {bids} bids, {asks} asks, {}", of_token(s.token), quote(top))
        }
        MarketEvent::BookDelta(d) => {
            let side = if d.side == Side::Buy { "bid" } else { "ask" };
            let size = if d.size.0 == 0 { "is gone".to_owned() } else { format!("now {}", d.size) };
            let stated = d.stated.map(|t| format!(", best {}", quote(t))).unwrap_or_default();
            format!("{} {side} {} {size}{stated}", d.token.outcome(), d.price)
        }
        MarketEvent::Trade(t) => {
            let took = if t.aggressor == Side::Buy { "bought" } else { "sold" };
            format!("{} {} {took} at {}", t.size, t.token.outcome(), t.price)
        }
        MarketEvent::Quote(q) => {
            let size = |s: Size| if s.0 > 0 { format!(" x {s}") } else { String::new() };
            let (bid, ask) = (side_of(q.top.bid), side_of(q.top.ask));
            format!("{} {bid}{} / {ask}{}", q.token.outcome(), size(q.bid_size), size(q.ask_size))
        }
        MarketEvent::Resolved { resolution, .. } => format!("resolved {}", word(resolution).to_uppercase()),
        MarketEvent::FeedGap { scope, lost } => match lost {
            0 => format!("messages of {} were lost", scope_of(*scope)),
            n => format!("{n} messages of {} were lost", scope_of(*scope)),
        },
        MarketEvent::FeedStale { scope } => format!("the feed of {} is silent", scope_of(*scope)),
        MarketEvent::FeedRestored { scope } => format!("the feed of {} speaks again", scope_of(*scope)),
        MarketEvent::Probability { probability, .. } => format!("YES is put at {probability}"),
    }
}

fn listing(m: &MarketListed) -> String {
    let name = if m.question.is_empty() { &m.slug } else { &m.question };
    format!("{name} ({}, tick {}, smallest {}, {})", word(&m.venue), m.tick, m.min_size, fee(m.fee))
}

/// A fee schedule in words.
fn fee(fee: FeeSchedule) -> String {
    match fee.rate_ppm {
        0 => "no fee".to_owned(),
        rate => format!("taker fee {} x (p(1-p))^{}", Prob(rate.min(MICRO as u32)), fee.exponent),
    }
}

fn quote(top: Top) -> String {
    format!("{} / {}", side_of(top.bid), side_of(top.ask))
}

fn side_of(price: Price) -> String {
    if price.0 > 0 { price.to_string() } else { "-".to_owned() }
}

fn scope_of(scope: FeedScope) -> String {
    match scope {
        FeedScope::All => "every market".to_owned(),
        FeedScope::Market(market) => format!("market {market}"),
    }
}
