//! hftbacktest 0.9.4 with the same strategy on the same stream.
//!
//! Per event it keeps two books (the exchange's and the strategy's), a risk-averse queue model, orders that travel
//! without latency, and counters of position, balance and fees. It has no log, accounts or risk checks.

use crate::error::MeasureError;
use crate::stream::Stream;
use crate::tick::Tick;
use crate::{ACT_EVERY, Outcome, SHARES};
use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::Data;
use hftbacktest::backtest::models::{CommonFees, ConstantLatency, RiskAdverseQueueModel, TradingValueFeeModel};
use hftbacktest::backtest::{Backtest, DataSource, ExchangeKind, L2AssetBuilder};
use hftbacktest::depth::{HashMapMarketDepth, L2MarketDepth, MarketDepth, ROIVectorMarketDepth};
use hftbacktest::prelude::{Bot, ElapseResult, Event, OrdType, TimeInForce};
use hftbacktest::types::{
    EXCH_ASK_DEPTH_EVENT, EXCH_BID_DEPTH_EVENT, EXCH_BUY_TRADE_EVENT, EXCH_SELL_TRADE_EVENT, LOCAL_ASK_DEPTH_EVENT,
    LOCAL_BID_DEPTH_EVENT, LOCAL_BUY_TRADE_EVENT, LOCAL_SELL_TRADE_EVENT,
};
use schemas::Side;
use schemas::money::MICRO;

const TICK: f64 = 0.01;
const LOT: f64 = 0.01;
/// Longer than any pause of a stream, so that only an event ends the wait.
const WAIT_NANOS: i64 = 3_600_000_000_000;

/// How the peer is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Its fastest: books as arrays over the price range, orders filled as a whole.
    Arrays,
    /// Its default books, orders filled as a whole.
    Maps,
    /// Array books, and fills in part as this engine makes them.
    ArraysPartial,
}

/// A stream in the peer's own form.
pub struct Loaded {
    by_market: Vec<Data<Event>>,
    markets: Vec<u16>,
}

/// Converts a stream into the peer's form: 64 bytes an event. Takes the stream, so that only one form is in memory.
pub fn load(stream: Stream) -> Loaded {
    let by_market = (0..stream.markets())
        .map(|market| {
            let own: Vec<Event> = stream.ticks.iter().filter(|t| t.market == market).map(|t| convert(*t)).collect();
            Data::from_data(&own)
        })
        .collect();
    Loaded { by_market, markets: stream.ticks.iter().map(|t| t.market).collect() }
}

fn convert(tick: Tick) -> Event {
    let ev = match (tick.trade, tick.side) {
        (false, Side::Buy) => EXCH_BID_DEPTH_EVENT | LOCAL_BID_DEPTH_EVENT,
        (false, Side::Sell) => EXCH_ASK_DEPTH_EVENT | LOCAL_ASK_DEPTH_EVENT,
        (true, Side::Buy) => EXCH_BUY_TRADE_EVENT | LOCAL_BUY_TRADE_EVENT,
        (true, Side::Sell) => EXCH_SELL_TRADE_EVENT | LOCAL_SELL_TRADE_EVENT,
    };
    Event {
        ev,
        exch_ts: tick.time,
        local_ts: tick.time,
        px: f64::from(tick.cents) / 100.0,
        qty: f64::from(tick.hundredths) / 100.0,
        order_id: 0,
        ival: 0,
        fval: 0.0,
    }
}

/// Runs the whole stream.
pub fn run(loaded: &Loaded, setup: Setup) -> Result<Outcome, MeasureError> {
    let arrays = || ROIVectorMarketDepth::new(TICK, LOT, 0.0, 1.0);
    match setup {
        Setup::Arrays => trade(loaded, ExchangeKind::NoPartialFillExchange, arrays),
        Setup::Maps => trade(loaded, ExchangeKind::NoPartialFillExchange, || HashMapMarketDepth::new(TICK, LOT)),
        Setup::ArraysPartial => trade(loaded, ExchangeKind::PartialFillExchange, arrays),
    }
}

fn failed(e: impl std::fmt::Debug) -> MeasureError {
    MeasureError::Peer(format!("{e:?}"))
}

fn build<D>(loaded: &Loaded, kind: &ExchangeKind, depth: fn() -> D) -> Result<Backtest<D>, MeasureError>
where
    D: MarketDepth + L2MarketDepth + 'static,
{
    let mut builder = Backtest::builder();
    for data in &loaded.by_market {
        let kind = match kind {
            ExchangeKind::NoPartialFillExchange => ExchangeKind::NoPartialFillExchange,
            ExchangeKind::PartialFillExchange => ExchangeKind::PartialFillExchange,
        };
        let asset = L2AssetBuilder::new()
            .data(vec![DataSource::Data(data.clone())])
            .latency_model(ConstantLatency::new(0, 0))
            .asset_type(LinearAsset::new(1.0))
            .fee_model(TradingValueFeeModel::new(CommonFees::new(0.0, 0.0)))
            .queue_model(RiskAdverseQueueModel::new())
            .exchange(kind)
            .depth(depth)
            .build()
            .map_err(failed)?;
        builder = builder.add_asset(asset);
    }
    builder.build().map_err(failed)
}

fn trade<D>(loaded: &Loaded, kind: ExchangeKind, depth: fn() -> D) -> Result<Outcome, MeasureError>
where
    D: MarketDepth + L2MarketDepth + 'static,
{
    let mut engine = build(loaded, &kind, depth)?;
    let mut resting = vec![0u64; loaded.by_market.len()];
    let mut mids = 0.0;
    for (i, market) in loaded.markets.iter().enumerate() {
        let step = engine.wait_next_feed(false, WAIT_NANOS).map_err(failed)?;
        let last = i + 1 == loaded.markets.len();
        if step != ElapseResult::MarketFeed && !(last && step == ElapseResult::EndOfData) {
            return Err(MeasureError::Peer(format!("stopped at event {i} of {}", loaded.markets.len())));
        }
        let market = usize::from(*market);
        let (bid, ask) = (engine.depth(market).best_bid(), engine.depth(market).best_ask());
        let mid = (bid + ask) / 2.0;
        if mid.is_finite() {
            mids += mid;
        }
        if (i + 1).is_multiple_of(ACT_EVERY) {
            let open = engine.orders(market).get(&resting[market]).is_some_and(|o| o.cancellable());
            if open {
                engine.cancel(market, resting[market], false).map_err(failed)?;
            }
            let id = (i + 1) as u64;
            engine
                .submit_buy_order(market, id, bid, SHARES as f64, TimeInForce::GTC, OrdType::Limit, false)
                .map_err(failed)?;
            resting[market] = id;
        }
    }
    let (mut fills, mut shares) = (0, 0.0);
    for market in 0..loaded.by_market.len() {
        let values = engine.state_values(market);
        fills += u64::try_from(values.num_trades).unwrap_or(0);
        shares += values.trading_volume;
    }
    Ok(Outcome {
        events: loaded.markets.len() as u64,
        own_events: 0,
        fills,
        micro_shares: (shares * MICRO as f64).round() as i64,
        mids: (mids * MICRO as f64).round() as i64,
        state_hash: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trader;

    #[test]
    fn both_engines_see_the_same_market_and_buy_about_the_same() {
        let ours = trader::run(&Stream::generated(200_000), None).unwrap().1;
        let loaded = load(Stream::generated(200_000));
        for setup in [Setup::Arrays, Setup::Maps, Setup::ArraysPartial] {
            let theirs = run(&loaded, setup).unwrap();
            assert_eq!(theirs.events, ours.events);
            // The same mid prices to a thousandth of a cent on average: the books are the same, event by event.
            assert!((theirs.mids - ours.mids).abs() < MICRO, "{setup:?}: {theirs:?} against {ours:?}");
            let ratio = theirs.micro_shares as f64 / ours.micro_shares as f64;
            assert!((0.9..1.1).contains(&ratio), "{setup:?}: {theirs:?} against {ours:?}");
        }
    }
}
