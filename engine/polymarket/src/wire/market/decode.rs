//! Market messages out of their text, in one pass and without copies.

use super::{
    BestBidAsk, Book, Event, Frame, LastTrade, Level, PriceChange, PriceChanges, TickSizeChange, Undecoded, usual,
};
use crate::wire::error::{Problem, WireError};
use crate::wire::scan::{Scan, Value};
use crate::wire::{field, read};
use schemas::{Bytes32, Side, UtcNanos};

/// The messages of a frame; those that could not be used stand among the others.
type Messages<'a> = Frame<Result<Event<'a>, Undecoded<'a>>>;

/// Reads a text frame. An error means that the frame is not JSON, and nothing of it was used; a message that is JSON
/// and not usable stands in its place among the others.
pub fn decode(frame: &str) -> Result<Messages<'_>, WireError> {
    match usual::price_changes(frame) {
        Some(changes) => Ok(Frame::Messages(vec![Ok(Event::PriceChange(changes))])),
        None => any(frame),
    }
}

/// Reads any frame.
pub(super) fn any(frame: &str) -> Result<Messages<'_>, WireError> {
    elements(frame, |scan, raw_of| {
        let mut fields = Fields::default();
        let from = scan.at();
        fields.read(scan)?;
        let raw = raw_of(from, scan.at());
        Ok(fields.event(raw).map_err(|error| Undecoded { raw, error }))
    })
}

/// Reads a REST book (`GET /book`).
pub fn book(text: &str) -> Result<Book<'_>, WireError> {
    let mut scan = Scan::new(text);
    let mut fields = Fields::default();
    fields.read(&mut scan)?;
    scan.end()?;
    fields.book(text.trim())
}

/// Reads an array of REST books (`POST /books`), each for itself.
pub fn books(text: &str) -> Result<Vec<Result<Book<'_>, Undecoded<'_>>>, WireError> {
    let frame = elements(text, |scan, raw_of| {
        let mut fields = Fields::default();
        let from = scan.at();
        fields.read(scan)?;
        let raw = raw_of(from, scan.at());
        Ok(fields.book(raw).map_err(|error| Undecoded { raw, error }))
    })?;
    match frame {
        Frame::Messages(books) => Ok(books),
        Frame::Pong => Err(WireError::Json(0)),
    }
}

/// The messages of a frame: `PONG`, one object, or an array of them.
pub(in crate::wire) fn elements<'a, E>(
    frame: &'a str,
    mut element: impl FnMut(&mut Scan<'a>, &dyn Fn(usize, usize) -> &'a str) -> Result<E, WireError>,
) -> Result<Frame<E>, WireError> {
    let raw_of = |from: usize, to: usize| frame.get(from..to).unwrap_or_default();
    let mut scan = Scan::new(frame);
    // Most frames are one message.
    let mut out = Vec::with_capacity(1);
    match scan.peek() {
        Some(b'{') => out.push(element(&mut scan, &raw_of)?),
        Some(b'[') => scan.array::<WireError>(|scan| {
            scan.peek();
            out.push(element(scan, &raw_of)?);
            Ok(())
        })?,
        _ if frame.trim() == "PONG" => return Ok(Frame::Pong),
        _ => return Ok(scan.wrong()?),
    }
    scan.end()?;
    Ok(Frame::Messages(out))
}

/// A message's fields as they stand. What type of event it is may be said last, so all are kept until then.
#[derive(Default)]
struct Fields<'a> {
    event_type: Option<Value<'a>>,
    market: Option<Value<'a>>,
    asset_id: Option<Value<'a>>,
    timestamp: Option<Value<'a>>,
    hash: Option<Value<'a>>,
    bids: Option<Result<Vec<Level>, WireError>>,
    asks: Option<Result<Vec<Level>, WireError>>,
    changes: Option<Result<Vec<PriceChange<'a>>, WireError>>,
    tick_size: Option<Value<'a>>,
    min_order_size: Option<Value<'a>>,
    neg_risk: Option<Value<'a>>,
    last_trade_price: Option<Value<'a>>,
    price: Option<Value<'a>>,
    size: Option<Value<'a>>,
    side: Option<Value<'a>>,
    fee_rate_bps: Option<Value<'a>>,
    transaction_hash: Option<Value<'a>>,
    old_tick_size: Option<Value<'a>>,
    new_tick_size: Option<Value<'a>>,
    best_bid: Option<Value<'a>>,
    best_ask: Option<Value<'a>>,
    spread: Option<Value<'a>>,
    /// The first field that was given twice.
    twice: Option<&'static str>,
}

/// Lets each named field be kept once.
macro_rules! keep {
    ($self:ident, $key:ident, $scan:ident, $($name:ident),* $(,)?) => {
        match $key {
            $(stringify!($name) => {
                if $self.$name.replace($scan.value()?).is_some() {
                    $self.twice.get_or_insert(stringify!($name));
                }
                Ok(())
            })*
            _ => {
                $scan.value()?;
                Ok(())
            }
        }
    };
}

impl<'a> Fields<'a> {
    fn read(&mut self, scan: &mut Scan<'a>) -> Result<(), WireError> {
        scan.object::<WireError>(|key, scan| match key {
            "price_changes" => part(scan, &mut self.changes, &mut self.twice, "price_changes", changes),
            "bids" => part(scan, &mut self.bids, &mut self.twice, "bids", |scan| levels(scan, "bids")),
            "asks" => part(scan, &mut self.asks, &mut self.twice, "asks", |scan| levels(scan, "asks")),
            _ => keep!(
                self,
                key,
                scan,
                event_type,
                market,
                asset_id,
                timestamp,
                hash,
                tick_size,
                min_order_size,
                neg_risk,
                last_trade_price,
                price,
                size,
                side,
                fee_rate_bps,
                transaction_hash,
                old_tick_size,
                new_tick_size,
                best_bid,
                best_ask,
                spread,
            ),
        })
    }

    fn event(&mut self, raw: &'a str) -> Result<Event<'a>, WireError> {
        let event_type = self.event_type.ok_or(WireError::Missing("event_type"))?;
        let event_type = event_type.string().map_err(|problem| WireError::field("event_type", problem))?;
        match event_type.as_ref() {
            "price_change" => self.price_changes().map(Event::PriceChange),
            "book" => self.book(raw).map(Event::Book),
            "last_trade_price" => self.last_trade().map(Event::LastTrade),
            "tick_size_change" => self.tick_size_change().map(Event::TickSize),
            "best_bid_ask" => self.best_bid_ask().map(Event::BestBidAsk),
            "new_market" => read(raw).map(|market| Event::NewMarket(Box::new(market))),
            "market_resolved" => read(raw).map(|market| Event::Resolved(Box::new(market))),
            _ => Ok(Event::Unknown { event_type, raw }),
        }
    }

    fn once(&self) -> Result<(), WireError> {
        self.twice.map_or(Ok(()), |field| Err(WireError::field(field, Problem::Twice)))
    }

    fn place(&self) -> Result<(Bytes32, Bytes32, UtcNanos), WireError> {
        self.once()?;
        Ok((
            must("market", self.market, condition)?,
            must("asset_id", self.asset_id, token)?,
            must("timestamp", self.timestamp, field::time)?,
        ))
    }

    fn price_changes(&mut self) -> Result<PriceChanges<'a>, WireError> {
        self.once()?;
        Ok(PriceChanges {
            market: must("market", self.market, condition)?,
            time: must("timestamp", self.timestamp, field::time)?,
            changes: self.changes.take().ok_or(WireError::Missing("price_changes"))??,
        })
    }

    fn book(&mut self, raw: &'a str) -> Result<Book<'a>, WireError> {
        let (market, token, time) = self.place()?;
        let sorted = |levels: Option<Result<Vec<Level>, WireError>>, field, side| {
            sort(levels.ok_or(WireError::Missing(field))??, field, side)
        };
        Ok(Book {
            market,
            token,
            time,
            hash: may("hash", self.hash, field::opaque)?.unwrap_or_default(),
            bids: sorted(self.bids.take(), "bids", Side::Buy)?,
            asks: sorted(self.asks.take(), "asks", Side::Sell)?,
            tick_size: may("tick_size", self.tick_size, field::level_price)?,
            min_order_size: may("min_order_size", self.min_order_size, field::size)?,
            neg_risk: match self.neg_risk {
                None | Some(Value::Null) => None,
                Some(Value::Bool(neg_risk)) => Some(neg_risk),
                Some(_) => return Err(WireError::field("neg_risk", Problem::Type)),
            },
            last_trade_price: may("last_trade_price", self.last_trade_price, field::price)?,
            raw,
        })
    }

    fn last_trade(&mut self) -> Result<LastTrade<'a>, WireError> {
        let (market, token, time) = self.place()?;
        let hash = |text: &str| crate::hex::from_hex_exact::<32>(text).map(Bytes32).ok_or(Problem::Id);
        Ok(LastTrade {
            market,
            token,
            price: must("price", self.price, field::level_price)?,
            size: must("size", self.size, field::size)?,
            side: must("side", self.side, field::side)?,
            fee_rate_bps: may("fee_rate_bps", self.fee_rate_bps, field::opaque)?,
            transaction_hash: may("transaction_hash", self.transaction_hash, hash)?,
            time,
        })
    }

    fn tick_size_change(&mut self) -> Result<TickSizeChange, WireError> {
        let (market, token, time) = self.place()?;
        let old = may("old_tick_size", self.old_tick_size, field::level_price)?;
        let new = must("new_tick_size", self.new_tick_size, field::level_price)?;
        Ok(TickSizeChange { market, token, old, new, time })
    }

    fn best_bid_ask(&mut self) -> Result<BestBidAsk, WireError> {
        let (market, token, time) = self.place()?;
        Ok(BestBidAsk {
            market,
            token,
            best_bid: may("best_bid", self.best_bid, field::price)?,
            best_ask: may("best_ask", self.best_ask, field::price)?,
            spread: may("spread", self.spread, field::price)?,
            time,
        })
    }
}

fn condition(text: &str) -> Result<Bytes32, Problem> {
    field::condition(text).ok_or(Problem::Id)
}

fn token(text: &str) -> Result<Bytes32, Problem> {
    field::token_id(text).ok_or(Problem::Id)
}

/// A field that may be missing, null or empty.
fn may<'a, T>(
    field: &'static str,
    value: Option<Value<'a>>,
    read: impl FnOnce(&'a str) -> Result<T, Problem>,
) -> Result<Option<T>, WireError> {
    let text = value.map_or(Ok(None), Value::number).map_err(|problem| WireError::field(field, problem))?;
    text.map(|text| read(text).map_err(|problem| WireError::field(field, problem))).transpose()
}

/// A field that may not.
fn must<'a, T>(
    field: &'static str,
    value: Option<Value<'a>>,
    read: impl FnOnce(&'a str) -> Result<T, Problem>,
) -> Result<T, WireError> {
    may(field, value, read)?.ok_or(WireError::Missing(field))
}

/// Reads a field's own structure. If that fails, it is passed over, and the failure kept for the event it may belong
/// to: another type of event may use the same name for something else.
fn part<'a, T>(
    scan: &mut Scan<'a>,
    slot: &mut Option<Result<T, WireError>>,
    twice: &mut Option<&'static str>,
    field: &'static str,
    read: impl FnOnce(&mut Scan<'a>) -> Result<T, WireError>,
) -> Result<(), WireError> {
    let before = *scan;
    let result = read(scan);
    if result.is_err() {
        *scan = before;
        scan.value()?;
    }
    if slot.replace(result).is_some() {
        twice.get_or_insert(field);
    }
    Ok(())
}

/// The levels of one side. Those without shares are left out.
fn levels(scan: &mut Scan<'_>, field: &'static str) -> Result<Vec<Level>, WireError> {
    let mut out = Vec::new();
    scan.array::<WireError>(|scan| {
        let (mut price, mut size) = (None, None);
        scan.object::<WireError>(|key, scan| {
            let slot = match key {
                "price" => &mut price,
                "size" => &mut size,
                _ => {
                    scan.value()?;
                    return Ok(());
                }
            };
            if slot.replace(scan.value()?).is_some() {
                return Err(WireError::field(field, Problem::Twice));
            }
            Ok(())
        })?;
        let level = Level { price: must("price", price, field::level_price)?, size: must("size", size, field::size)? };
        if level.size.is_positive() {
            out.push(level);
        }
        Ok(())
    })?;
    Ok(out)
}

/// Best first. A price that stands twice says two things about one level, and is refused.
fn sort(mut levels: Vec<Level>, field: &'static str, side: Side) -> Result<Vec<Level>, WireError> {
    // They usually come with the best last.
    levels.reverse();
    match side {
        Side::Buy => levels.sort_by_key(|level| std::cmp::Reverse(level.price)),
        Side::Sell => levels.sort_by_key(|level| level.price),
    }
    if levels.windows(2).any(|pair| pair[0].price == pair[1].price) {
        return Err(WireError::field(field, Problem::Twice));
    }
    Ok(levels)
}

/// The entries of `price_changes`.
fn changes<'a>(scan: &mut Scan<'a>) -> Result<Vec<PriceChange<'a>>, WireError> {
    let mut out = Vec::with_capacity(4);
    scan.array::<WireError>(|scan| {
        scan.peek();
        out.push(change(scan)?);
        Ok(())
    })?;
    Ok(out)
}

fn change<'a>(scan: &mut Scan<'a>) -> Result<PriceChange<'a>, WireError> {
    let mut fields = Entry::default();
    scan.object::<WireError>(|key, scan| {
        let slot = match key {
            "asset_id" => &mut fields.asset_id,
            "price" => &mut fields.price,
            "size" => &mut fields.size,
            "side" => &mut fields.side,
            "hash" => &mut fields.hash,
            "best_bid" => &mut fields.best_bid,
            "best_ask" => &mut fields.best_ask,
            _ => {
                scan.value()?;
                return Ok(());
            }
        };
        if slot.replace(scan.value()?).is_some() {
            return Err(WireError::field("price_changes", Problem::Twice));
        }
        Ok(())
    })?;
    Ok(PriceChange {
        token: must("asset_id", fields.asset_id, token)?,
        price: must("price", fields.price, field::level_price)?,
        size: must("size", fields.size, field::size)?,
        side: must("side", fields.side, field::side)?,
        hash: may("hash", fields.hash, field::opaque)?.unwrap_or_default(),
        best_bid: may("best_bid", fields.best_bid, field::price)?,
        best_ask: may("best_ask", fields.best_ask, field::price)?,
    })
}

#[derive(Default)]
struct Entry<'a> {
    asset_id: Option<Value<'a>>,
    price: Option<Value<'a>>,
    size: Option<Value<'a>>,
    side: Option<Value<'a>>,
    hash: Option<Value<'a>>,
    best_bid: Option<Value<'a>>,
    best_ask: Option<Value<'a>>,
}
