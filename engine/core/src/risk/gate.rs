//! From a proposal to a verdict.
//!
//! Some limits refuse (kill switch, stale data, a price off the grid); the monetary ones leave room, and an entry shrinks
//! to the smallest room before it is refused. Sales that give up risk pass everything that only guards against new risk.

use super::exposure::{at_risk, open_markets, portfolio_limit};
use crate::config::Config;
use crate::exits::LOT;
use crate::order::named_size;
use crate::venues::may_trade;
use projections::State;
use projections::markets::Market;
use projections::orders::OrderStatus;
use schemas::event::{
    Confidence, FeeSchedule, KillLevel, Limit, LimitCheck, MarketStatus, Proposal, Purpose, RiskVerdict, Style, Verdict,
};
use schemas::money::MICRO;
use schemas::{Cash, MarketId, MoneyError, Price, Rounding, Size, UtcNanos};

/// A marketable purchase below one dollar is refused by the venue. Source: Polymarket, `min size: 1`.
const MARKETABLE_MIN: Cash = Cash(MICRO);

/// Sales that give up risk may use the order rate this many times over: entries must never use up the room to get out,
/// and even a runaway exit must end somewhere.
const EXIT_RATE_FACTOR: i64 = 3;

/// A limit on money: what is used of it, and how much there is.
struct Room {
    limit: Limit,
    used: Cash,
    allowed: Cash,
}

impl Room {
    fn left(&self) -> Cash {
        Cash(self.allowed.0.saturating_sub(self.used.0))
    }

    fn check(&self, cost: Cash) -> LimitCheck {
        let observed = self.used.0.saturating_add(cost.0);
        LimitCheck { limit: self.limit, observed, allowed: self.allowed.0, pass: observed <= self.allowed.0 }
    }
}

/// The verdict on a proposal at a moment.
pub fn judge(state: &State, config: &Config, now: UtcNanos, proposal: &Proposal) -> RiskVerdict {
    let gate = Gate { state, config, now, proposal };
    match state.markets.get(proposal.market) {
        None => veto(proposal.market, vec![check(Limit::MarketStatus, 0, 1, false)]),
        Some(market) if proposal.purpose == Purpose::Entry => gate.judge_entry(market),
        Some(market) => gate.judge_exit(market),
    }
}

/// Stands for the kill switch's level where the switch is off, and something else stops trading.
pub const HALTED: i64 = -1;

struct Gate<'a> {
    state: &'a State,
    config: &'a Config,
    now: UtcNanos,
    proposal: &'a Proposal,
}

impl Gate<'_> {
    fn judge_exit(&self, market: &Market) -> RiskVerdict {
        let p = self.proposal;
        let kill = &self.state.kill;
        let held = self.state.positions.held(p.action.token).less(self.state.orders.selling(p.action.token));
        let size = Size(p.size.0.min(held.0)).floor_to(LOT);
        let checks = vec![
            check(Limit::KillSwitch, kill.level as i64, KillLevel::Flatten as i64, kill.lets_exit()),
            self.market_open(market),
            check(Limit::TickGrid, p.price.0 % market.tick.0.max(1), 0, p.price.on_grid(market.tick)),
            check(Limit::MinSize, size.0, LOT.0, size >= LOT),
            self.unknown_orders(),
            self.order_rate(EXIT_RATE_FACTOR),
        ];
        self.answer(checks, size, Cash::ZERO)
    }

    fn judge_entry(&self, market: &Market) -> RiskVerdict {
        let p = self.proposal;
        let mut checks = self.hard_checks(market);
        let rooms = self.rooms(market);
        let wanted = match worst_case(p, p.size, market.fee) {
            Ok(cost) => cost,
            Err(_) => return veto(p.market, checks),
        };
        checks.extend(rooms.iter().map(|r| r.check(wanted)));
        let room = rooms.iter().map(Room::left).min().unwrap_or(Cash::ZERO);
        let size = if wanted <= room { p.size } else { named_size(market.tick, p, fitting(p, room, market.fee)) };
        let worst = worst_case(p, size, market.fee).unwrap_or(wanted);
        let smallest = self.smallest(market);
        checks.push(check(Limit::MinSize, size.0, smallest.0, size >= smallest));
        self.answer(checks, size, worst)
    }

    fn answer(&self, checks: Vec<LimitCheck>, size: Size, worst_case_loss: Cash) -> RiskVerdict {
        let refused = checks.iter().any(|c| !c.pass && !is_room(c.limit));
        if refused || size.0 <= 0 {
            return veto(self.proposal.market, checks);
        }
        let verdict = if size < self.proposal.size { Verdict::Shrink } else { Verdict::Approve };
        RiskVerdict { market: self.proposal.market, verdict, size, worst_case_loss, checks }
    }

    /// The smallest order the venue takes: its own minimum for resting orders, one dollar for marketable ones.
    fn smallest(&self, market: &Market) -> Size {
        match self.proposal.style {
            Style::Maker => market.min_size,
            Style::Taker => {
                let dollar = MARKETABLE_MIN.shares_at(self.proposal.price).unwrap_or(market.min_size);
                Size(dollar.0.saturating_add(LOT.0)).floor_to(LOT)
            }
        }
    }

    fn hard_checks(&self, market: &Market) -> Vec<LimitCheck> {
        let (s, c, p) = (self.state, self.config, self.proposal);
        let r = &c.risk;
        let quote = s.quotes.get(p.action.token);
        let spread = quote.spread().unwrap_or(Price::ONE);
        let age_ms = self.now.since(s.quotes.feed_time) / schemas::time::NANOS_PER_MS;
        let age_max = i64::from(c.data.max_age_seconds) * 1_000;
        let fresh = age_ms <= age_max && quote.valid && s.quotes.is_live(p.market);
        let halted = !s.kill.lets_enter() || s.kill.mismatch;
        let switch = if halted && s.kill.level == KillLevel::Off { HALTED } else { s.kill.level as i64 };
        let in_band = p.price >= r.min_price && p.price <= r.max_price;
        let drawdown = i64::from(s.equity.drawdown_ppm());
        let fees = s.activity.fees_last_day(self.now);
        let spent = s.costs.day(self.now);
        let confidence = match p.confidence {
            Confidence::Low => 400_000,
            Confidence::Medium => 600_000,
            Confidence::High => 800_000,
        };
        let open = self.other_markets();
        vec![
            check(Limit::KillSwitch, switch, 0, !halted),
            self.market_open(market),
            check(Limit::StaleData, age_ms, age_max, fresh),
            at_most(Limit::Spread, spread.0, r.max_spread.0),
            check(
                Limit::PriceBand,
                p.price.0,
                if p.price < r.min_price { r.min_price.0 } else { r.max_price.0 },
                in_band,
            ),
            check(Limit::TickGrid, p.price.0 % market.tick.0.max(1), 0, p.price.on_grid(market.tick)),
            check(Limit::MinEdge, p.edge.0, r.min_edge_threshold.0, p.edge >= r.min_edge_threshold),
            check(
                Limit::MinConfidence,
                confidence,
                i64::from(r.min_confidence.0),
                confidence >= i64::from(r.min_confidence.0),
            ),
            at_most(Limit::OpenPositions, open + 1, i64::from(r.max_open_positions)),
            at_most(Limit::Drawdown, drawdown, r.max_drawdown_pct.0 / 100),
            self.order_rate(1),
            self.unknown_orders(),
            at_most(Limit::FeeDrag, fees.0, r.max_fees_usdc.0),
            at_most(Limit::ModelBudget, spent.0, c.costs.daily_llm_budget.0),
            self.time_left(market),
        ]
    }

    /// Whether orders make sense there: it is open, and at the venue where this account trades.
    fn market_open(&self, market: &Market) -> LimitCheck {
        let open = market.is_open() && market.status == MarketStatus::Open && may_trade(self.config, market);
        check(Limit::MarketStatus, i64::from(open), 1, open)
    }

    fn order_rate(&self, factor: i64) -> LimitCheck {
        let sent = i64::from(self.state.activity.orders_last_minute(self.now));
        at_most(Limit::OrderRate, sent + 1, i64::from(self.config.risk.max_orders_per_minute) * factor)
    }

    /// At most one order of unknown fate in a market: until it is proven, nothing new on top.
    fn unknown_orders(&self) -> LimitCheck {
        let unknown = self.state.orders.open_in(self.proposal.market).filter(|o| o.status == OrderStatus::Unknown);
        at_most(Limit::UnknownOrders, i64::try_from(unknown.count()).unwrap_or(i64::MAX), 0)
    }

    fn time_left(&self, market: &Market) -> LimitCheck {
        let needed = i64::from(self.config.risk.min_minutes_to_end) * 60_000;
        let left = match market.listed.ends {
            UtcNanos::ZERO => i64::MAX,
            ends => ends.since(self.now) / schemas::time::NANOS_PER_MS,
        };
        check(Limit::TimeToResolution, left, needed, left >= needed)
    }

    /// Markets other than this one in which something is held or may be bought.
    fn other_markets(&self) -> i64 {
        let others = open_markets(self.state).into_iter().filter(|m| *m != self.proposal.market);
        i64::try_from(others.count()).unwrap_or(i64::MAX)
    }

    fn rooms(&self, market: &Market) -> Vec<Room> {
        let (s, r) = (self.state, &self.config.risk);
        let visible = s.equity.visible(&s.positions, &s.quotes);
        let portfolio = portfolio_limit(s, self.config);
        let share = |of: schemas::Prob| portfolio.part(i64::from(of.0), MICRO, Rounding::Floor).unwrap_or(Cash::ZERO);
        let same = |f: fn(&Market) -> u32| {
            let mine = f(market);
            move |m: MarketId| s.markets.get(m).is_some_and(|other| f(other) == mine)
        };
        // What cannot be valued now counts as lost here, though it does not throw the switch.
        let lost_today = Cash(s.equity.day_start.0.saturating_sub(visible.0).max(0));
        vec![
            Room { limit: Limit::SingleTrade, used: Cash::ZERO, allowed: r.max_single_trade_usdc },
            Room {
                limit: Limit::PositionSize,
                used: at_risk(s, |m| m == self.proposal.market),
                allowed: r.max_position_size_usdc,
            },
            Room {
                limit: Limit::GroupExposure,
                used: at_risk(s, same(|m| m.group)),
                allowed: share(r.max_correlation_exposure),
            },
            Room {
                limit: Limit::CategoryExposure,
                used: at_risk(s, same(|m| m.category)),
                allowed: share(r.max_category_exposure),
            },
            Room { limit: Limit::PortfolioExposure, used: at_risk(s, |_| true), allowed: portfolio },
            Room { limit: Limit::DailyLoss, used: lost_today, allowed: r.daily_loss_limit_usdc },
            Room { limit: Limit::Turnover, used: s.activity.turnover_last_day(self.now), allowed: r.max_turnover_usdc },
            Room { limit: Limit::Balance, used: s.orders.reserved(), allowed: s.positions.cash },
        ]
    }
}

/// Limits that leave room rather than refuse.
fn is_room(limit: Limit) -> bool {
    matches!(
        limit,
        Limit::SingleTrade
            | Limit::PositionSize
            | Limit::GroupExposure
            | Limit::CategoryExposure
            | Limit::PortfolioExposure
            | Limit::DailyLoss
            | Limit::Turnover
            | Limit::Balance
    )
}

fn check(limit: Limit, observed: i64, allowed: i64, pass: bool) -> LimitCheck {
    LimitCheck { limit, observed, allowed, pass }
}

fn at_most(limit: Limit, observed: i64, allowed: i64) -> LimitCheck {
    check(limit, observed, allowed, observed <= allowed)
}

fn veto(market: MarketId, checks: Vec<LimitCheck>) -> RiskVerdict {
    RiskVerdict { market, verdict: Verdict::Veto, size: Size::ZERO, worst_case_loss: Cash::ZERO, checks }
}

/// The most an entry can lose: all it costs. A resting order pays no fee, because it is refused rather than taking.
fn worst_case(p: &Proposal, size: Size, fee: FeeSchedule) -> Result<Cash, MoneyError> {
    let price = p.price.notional(size, Rounding::Ceil)?;
    match p.style {
        Style::Maker => Ok(price),
        Style::Taker => price.plus(fee.taker_fee(p.price, size)?),
    }
}

/// The largest size on the grid whose worst case fits `room`.
fn fitting(p: &Proposal, room: Cash, fee: FeeSchedule) -> Size {
    if room.0 <= 0 || p.cost.0 <= 0 {
        return Size::ZERO;
    }
    let mut size = room.shares_at(p.cost).unwrap_or(Size::ZERO).floor_to(LOT);
    // Rounding of the fee can exceed the estimate by a lot or two, never by more.
    for _ in 0..4 {
        match worst_case(p, size, fee) {
            Ok(cost) if cost <= room => return size,
            _ => size = size.less(LOT),
        }
    }
    Size::ZERO
}
