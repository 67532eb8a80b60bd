//! Polymarket US best prices: `quotes.csv` with `markets.csv` and, where known, `resolutions.csv`.
//!
//! The recorder polls every market about every two minutes and writes a row when a best price changed: no sizes, no
//! trades. When it writes nothing at all for a quarter of an hour it was down: the feed is declared stale then, and
//! restored with the next row. What happened between is not known and is not bridged.
//!
//! How markets ended is known, when is not; see [`resolutions`](super::resolutions) for the moment they are told. To
//! find it, the quotes are read once in advance for their times, when there are resolutions at all.

use super::delivery::{BadRow, Decoder, Delivery, Step};
use super::lines::{Got, Lines};
use super::resolutions::{self, End, POLL, SILENCE, Span};
use super::roles::{File, Files, Role};
use super::tables::{self, Market, Markets};
use super::{Format, ImportError, compact_csv, field, grid};
use schemas::event::{FeedScope, MarketChange, MarketEvent, Quote, Resolution, Top};
use schemas::{MarketId, Price, Size, UtcNanos};
use std::collections::{BTreeMap, VecDeque};

/// The grids this venue uses below the cent.
const FINER: [Price; 3] = [Price(5_000), Price(1_000), Price(100)];

pub(super) struct PolymarketTob {
    lines: Lines,
    markets: Markets,
    ends: VecDeque<End>,
    ended: Vec<bool>,
    last_row: Option<UtcNanos>,
}

struct Row {
    time: UtcNanos,
    market: MarketId,
    top: Top,
    tick: Price,
}

impl PolymarketTob {
    pub fn open(mut files: Files) -> Result<Self, ImportError> {
        let markets = files.take(Role::Markets).map(tables::markets).transpose()?;
        let Some(markets) = markets else { return Err(files.missing(Role::Markets)) };
        let labels = files.take(Role::Resolutions).map(|f| tables::labels(f, &markets)).transpose()?;
        let Some(quotes) = files.take(Role::Quotes) else { return Err(files.missing(Role::Quotes)) };
        let ends = match labels {
            Some(labels) => schedule(&quotes, &markets, &labels)?,
            None => VecDeque::new(),
        };
        let ended = vec![false; markets.list.len()];
        Ok(Self { lines: quotes.lines, markets, ends, ended, last_row: None })
    }

    fn deliver(&mut self, row: &Row, out: &mut Delivery) {
        let time = self.last_row.map_or(row.time, |last| last.max(row.time));
        self.keep_time(time, out);
        let market = row.market;
        if self.ended.get(market.index()).copied().unwrap_or(true) {
            let reason = "a quote of a market that has ended".to_owned();
            return out.bad_row(&self.lines, BadRow { reason, market: Some(market) });
        }
        out.report.rows += 1;
        if let Some(Market { listing, .. }) = self.markets.list.get_mut(market.index())
            && listing.tick != row.tick
        {
            listing.tick = row.tick;
            out.event(time, MarketEvent::Changed { market, change: MarketChange::Tick(row.tick) });
        }
        let unstated = Size::ZERO;
        out.event(
            time,
            MarketEvent::Quote(Quote {
                token: market.yes(),
                top: row.top,
                bid_size: unstated,
                ask_size: unstated,
                source_time: row.time,
            }),
        );
    }

    /// Everything that is due because it is `time` now: the listing, an outage that ends, markets that have ended.
    fn keep_time(&mut self, time: UtcNanos, out: &mut Delivery) {
        let scope = FeedScope::All;
        match self.last_row {
            None => {
                for market in &self.markets.list {
                    out.event(time, MarketEvent::Listed(Box::new(market.listing.clone())));
                }
            }
            Some(last) if time.since(last) > SILENCE => {
                out.event(last.plus(SILENCE), MarketEvent::FeedGap { scope, lost: 0 });
                out.event(last.plus(SILENCE), MarketEvent::FeedStale { scope });
                out.event(time, MarketEvent::FeedRestored { scope });
            }
            Some(_) => {}
        }
        self.last_row = Some(time);
        self.tell_ends(time, out);
    }

    fn tell_ends(&mut self, until: UtcNanos, out: &mut Delivery) {
        while let Some(end) = self.ends.pop_front_if(|end| end.time <= until) {
            if let Some(ended) = self.ended.get_mut(end.market.index()) {
                *ended = true;
            }
            let resolution = if end.yes { Resolution::Yes } else { Resolution::No };
            out.event(end.time, MarketEvent::Resolved { market: end.market, resolution });
        }
    }
}

/// Reads the times of all rows in advance and sets each market's end.
fn schedule(
    quotes: &File,
    markets: &Markets,
    labels: &BTreeMap<MarketId, Resolution>,
) -> Result<VecDeque<End>, ImportError> {
    let mut lines = Lines::open(&quotes.input, Format::PolymarketTob)?;
    let mut span = Span::default();
    loop {
        match lines.advance() {
            Got::Line => {
                if let Ok(row) = parse(&lines, markets) {
                    span.row(row.time);
                }
            }
            Got::TooLong => {}
            Got::End | Got::Broken => break,
        }
    }
    Ok(resolutions::schedule(markets, labels, &span))
}

fn parse(lines: &Lines, markets: &Markets) -> Result<Row, BadRow> {
    let [seq, time, number, bid, ask] = compact_csv::fields::<5>(lines.text())?;
    let number = field::whole("market", number)?;
    let market = u32::try_from(number).ok().and_then(|n| markets.by_number.get(&n)).copied();
    let market = market.ok_or_else(|| format!("market {number} is not in the table of markets"))?;
    let bad = BadRow::of(market);
    field::whole("seq", seq).map_err(&bad)?;
    let time = field::millis("ts_ms", time).map_err(&bad)?;
    // An empty field is an empty side.
    let side = |name, text: &str| if text.is_empty() { Ok(Price::ZERO) } else { field::odds(name, text) };
    let top = Top { bid: side("best_bid", bid).map_err(&bad)?, ask: side("best_ask", ask).map_err(&bad)? };
    let mut tick = markets.list.get(market.index()).map_or(grid::CENT, |m| m.listing.tick);
    for price in [top.bid, top.ask] {
        let finer = grid::refined(tick, &FINER, price);
        tick = finer.ok_or_else(|| bad(format!("price {price} is on no price grid of Polymarket US")))?;
    }
    Ok(Row { time, market, top, tick })
}

impl Decoder for PolymarketTob {
    fn step(&mut self, out: &mut Delivery) -> Step {
        if self.lines.advance() == Got::Line {
            match parse(&self.lines, &self.markets) {
                Ok(row) => self.deliver(&row, out),
                Err(bad) => out.bad_row(&self.lines, bad),
            }
            return Step::More;
        }
        if !out.no_line(&self.lines) {
            return Step::More;
        }
        if let Some(last) = self.last_row {
            self.tell_ends(last.plus(POLL), out);
        }
        Step::Done
    }
}
