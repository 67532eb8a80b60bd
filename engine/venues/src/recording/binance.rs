//! Binance combined streams as text: lines of `local_ts_ns {json}`, futures or spot, one symbol or more, one file or
//! more. Several files are merged by their local times, line by line.
//!
//! - `depthUpdate`: one change a level. Older than the snapshot that came before it: ignored, as Binance asks. Not
//!   joining on to the update before: a gap.
//! - `trade`: the aggressor is the seller when the buyer was the maker. Liquidations and the like are not trades on the
//!   book and are ignored, as are messages of other kinds.
//! - `bookTicker`: a quote with sizes.
//! - a snapshot names no symbol: it belongs to the first one that its file named.
//!
//! `source_time` is the exchange's event time; zero where it states none (spot quotes and snapshots).

use super::binance_wire::{Deal, Depth, Head, Line, Pair, Ticker};
use super::delivery::{BadRow, Decoder, Delivery, Step};
use super::field;
use super::lines::{Got, Lines};
use super::roles::Files;
use schemas::event::{
    BookDelta, BookSnapshot, FeeSchedule, FeedScope, Level, MarketEvent, MarketListed, Quote, Top, Trade, Venue,
};
use schemas::{Bytes32, MarketId, Price, Side, Size, TokenId, UtcNanos};

/// More symbols than a recording has; keeps a damaged file from filling memory.
const MARKETS_MAX: usize = 10_000;

pub(super) struct Binance {
    files: Vec<StreamFile>,
    markets: Vec<Symbol>,
}

struct StreamFile {
    lines: Lines,
    /// Local time of the current line; of the line before, if the current one has none.
    next: UtcNanos,
    market: Option<MarketId>,
    ended: bool,
}

struct Symbol {
    name: String,
    spot: bool,
    last_update: Option<u64>,
    snapshot: Option<u64>,
}

/// What a line says, checked whole before any of it is delivered.
enum Said {
    Changes { first: u64, last: u64, previous: Option<u64>, source_time: UtcNanos, levels: Vec<(Side, Level)> },
    Deal { side: Side, at: Level, source_time: UtcNanos },
    Quote { bid: Level, ask: Level, source_time: UtcNanos },
    Snapshot { last: u64, source_time: UtcNanos, bids: Vec<Level>, asks: Vec<Level> },
    Nothing,
}

impl StreamFile {
    fn new(lines: Lines) -> Self {
        let mut file = Self { lines, next: UtcNanos(0), market: None, ended: false };
        file.look();
        file
    }

    fn look(&mut self) {
        self.ended = self.lines.state() == Got::End;
        if let Ok((time, _)) = split(self.lines.text()) {
            self.next = self.next.max(time);
        }
    }
}

/// The local time and the JSON of a line.
fn split(line: &[u8]) -> Result<(UtcNanos, &str), String> {
    let text = field::utf8(line)?;
    let (time, json) = text.split_once(' ').ok_or_else(|| format!("no time and JSON in {}", field::shown(text)))?;
    Ok((field::nanos("local time", time)?, json))
}

impl Binance {
    pub fn open(files: Files) -> Self {
        Self { files: files.all().into_iter().map(|f| StreamFile::new(f.lines)).collect(), markets: Vec::new() }
    }

    /// The file whose current line is the earliest; of equals the one given first.
    fn earliest(&self) -> Option<usize> {
        let open = self.files.iter().enumerate().filter(|(_, f)| !f.ended);
        open.min_by_key(|(_, f)| f.next).map(|(at, _)| at)
    }

    fn row(&mut self, at: usize, out: &mut Delivery) -> Result<(), BadRow> {
        let Self { files, markets } = self;
        let file = &mut files[at];
        let bad = |market: Option<MarketId>| move |reason| BadRow { reason, market };
        let (time, json) = split(file.lines.text()).map_err(bad(file.market))?;
        let line: Line<'_> =
            serde_json::from_str(json).map_err(|e| bad(file.market)(format!("not stream JSON: {e}")))?;
        let said = match line.data {
            Some(data) => {
                let head = part::<Head<'_>>(data.get()).map_err(bad(file.market))?;
                let symbol = head.symbol.ok_or_else(|| "a message without a symbol".to_owned());
                let market = known(markets, symbol.map_err(bad(file.market))?, head.is_spot(), time, out);
                let market = market.map_err(bad(file.market))?;
                file.market.get_or_insert(market);
                (market, message(&head, data.get()).map_err(bad(Some(market)))?)
            }
            None => {
                let said = snapshot(&line).map_err(bad(file.market))?;
                let market = file.market.ok_or_else(|| "a snapshot before any message with a symbol".to_owned());
                (market.map_err(bad(None))?, said)
            }
        };
        out.report.rows += 1;
        if let Some(symbol) = markets.get_mut(said.0.index()) {
            deliver(symbol, said.0, time, said.1, out);
        }
        Ok(())
    }
}

fn part<'a, T: serde::Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| format!("not a message of a stream: {e}"))
}

/// The market of a symbol, listed at its first message.
fn known(
    markets: &mut Vec<Symbol>,
    name: &str,
    spot: bool,
    time: UtcNanos,
    out: &mut Delivery,
) -> Result<MarketId, String> {
    let at = markets.iter().position(|m| m.name == name && m.spot == spot);
    let market = |at: usize| MarketId(u32::try_from(at).unwrap_or(u32::MAX));
    if let Some(at) = at {
        return Ok(market(at));
    }
    let fits = (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !fits || markets.len() >= MARKETS_MAX {
        return Err(format!("{} is not the symbol of one of up to {MARKETS_MAX} markets", field::shown(name)));
    }
    let market = market(markets.len());
    out.event(time, MarketEvent::Listed(Box::new(listing(market, name, spot))));
    markets.push(Symbol { name: name.to_owned(), spot, last_update: None, snapshot: None });
    Ok(market)
}

fn listing(market: MarketId, symbol: &str, spot: bool) -> MarketListed {
    let (kind, words) = if spot { ("spot", "spot") } else { ("usdm", "USD-margined future") };
    MarketListed {
        market,
        venue: Venue::Binance,
        condition: Bytes32::ZERO,
        tokens: [Bytes32::ZERO; 2],
        slug: format!("binance-{kind}-{}", symbol.to_ascii_lowercase()),
        question: format!("{symbol}, {words}"),
        group: symbol.to_owned(),
        category: "crypto".to_owned(),
        tick: Price(10_000),
        min_size: Size(1),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 0,
    }
}

fn message(head: &Head<'_>, json: &str) -> Result<Said, String> {
    match head.kind {
        Some("depthUpdate") => {
            let d: Depth<'_> = part(json)?;
            let mut levels = Vec::with_capacity(d.bids.len() + d.asks.len());
            for (side, pairs) in [(Side::Buy, &d.bids), (Side::Sell, &d.asks)] {
                for pair in pairs {
                    levels.push((side, level(*pair)?));
                }
            }
            let (first, last, previous) = (d.first_update, d.last_update, d.previous_update);
            Ok(Said::Changes { first, last, previous, source_time: stamp(d.event_ms)?, levels })
        }
        Some("trade") => {
            let t: Deal<'_> = part(json)?;
            if t.origin.is_some_and(|x| x != "MARKET") {
                return Ok(Said::Nothing);
            }
            let price = field::price("price", t.price).and_then(|p| field::real("price", p))?;
            let at = Level { price, size: field::traded("size", t.size)? };
            let side = if t.buyer_is_maker { Side::Sell } else { Side::Buy };
            Ok(Said::Deal { side, at, source_time: stamp(t.event_ms)? })
        }
        kind if kind == Some("bookTicker") || head.is_nameless_quote() => {
            let q: Ticker<'_> = part(json)?;
            let side = |price, size| -> Result<Level, String> {
                Ok(Level { price: field::price("price", price)?, size: field::size("size", size)? })
            };
            let (bid, ask) = (side(q.bid, q.bid_size)?, side(q.ask, q.ask_size)?);
            Ok(Said::Quote { bid, ask, source_time: stamp(q.event_ms)? })
        }
        _ => Ok(Said::Nothing),
    }
}

fn snapshot(line: &Line<'_>) -> Result<Said, String> {
    let (Some(last), Some(bids), Some(asks)) = (line.last_update, &line.bids, &line.asks) else {
        return Err("neither a stream message ('data') nor a snapshot ('lastUpdateId', 'bids', 'asks')".to_owned());
    };
    let levels = |pairs: &[Pair<'_>]| pairs.iter().map(|p| level(*p)).collect::<Result<Vec<_>, _>>();
    Ok(Said::Snapshot { last, source_time: stamp(line.event_ms)?, bids: levels(bids)?, asks: levels(asks)? })
}

fn level((price, size): Pair<'_>) -> Result<Level, String> {
    let price = field::price("price", price).and_then(|p| field::real("price", p))?;
    Ok(Level { price, size: field::size("size", size)? })
}

fn stamp(ms: Option<u64>) -> Result<UtcNanos, String> {
    let Some(ms) = ms else { return Ok(UtcNanos::ZERO) };
    let time = i64::try_from(ms).ok().and_then(UtcNanos::from_millis);
    time.ok_or_else(|| format!("event time {ms} is not a time in milliseconds"))
}

fn deliver(symbol: &mut Symbol, market: MarketId, time: UtcNanos, said: Said, out: &mut Delivery) {
    let token = market.yes();
    match said {
        Said::Changes { first, last, previous, source_time, levels } => {
            if symbol.snapshot.is_some_and(|s| if symbol.spot { last <= s } else { last < s }) {
                out.report.ignored_rows += 1;
                return;
            }
            if !joins(symbol.last_update, first, previous) {
                out.event(time, MarketEvent::FeedGap { scope: FeedScope::Market(market), lost: 0 });
            }
            symbol.last_update = Some(last);
            for (side, Level { price, size }) in levels {
                let change = BookDelta { token, side, price, size, stated: None, source_time };
                out.event(time, MarketEvent::BookDelta(change));
            }
        }
        Said::Deal { side, at, source_time } => {
            let Level { price, size } = at;
            out.event(time, MarketEvent::Trade(Trade { token, aggressor: side, price, size, source_time }));
        }
        Said::Quote { bid, ask, source_time } => out.event(time, quote(token, bid, ask, source_time)),
        Said::Snapshot { last, source_time, bids, asks } => {
            symbol.snapshot = Some(last);
            let book = BookSnapshot { token, bids, asks, source_time };
            out.event(time, MarketEvent::BookSnapshot(Box::new(book)));
        }
        Said::Nothing => out.report.ignored_rows += 1,
    }
}

fn quote(token: TokenId, bid: Level, ask: Level, source_time: UtcNanos) -> MarketEvent {
    let top = Top { bid: bid.price, ask: ask.price };
    MarketEvent::Quote(Quote { token, top, bid_size: bid.size, ask_size: ask.size, source_time })
}

/// Whether an update follows the one before. Futures name it; spot numbers without holes.
fn joins(before: Option<u64>, first: u64, previous: Option<u64>) -> bool {
    match (before, previous) {
        (None, _) => true,
        (Some(before), Some(previous)) => previous == before,
        (Some(before), None) => first <= before.saturating_add(1),
    }
}

impl Decoder for Binance {
    fn step(&mut self, out: &mut Delivery) -> Step {
        let Some(at) = self.earliest() else { return Step::Done };
        if self.files[at].lines.state() == Got::Line {
            if let Err(bad) = self.row(at, out) {
                if let Some(symbol) = bad.market.and_then(|m| self.markets.get_mut(m.index())) {
                    // The gap is told with the bad row; the next update does not have to join on to the last good one.
                    symbol.last_update = None;
                }
                out.bad_row(&self.files[at].lines, bad);
            }
        } else {
            out.no_line(&self.files[at].lines);
        }
        let file = &mut self.files[at];
        file.lines.advance();
        file.look();
        Step::More
    }
}
