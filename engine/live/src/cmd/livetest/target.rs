//! Where the test's order goes: a market that takes orders, whose best bid is far above the lowest price there is.

use crate::cmd::markets::find;
use crate::cmd::talk::Talk;
use crate::config::Loaded;
use crate::engine::{Clock, WallClock};
use crate::exit::{Code, Failure};
use polymarket::amounts::FeeSchedule as Fees;
use polymarket::wire::gamma::{self, Market};
use polymarket::wire::rest::{self, MarketInfo};
use polymarket::{Address, GTD_LEAD_S, Generation};
use schemas::event::{FeeSchedule, MarketListed, Venue};
use schemas::{Cash, MarketId, Price, Rounding, Size, TokenId, UtcNanos};
use venues::wire::Host;

/// The best bid must be so many ticks above the order's price: nobody sells that far down by accident.
const DISTANCE_TICKS: i64 = 5;
/// Markets that are looked at.
const LOOKS_MAX: usize = 10;
/// What the venue wants of an order's time, and room for a slow test. It ends there by itself if this process dies.
const LIFE_S: u64 = GTD_LEAD_S + 120;

/// What is ordered.
pub(super) struct Target {
    pub listed: MarketListed,
    pub token: TokenId,
    pub price: Price,
    pub size: Size,
    pub cost: Cash,
    pub best_bid: Price,
    /// The contract that would settle it.
    pub exchange: Address,
}

impl Target {
    /// The named market, or the first that suits of those that are traded most.
    pub fn find(talk: &mut Talk, loaded: &Loaded, named: Option<&str>) -> Result<Self, Failure> {
        if let Some(name) = named {
            let market = find(talk, name)?;
            return Self::of(talk, loaded, &market)?.map_err(|why| {
                Failure::new(Code::Usage, format!("the market does not suit a test: {why}"))
                    .next("name another, or none")
            });
        }
        let wanted = loaded.config.venue.feed(&loaded.config.core).wanted;
        let body = talk.get(Host::Gamma, &wanted.target("", 0))?;
        let page = gamma::markets(&body)
            .map_err(|e| Failure::new(Code::Error, format!("the catalogue cannot be read: {e}")))?;
        let now = WallClock.now();
        let fitting = page.entries.into_iter().flatten().filter(|m| wanted.takes(m, now)).take(LOOKS_MAX);
        let mut last = "the configuration follows none that is open".to_owned();
        for market in fitting.collect::<Vec<_>>() {
            match Self::of(talk, loaded, &market)? {
                Ok(target) => return Ok(target),
                Err(why) => last = why,
            }
        }
        Err(Failure::new(Code::Usage, format!("there is no market that suits a test: {last}"))
            .next("name one with --market; `arena markets list --all` shows what there is"))
    }

    /// How the outcome is called.
    pub fn outcome(&self) -> &'static str {
        if self.token == self.listed.market.yes() { "Yes" } else { "No" }
    }

    /// When the order ends by itself.
    pub fn expires(&self, now: UtcNanos) -> UtcNanos {
        now.plus_secs(LIFE_S)
    }

    fn of(talk: &mut Talk, loaded: &Loaded, market: &Market) -> Result<Result<Self, String>, Failure> {
        let unread = |e: &dyn std::fmt::Display| Failure::new(Code::Error, format!("the market cannot be read: {e}"));
        let Some(condition) = market.condition_id else { return Ok(Err("it has no condition yet".to_owned())) };
        let generation = match market.generation() {
            Ok(generation) => generation,
            Err(e) => return Ok(Err(e.to_string())),
        };
        let tokens = match market.tokens() {
            Ok(tokens) => tokens,
            Err(e) => return Ok(Err(e.to_string())),
        };
        let body = talk.get(Host::Clob, &format!("/clob-markets/0x{condition}"))?;
        let info = rest::read::<MarketInfo>(&body).map_err(|e| unread(&e))?;
        if !info.accepting_orders || market.closed {
            return Ok(Err("it takes no orders".to_owned()));
        }
        let price = info.tick_size;
        let mut best: Option<(usize, Price)> = None;
        for (at, token) in tokens.iter().enumerate() {
            let body = talk.get(Host::Clob, &format!("/book?token_id={}", polymarket::token::to_decimal(token)))?;
            let book = rest::book(&body).map_err(|e| unread(&e))?;
            let bid = book.bids.first().map_or(Price::ZERO, |l| l.price);
            if best.is_none_or(|(_, b)| bid > b) {
                best = Some((at, bid));
            }
        }
        let far = price.0.saturating_mul(DISTANCE_TICKS + 1);
        let Some((at, best_bid)) = best.filter(|(_, bid)| bid.0 >= far) else {
            return Ok(Err("the lowest price is not far from its best bids".to_owned()));
        };
        let number = MarketId(0);
        let chain = loaded.config.wallet.chain();
        let exchange = chain.map(|c| c.exchange(generation, info.neg_risk));
        let exchange = match exchange {
            Some(Ok(address)) => address,
            Some(Err(e)) => return Ok(Err(e.to_string())),
            None => return Ok(Err("wallet.chain is unknown".to_owned())),
        };
        let cost = price.notional(info.min_order_size, Rounding::Ceil).map_err(|e| unread(&e))?;
        let fee = info.fees.as_ref().and_then(rest::FeeDetails::schedule).or(market.fees().ok()).unwrap_or(Fees::FREE);
        let listed = MarketListed {
            market: number,
            venue: Venue::Polymarket,
            condition,
            tokens,
            slug: market.slug.clone(),
            question: market.question.clone(),
            group: market.group().to_owned(),
            category: market.topic().to_owned(),
            tick: info.tick_size,
            min_size: info.min_order_size,
            fee: FeeSchedule {
                rate_ppm: fee.rate_ppm,
                exponent: u8::try_from(fee.exponent).unwrap_or(1),
                taker_only: fee.taker_only,
            },
            ends: market.end_date.unwrap_or(UtcNanos::ZERO),
            neg_risk: info.neg_risk,
            protocol: match generation {
                Generation::V2 => 2,
                Generation::V3 => 3,
            },
        };
        let token = if at == 0 { number.yes() } else { number.no() };
        Ok(Ok(Self { listed, token, price, size: info.min_order_size, cost, best_bid, exchange }))
    }
}
