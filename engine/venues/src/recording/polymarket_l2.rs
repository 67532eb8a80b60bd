//! Polymarket order-book changes and trades: `ticks.csv` with `tokens.json`.
//!
//! Every change states the venue's own best bid and ask. An empty one means that side is empty; when both are empty,
//! the row states nothing. The recording merges several connections, so its stamps step back by up to seconds: order is
//! the order of rows, and the raw stamp stays in `source_time`.

use super::agreement::{Seen, Witness};
use super::delivery::{BadRow, Decoder, Delivery, Step};
use super::lines::{Got, Lines};
use super::roles::{Files, Role};
use super::tokens::{self, TokenTable};
use super::{ImportError, compact_csv, field, grid};
use schemas::event::{BookDelta, MarketChange, MarketEvent, Top, Trade};
use schemas::{MarketId, Price, Side, Size, TokenId, UtcNanos};

/// The grids Polymarket moves a running market to. A market on half cents is listed so; none becomes so.
const FINER: [Price; 2] = [Price(1_000), Price(100)];

pub(super) struct PolymarketL2 {
    lines: Lines,
    table: TokenTable,
    listed: bool,
    witness: Witness,
}

struct Row {
    time: UtcNanos,
    token: TokenId,
    side: Side,
    price: Price,
    size: Size,
    kind: Kind,
    tick: Price,
}

#[derive(Clone, Copy)]
enum Kind {
    Change(Option<Top>),
    Trade,
}

impl PolymarketL2 {
    pub fn open(mut files: Files) -> Result<Self, ImportError> {
        // The list of tokens first: a file that is no such list is better named than the ticks that are not there.
        let ticks = files.take(Role::Ticks);
        let listed = match files.take(Role::Tokens) {
            Some(list) => Some(tokens::read(list, ticks.as_ref().map(|t| &t.input))?),
            None => None,
        };
        let Some(ticks) = ticks else { return Err(files.missing(Role::Ticks)) };
        let Some(table) = listed else { return Err(files.missing(Role::Tokens)) };
        Ok(Self { lines: ticks.lines, table, listed: false, witness: Witness::default() })
    }

    fn parse(&self) -> Result<Row, BadRow> {
        let [seq, time, token, event, side, price, size, bid, ask] = compact_csv::fields::<9>(self.lines.text())?;
        let index = field::whole("token", token)?;
        let token = u32::try_from(index).ok().and_then(|i| self.table.by_index.get(&i)).copied();
        let token = token.ok_or_else(|| format!("token {index} is not in the list of tokens"))?;
        let bad = BadRow::of(token.market());
        field::whole("seq", seq).map_err(&bad)?;
        let time = field::millis("recv_ts_ms", time).map_err(&bad)?;
        let kind = match event {
            "price_change" => Kind::Change(stated(bid, ask).map_err(&bad)?),
            "last_trade_price" => Kind::Trade,
            other => return Err(bad(format!("event {} is not price_change or last_trade_price", field::shown(other)))),
        };
        let side = field::side(side).map_err(&bad)?;
        let price = field::odds("price", price).and_then(|p| field::real("price", p)).map_err(&bad)?;
        let size = match kind {
            Kind::Change(_) => field::size("size", size),
            Kind::Trade => field::traded("size", size),
        };
        let size = size.map_err(&bad)?;
        let current = self.table.markets.get(token.market().index()).map_or(grid::CENT, |m| m.tick);
        let tick = grid::refined(current, &FINER, price);
        let tick = tick.ok_or_else(|| bad(format!("price {price} is on no price grid of Polymarket")))?;
        Ok(Row { time, token, side, price, size, kind, tick })
    }

    fn deliver(&mut self, row: &Row, out: &mut Delivery) {
        if !self.listed {
            self.listed = true;
            for market in &self.table.markets {
                out.event(row.time, MarketEvent::Listed(Box::new(market.clone())));
            }
        }
        self.refine(row.token.market(), row, out);
        let Row { time, token, side, price, size, .. } = *row;
        match row.kind {
            Kind::Change(stated) => {
                let change = BookDelta { token, side, price, size, stated, source_time: time };
                out.event(time, MarketEvent::BookDelta(change));
                let seen = Seen { token, side, price, size, stated, time: out.now().unwrap_or(time) };
                self.witness.see(&seen, out.report.book_agreement.get_or_insert_default());
            }
            Kind::Trade => {
                out.event(time, MarketEvent::Trade(Trade { token, aggressor: side, price, size, source_time: time }));
            }
        }
    }

    fn refine(&mut self, market: MarketId, row: &Row, out: &mut Delivery) {
        let Some(listing) = self.table.markets.get_mut(market.index()) else { return };
        if listing.tick != row.tick {
            listing.tick = row.tick;
            out.event(row.time, MarketEvent::Changed { market, change: MarketChange::Tick(row.tick) });
        }
    }
}

fn stated(bid: &str, ask: &str) -> Result<Option<Top>, String> {
    if bid.is_empty() && ask.is_empty() {
        return Ok(None);
    }
    let side = |name, text: &str| if text.is_empty() { Ok(Price::ZERO) } else { field::odds(name, text) };
    let (bid, ask) = (side("best_bid", bid)?, side("best_ask", ask)?);
    // Nothing can be offered at a whole dollar: an ask there is a venue's way to say that nobody sells.
    Ok(Some(Top { bid, ask: if ask == Price::ONE { Price::ZERO } else { ask } }))
}

impl Decoder for PolymarketL2 {
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
