//! The generated measuring stream: `ts_ns,market,kind,side,price,size`, prices in cents, sizes in hundredths of a share.

use super::delivery::{BadRow, Decoder, Delivery, Step};
use super::lines::{Got, Lines};
use super::roles::{Files, Role};
use super::{ImportError, compact_csv, field, grid};
use schemas::event::{BookDelta, FeeSchedule, MarketEvent, MarketListed, Trade, Venue};
use schemas::{Bytes32, MarketId, Price, Side, Size, UtcNanos};
use std::collections::BTreeMap;

/// Micro-shares of a hundredth of a share.
const HUNDREDTH: i64 = 10_000;
/// More markets than a stream has; keeps a damaged file from filling memory.
const MARKETS_MAX: usize = 100_000;

pub(super) struct L2Csv {
    lines: Lines,
    /// By their number in the stream, in the order of their first row.
    markets: BTreeMap<u32, MarketId>,
}

struct Row {
    time: UtcNanos,
    number: u32,
    trade: bool,
    side: Side,
    price: Price,
    size: Size,
}

impl L2Csv {
    pub fn open(mut files: Files) -> Result<Self, ImportError> {
        let Some(stream) = files.take(Role::Stream) else { return Err(files.missing(Role::Stream)) };
        Ok(Self { lines: stream.lines, markets: BTreeMap::new() })
    }

    fn parse(&self) -> Result<Row, BadRow> {
        let [time, number, kind, side, price, size] = compact_csv::fields::<6>(self.lines.text())?;
        let number = field::whole("market", number)?;
        let number = u32::try_from(number).map_err(|_| format!("market {number} is too large a number"))?;
        let market = self.markets.get(&number).copied();
        let bad = |reason| BadRow { reason, market };
        if market.is_none() && self.markets.len() >= MARKETS_MAX {
            return Err(bad(format!("market {number} would be one more than {MARKETS_MAX}")));
        }
        let time = field::nanos("ts_ns", time).map_err(bad)?;
        let trade = match kind {
            "D" => false,
            "T" => true,
            other => return Err(bad(format!("kind {} is neither D nor T", field::shown(other)))),
        };
        let side = match side {
            "B" => Side::Buy,
            "A" => Side::Sell,
            other => return Err(bad(format!("side {} is neither B nor A", field::shown(other)))),
        };
        let cents = field::whole("price", price).map_err(bad)?;
        let cents = i64::try_from(cents).ok().filter(|c| (1..=99).contains(c));
        let cents = cents.ok_or_else(|| bad(format!("price {} is not 1 to 99 cents", field::shown(price))))?;
        let hundredths = field::whole("size", size).map_err(bad)?;
        let micro = i64::try_from(hundredths).ok().and_then(|h| h.checked_mul(HUNDREDTH));
        let micro = micro.ok_or_else(|| bad(format!("size {hundredths} is too large")))?;
        if trade && micro == 0 {
            return Err(bad("size of a trade is 0".to_owned()));
        }
        Ok(Row { time, number, trade, side, price: Price(cents * grid::CENT.0), size: Size(micro) })
    }

    fn market(&mut self, row: &Row, out: &mut Delivery) -> MarketId {
        let next = MarketId(u32::try_from(self.markets.len()).unwrap_or(u32::MAX));
        let market = *self.markets.entry(row.number).or_insert(next);
        if market == next {
            out.event(row.time, MarketEvent::Listed(Box::new(listing(market, row.number))));
        }
        market
    }

    fn deliver(&mut self, row: &Row, out: &mut Delivery) {
        let token = self.market(row, out).yes();
        let Row { time, side, price, size, .. } = *row;
        let event = if row.trade {
            MarketEvent::Trade(Trade { token, aggressor: side, price, size, source_time: time })
        } else {
            MarketEvent::BookDelta(BookDelta { token, side, price, size, stated: None, source_time: time })
        };
        out.event(time, event);
    }
}

fn listing(market: MarketId, number: u32) -> MarketListed {
    MarketListed {
        market,
        venue: Venue::Synthetic,
        condition: Bytes32::ZERO,
        tokens: [Bytes32::ZERO; 2],
        slug: format!("l2-csv-{number}"),
        question: format!("Generated market {number}"),
        // Each is drawn on its own: no two share an event.
        group: format!("l2-csv-{number}"),
        category: "synthetic".to_owned(),
        tick: grid::CENT,
        min_size: Size(1_000_000),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 0,
    }
}

impl Decoder for L2Csv {
    fn step(&mut self, out: &mut Delivery) -> Step {
        if self.lines.advance() != Got::Line {
            return if out.no_line(&self.lines) { Step::Done } else { Step::More };
        }
        match self.parse() {
            Ok(row) => {
                out.report.rows += 1;
                self.deliver(&row, out);
            }
            Err(bad) => out.bad_row(&self.lines, bad),
        }
        Step::More
    }
}
