//! One event of the stream, 24 bytes, as other engines were measured with it.

use schemas::event::{BookDelta, MarketEvent, Trade};
use schemas::{MarketId, Price, Side, Size, UtcNanos};

/// Bytes of a tick in a file.
pub const TICK_LEN: usize = 24;
/// Micro-dollars of a cent, and micro-shares of a hundredth of a share.
const HUNDREDTH: i64 = 10_000;

/// A change of one price level, or a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Nanoseconds since the epoch; every tick is later than the one before.
    pub time: i64,
    /// The market.
    pub market: u16,
    /// A trade, not a level.
    pub trade: bool,
    /// The side of the level (`Buy` = bids), or of the trade's aggressor.
    pub side: Side,
    /// Cents, 1 to 99.
    pub cents: u32,
    /// Hundredths of a share: the level's new size, or what traded.
    pub hundredths: u32,
}

impl Tick {
    /// Its place in a file: `u64 time, u16 market, u8 kind, u8 side, u32 price, u64 size`, little-endian.
    pub fn to_bytes(self) -> [u8; TICK_LEN] {
        let mut b = [0u8; TICK_LEN];
        b[..8].copy_from_slice(&self.time.to_le_bytes());
        b[8..10].copy_from_slice(&self.market.to_le_bytes());
        b[10] = u8::from(self.trade);
        b[11] = u8::from(self.side == Side::Sell);
        b[12..16].copy_from_slice(&self.cents.to_le_bytes());
        b[16..].copy_from_slice(&u64::from(self.hundredths).to_le_bytes());
        b
    }

    /// Reads a tick, or says what is wrong with it.
    pub fn parse(b: &[u8; TICK_LEN]) -> Result<Self, String> {
        let [t0, t1, t2, t3, t4, t5, t6, t7, m0, m1, kind, side, p0, p1, p2, p3, size @ ..] = *b;
        let cents = u32::from_le_bytes([p0, p1, p2, p3]);
        if kind > 1 || side > 1 || !(1..=99).contains(&cents) {
            return Err(format!("kind {kind}, side {side} and {cents} cents are no tick"));
        }
        let size = u64::from_le_bytes(size);
        Ok(Self {
            time: i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            market: u16::from_le_bytes([m0, m1]),
            trade: kind == 1,
            side: if side == 1 { Side::Sell } else { Side::Buy },
            cents,
            hundredths: u32::try_from(size).map_err(|_| format!("size {size} is too large"))?,
        })
    }

    /// Its time.
    pub fn time(self) -> UtcNanos {
        UtcNanos(self.time)
    }

    /// Its market.
    pub fn market(self) -> MarketId {
        MarketId(u32::from(self.market))
    }

    /// As an event of the log.
    #[inline]
    pub fn event(self) -> MarketEvent {
        let token = self.market().yes();
        let price = Price(i64::from(self.cents) * HUNDREDTH);
        let size = Size(i64::from(self.hundredths) * HUNDREDTH);
        let source_time = self.time();
        if self.trade {
            MarketEvent::Trade(Trade { token, aggressor: self.side, price, size, source_time })
        } else {
            MarketEvent::BookDelta(BookDelta { token, side: self.side, price, size, stated: None, source_time })
        }
    }
}
