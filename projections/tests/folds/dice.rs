//! Random events from one number each, so that a failing stream shrinks by dropping numbers.

use schemas::event::{
    AccountEvent, Action, AgentEvent, BookDelta, BookSnapshot, BreakerState, CancelReason, Confidence, CycleTrigger,
    ErrorType, EstimateSource, ExitReason, FeeSchedule, FeedScope, FillBooked, KillLevel, KillSource, Lesson, Level,
    Liquidity, MarketChange, MarketEvent, MarketListed, MarketStatus, Mode, ModelEvent, ModelFailed, ModelReplied,
    ModelRequested, MoveKind, NoDecisionReason, OperatorCommand, OrderEvent, OrderIntended, OrderPlan, PositionSettled,
    Proposal, Purpose, Quote, Reflection, ResearchEstimate, Resolution, RiskVerdict, RunStarted, Style, SystemEvent,
    TimeInForce, TimerKind, TokenUsage, Top, Trade, TradeKey, Venue, Verdict,
};
use schemas::{Bytes32, Cash, Event, MarketId, OrderId, Price, Prob, Side, Size, TokenId, UtcNanos};

/// A source of choices: SplitMix64 from one number.
pub struct Dice {
    state: u64,
    /// Numbers that no venue would send, too.
    pub wild: bool,
}

impl Dice {
    pub fn new(roll: u64, wild: bool) -> Self {
        Self { state: roll, wild }
    }

    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n.max(1)
    }

    pub fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn number(&mut self, sensible: i64) -> i64 {
        if !self.wild || self.chance(2) {
            return sensible;
        }
        let any = self.roll() as i64;
        self.pick(&[i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX, any, any >> 20])
    }

    /// On a grid of a cent.
    pub fn price(&mut self) -> Price {
        let cents = 1 + self.below(99) as i64;
        Price(self.number(cents * 10_000))
    }

    /// Up to 50 shares, sometimes with an odd remainder; sometimes none.
    pub fn size(&mut self) -> Size {
        let size = match self.below(8) {
            0 => 0,
            1 => self.below(50_000_000) as i64,
            _ => (1 + self.below(50)) as i64 * 1_000_000,
        };
        Size(self.number(size))
    }

    pub fn cash(&mut self) -> Cash {
        let micro = self.below(20_000_000) as i64;
        Cash(self.number(micro))
    }

    pub fn prob(&mut self) -> Prob {
        let ppm = self.below(1_000_001) as u32;
        Prob(if self.wild && self.chance(4) { u32::MAX } else { ppm })
    }

    pub fn market(&mut self) -> MarketId {
        let small = MarketId(self.below(4) as u32);
        if self.wild && self.chance(4) {
            self.pick(&[MarketId(u32::MAX), MarketId(1 << 31), MarketId(77)])
        } else {
            small
        }
    }

    pub fn token(&mut self) -> TokenId {
        let small = TokenId(self.below(8) as u32);
        if self.wild && self.chance(4) { self.pick(&[TokenId(u32::MAX), TokenId(1 << 31), TokenId(99)]) } else { small }
    }

    pub fn order(&mut self) -> OrderId {
        let small = OrderId(self.below(12) as u32);
        if self.wild && self.chance(8) { OrderId(u32::MAX) } else { small }
    }

    pub fn trade(&mut self) -> TradeKey {
        TradeKey(u128::from(self.below(24)))
    }

    pub fn side(&mut self) -> Side {
        self.pick(&[Side::Buy, Side::Sell])
    }

    fn time(&mut self) -> UtcNanos {
        let seconds = self.below(1_000_000) as i64;
        UtcNanos(self.number(seconds * 1_000_000_000))
    }

    fn scope(&mut self) -> FeedScope {
        if self.chance(2) { FeedScope::All } else { FeedScope::Market(self.market()) }
    }

    fn fee(&mut self) -> FeeSchedule {
        let rate_ppm = self.pick(&[0, 30_000, 70_000]);
        FeeSchedule { rate_ppm, exponent: self.below(3) as u8, taker_only: true }
    }

    fn confidence(&mut self) -> Confidence {
        self.pick(&[Confidence::Low, Confidence::Medium, Confidence::High])
    }

    pub fn listing(&mut self, market: MarketId) -> MarketListed {
        MarketListed {
            market,
            venue: Venue::Synthetic,
            condition: Bytes32::ZERO,
            tokens: [Bytes32::ZERO; 2],
            slug: format!("m{market}"),
            question: String::new(),
            group: format!("g{}", self.below(3)),
            category: format!("c{}", self.below(2)),
            tick: if self.wild { Price(self.number(10_000)) } else { Price(10_000) },
            min_size: Size(5_000_000),
            fee: self.fee(),
            ends: UtcNanos::ZERO,
            neg_risk: false,
            protocol: 2,
        }
    }

    fn levels(&mut self) -> Vec<Level> {
        (0..self.below(5)).map(|_| Level { price: self.price(), size: self.size() }).collect()
    }

    fn top(&mut self) -> Top {
        let (bid, ask) = (self.price(), self.price());
        let side = self.below(6);
        Top { bid: if side == 0 { Price::ZERO } else { bid }, ask: if side == 1 { Price::ZERO } else { ask } }
    }

    pub fn delta(&mut self) -> BookDelta {
        let stated = if self.chance(2) { Some(self.top()) } else { None };
        let (token, side, price, size) = (self.token(), self.side(), self.price(), self.size());
        BookDelta { token, side, price, size, stated, source_time: UtcNanos::ZERO }
    }

    pub fn snapshot(&mut self) -> BookSnapshot {
        BookSnapshot { token: self.token(), bids: self.levels(), asks: self.levels(), source_time: UtcNanos::ZERO }
    }

    pub fn quote(&mut self) -> Quote {
        let mut top = self.top();
        if !self.wild && top.bid > top.ask && self.below(4) > 0 {
            (top.bid, top.ask) = (top.ask, top.bid);
        }
        let (bid_size, ask_size) = (self.size(), self.size());
        Quote { token: self.token(), top, bid_size, ask_size, source_time: UtcNanos::ZERO }
    }

    pub fn trade_print(&mut self) -> Trade {
        let (token, aggressor, price, size) = (self.token(), self.side(), self.price(), self.size());
        Trade { token, aggressor, price, size, source_time: UtcNanos::ZERO }
    }

    pub fn plan(&mut self) -> OrderPlan {
        OrderPlan {
            action: Action { token: self.token(), side: self.side() },
            purpose: if self.chance(2) { Purpose::Entry } else { Purpose::Exit(ExitReason::Stop) },
            style: Style::Taker,
            price: self.price(),
            size: self.size(),
            tif: TimeInForce::Fak,
            post_only: false,
            expires: UtcNanos::ZERO,
            stop: Price::ZERO,
            target: Price::ZERO,
        }
    }

    pub fn fill(&mut self) -> FillBooked {
        let mut size = self.size();
        if !self.wild {
            size = Size(size.0.max(1));
        }
        FillBooked {
            order: self.order(),
            trade: self.trade(),
            token: self.token(),
            side: self.pick(&[Side::Buy, Side::Buy, Side::Sell]),
            price: self.price(),
            size,
            fee: if self.chance(2) { Cash::ZERO } else { Cash(self.cash().0 / 100) },
            liquidity: self.pick(&[Liquidity::Maker, Liquidity::Taker]),
        }
    }

    pub fn order_event(&mut self) -> OrderEvent {
        let (order, trade, reason) = (self.order(), self.trade(), String::new());
        match self.below(16) {
            0..=2 => {
                let plan = self.plan();
                let worst_case_loss = self.cash();
                OrderEvent::Intended(Box::new(OrderIntended {
                    order,
                    market: plan.action.token.market(),
                    plan,
                    worst_case_loss,
                    salt: 0,
                    hash: Bytes32::ZERO,
                    signed: Vec::new(),
                }))
            }
            3 => OrderEvent::Accepted { order },
            4 => OrderEvent::Rejected { order, reason },
            5 => OrderEvent::Unknown { order, reason },
            6 => OrderEvent::ResendIntended { order, attempt: self.below(5) as u16 },
            7..=9 => OrderEvent::FillBooked(Box::new(self.fill())),
            10 => OrderEvent::FillConfirmed { order, trade },
            11 => OrderEvent::FillVoided { order, trade, reason },
            12 => OrderEvent::CancelIntended { order, reason: CancelReason::Kill },
            13 => OrderEvent::Cancelled { order, reason: CancelReason::Unfilled },
            14 => OrderEvent::Expired { order },
            _ => {
                let (token, size, payout, cash) = (self.token(), self.size(), self.price(), self.cash());
                OrderEvent::PositionSettled(Box::new(PositionSettled { token, size, payout, cash }))
            }
        }
    }

    pub fn market_event(&mut self) -> MarketEvent {
        let market = self.market();
        match self.below(21) {
            0 => MarketEvent::Listed(Box::new(self.listing(market))),
            1 => {
                let change = match self.below(4) {
                    0 => MarketChange::Tick(self.price()),
                    1 => MarketChange::Status(self.pick(&[
                        MarketStatus::Open,
                        MarketStatus::Paused,
                        MarketStatus::Closed,
                    ])),
                    2 => MarketChange::Fee(self.fee()),
                    _ => MarketChange::MinSize(self.size()),
                };
                MarketEvent::Changed { market, change }
            }
            2 | 3 => MarketEvent::BookSnapshot(Box::new(self.snapshot())),
            4..=9 => MarketEvent::BookDelta(self.delta()),
            10..=12 => MarketEvent::Trade(self.trade_print()),
            13..=15 => MarketEvent::Quote(self.quote()),
            16 => {
                let resolution = self.pick(&[Resolution::Yes, Resolution::No, Resolution::Split]);
                MarketEvent::Resolved { market, resolution }
            }
            17 => MarketEvent::FeedGap { scope: self.scope(), lost: 1 },
            18 => MarketEvent::FeedStale { scope: self.scope() },
            19 => MarketEvent::Probability { market, probability: self.prob(), source_time: UtcNanos::ZERO },
            _ => MarketEvent::FeedRestored { scope: self.scope() },
        }
    }

    pub fn estimate(&mut self) -> ResearchEstimate {
        let (probability, market_price) = (self.prob(), self.prob());
        ResearchEstimate {
            market: self.market(),
            source: match self.below(3) {
                0 => EstimateSource::Blend,
                1 => EstimateSource::Offline("statistics/1".to_owned()),
                _ => EstimateSource::Model { model: "vendor/model".to_owned(), call: 1 },
            },
            base_rate: market_price,
            probability,
            low: probability,
            high: probability,
            confidence: self.confidence(),
            resolution_risk: Confidence::Low,
            evidence: Vec::new(),
            rationale: String::new(),
            abstain: self.chance(4),
            injection_suspected: self.chance(8),
            market_price,
        }
    }

    fn proposal(&mut self) -> Proposal {
        let plan = self.plan();
        Proposal {
            market: plan.action.token.market(),
            action: plan.action,
            purpose: plan.purpose,
            style: plan.style,
            estimate: self.prob(),
            market_price: self.prob(),
            blended: self.prob(),
            price: plan.price,
            cost: self.price(),
            edge: self.price(),
            size: plan.size,
            kelly_ppm: 0,
            confidence: self.confidence(),
        }
    }

    fn agent_event(&mut self) -> AgentEvent {
        let market = self.market();
        match self.below(8) {
            0 | 1 => {
                let trigger = self.pick(&[
                    CycleTrigger::Interval,
                    CycleTrigger::PriceMove,
                    CycleTrigger::Exit(ExitReason::Target),
                ]);
                AgentEvent::CycleStarted { market, trigger }
            }
            2 | 3 => AgentEvent::ResearchEstimate(Box::new(self.estimate())),
            4 => AgentEvent::ProposalMade(Box::new(self.proposal())),
            5 => {
                let (verdict, size) = (self.pick(&[Verdict::Approve, Verdict::Shrink, Verdict::Veto]), self.size());
                let worst_case_loss = self.cash();
                AgentEvent::RiskVerdict(Box::new(RiskVerdict {
                    market,
                    verdict,
                    size,
                    worst_case_loss,
                    checks: Vec::new(),
                }))
            }
            6 => match self.below(3) {
                0 => AgentEvent::OrderPlanned(Box::new(self.plan())),
                1 => AgentEvent::LessonLearned(Box::new(Lesson {
                    text: "lesson".to_owned(),
                    tags: Vec::new(),
                    applies_to: String::new(),
                    importance_ppm: self.prob().0,
                    keep_until: self.time(),
                })),
                _ => AgentEvent::Reflection(Box::new(Reflection {
                    market,
                    cycle: Default::default(),
                    order: self.order(),
                    outcome: true,
                    brier_ppm: self.prob().0,
                    market_brier_ppm: self.prob().0,
                    pnl: self.cash(),
                    error_type: ErrorType::Luck,
                })),
            },
            _ => AgentEvent::NoDecision { market, reason: NoDecisionReason::NoEdge },
        }
    }

    fn model_event(&mut self) -> ModelEvent {
        let call = self.below(6) as u32;
        let model = "vendor/model".to_owned();
        match self.below(6) {
            0 | 1 => ModelEvent::Requested(Box::new(ModelRequested {
                call,
                model,
                market: self.market(),
                reserve: self.cash(),
                ..request()
            })),
            2 => ModelEvent::Replied(Box::new(ModelReplied {
                call,
                cost_pico: if self.wild { self.roll() } else { self.below(1 << 40) },
                ..reply()
            })),
            3 => {
                ModelEvent::Failed(Box::new(ModelFailed { call, reason: String::new(), maybe_billed: self.chance(2) }))
            }
            4 => ModelEvent::Rejected { call, reasons: Vec::new() },
            _ => ModelEvent::BreakerChanged { model, state: BreakerState::Open },
        }
    }

    fn account_event(&mut self) -> AccountEvent {
        match self.below(6) {
            4 | 5 => {
                let (out, Cash(amount)) = (self.chance(2), self.cash());
                let amount = Cash(if out { amount.saturating_neg() } else { amount });
                AccountEvent::CashMoved { amount, kind: MoveKind::Other, who: String::new(), note: String::new() }
            }
            0 => AccountEvent::BalanceObserved { cash: self.cash() },
            1 => AccountEvent::AllowanceObserved { spender: String::new(), amount: self.cash() },
            2 => AccountEvent::PositionObserved { token: self.token(), size: self.size() },
            _ => AccountEvent::ReconcileMismatch { what: "cash".to_owned(), expected: 1, observed: 2 },
        }
    }

    fn system_event(&mut self) -> SystemEvent {
        let level = self.pick(&[KillLevel::Off, KillLevel::NoNewRisk, KillLevel::CancelAll, KillLevel::Flatten]);
        match self.below(8) {
            0 => SystemEvent::RunStarted(Box::new(RunStarted {
                version: "0".to_owned(),
                mode: Mode::Paper,
                config: r#"{"memory":{"short_term_window":7,"short_term_ttl_minutes":1}}"#.to_owned(),
                config_hash: Bytes32::ZERO,
                seed: 0,
                wallet: String::new(),
                feed: String::new(),
            })),
            1 => SystemEvent::ConfigChanged {
                config: self.pick(&["", "{", r#"{"data":{"indicator_bar_seconds":0}}"#, "{}"]).to_owned(),
                config_hash: Bytes32::ZERO,
            },
            2 | 3 => SystemEvent::KillSwitch { level, source: KillSource::Drawdown },
            4 => SystemEvent::OperatorCommand { who: "me".to_owned(), command: OperatorCommand::Kill(level) },
            5 => SystemEvent::Halted { reason: "disk".to_owned() },
            6 => SystemEvent::Resumed { reason: "disk".to_owned() },
            _ => SystemEvent::TimerFired { timer: TimerKind::Core, due: self.time() },
        }
    }

    /// Any event at all.
    pub fn event(&mut self) -> Event {
        match self.below(20) {
            0..=8 => Event::Market(self.market_event()),
            9..=13 => Event::Order(self.order_event()),
            14..=16 => Event::Agent(self.agent_event()),
            17 => Event::Model(self.model_event()),
            18 => Event::Account(self.account_event()),
            _ => Event::System(self.system_event()),
        }
    }
}

fn request() -> ModelRequested {
    ModelRequested {
        call: 0,
        market: MarketId(0),
        role: "research".to_owned(),
        model: String::new(),
        attempt: 1,
        body_hash: Bytes32::ZERO,
        body: Vec::new(),
        template: String::new(),
        schema: String::new(),
        reserve: Cash::ZERO,
        deadline: UtcNanos::ZERO,
    }
}

fn reply() -> ModelReplied {
    ModelReplied {
        call: 0,
        status: 200,
        body: Vec::new(),
        served_model: String::new(),
        usage: TokenUsage::default(),
        cost_pico: 0,
        latency_ms: 0,
    }
}
