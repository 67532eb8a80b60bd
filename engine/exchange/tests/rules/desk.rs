//! A log, a state and the exchange behind them, with the engine and other clients in front.

use exchange::{AccountId, Divergence, Exchange, Incoming};
use projections::State;
use schemas::event::{
    Action, BookDelta, BookSnapshot, CancelReason, ExitReason, FeeSchedule, FillBooked, Level, MarketEvent,
    MarketListed, Mode, OrderEvent, OrderIntended, OrderPlan, Purpose, Quote, Resolution, RunStarted, Style,
    SystemEvent, TimeInForce, TimerKind, Top, Trade, Venue,
};
use schemas::{Bytes32, Cash, Envelope, Event, MarketId, OrderId, Price, Seq, Side, Size, TokenId, UtcNanos};

pub const M: MarketId = MarketId(0);
pub const YES: TokenId = TokenId(0);
pub const NO: TokenId = TokenId(1);
const START: i64 = 1_767_225_600_000;

/// Answers at once and confirms after two seconds.
pub const PROMPT: &str = r#""submit_latency_ms":0,"report_latency_ms":0"#;

pub struct Desk {
    pub state: State,
    pub exchange: Exchange,
    pub log: Vec<Envelope>,
    /// What was said, to whom, at which millisecond.
    pub said: Vec<(AccountId, i64, Event)>,
    now: UtcNanos,
    orders: u32,
    hashes: u64,
}

pub fn cents(n: i64) -> Price {
    Price(n * 10_000)
}

pub fn shares(n: i64) -> Size {
    Size(n * 1_000_000)
}

pub fn dollars(n: i64) -> Cash {
    Cash(n * 1_000_000)
}

/// Good till cancelled.
pub fn order(token: TokenId, side: Side, price: i64, size: i64) -> OrderPlan {
    OrderPlan {
        action: Action { token, side },
        purpose: if side == Side::Buy { Purpose::Entry } else { Purpose::Exit(ExitReason::Target) },
        style: Style::Taker,
        price: cents(price),
        size: shares(size),
        tif: TimeInForce::Gtc,
        post_only: false,
        expires: UtcNanos::ZERO,
        stop: Price::ZERO,
        target: Price::ZERO,
    }
}

pub fn buy(price: i64, size: i64) -> OrderPlan {
    order(YES, Side::Buy, price, size)
}

pub fn sell(price: i64, size: i64) -> OrderPlan {
    order(YES, Side::Sell, price, size)
}

pub fn fak(plan: OrderPlan) -> OrderPlan {
    OrderPlan { tif: TimeInForce::Fak, ..plan }
}

pub fn listing(market: MarketId, rate_ppm: u32) -> MarketEvent {
    MarketEvent::Listed(Box::new(MarketListed {
        market,
        venue: Venue::Synthetic,
        condition: Bytes32::ZERO,
        tokens: [Bytes32::ZERO; 2],
        slug: format!("m{market}"),
        question: String::new(),
        group: String::new(),
        category: String::new(),
        tick: cents(1),
        min_size: shares(5),
        fee: FeeSchedule { rate_ppm, exponent: 1, taker_only: true },
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    }))
}

fn run(paper: &str) -> Event {
    Event::System(SystemEvent::RunStarted(Box::new(RunStarted {
        version: String::new(),
        mode: Mode::Paper,
        config: format!(r#"{{"paper":{{"starting_cash_usdc":1000,{paper}}}}}"#),
        config_hash: Bytes32::ZERO,
        seed: 0,
        wallet: String::new(),
        feed: String::new(),
    })))
}

impl Desk {
    /// One market without fees, the engine with a thousand dollars.
    pub fn open(paper: &str) -> Self {
        Self::with_fee(paper, 0)
    }

    pub fn with_fee(paper: &str, rate_ppm: u32) -> Self {
        let mut desk = Self {
            state: State::new(),
            exchange: Exchange::new(),
            log: Vec::new(),
            said: Vec::new(),
            now: UtcNanos::from_millis(START).unwrap(),
            orders: 0,
            hashes: 0,
        };
        desk.tell(run(paper));
        desk.tell(Event::Market(listing(M, rate_ppm)));
        desk.settle();
        desk
    }

    /// Milliseconds since the desk opened.
    pub fn ms(&self) -> i64 {
        self.now.as_millis() - START
    }

    pub fn time(&self, ms: i64) -> UtcNanos {
        UtcNanos::from_millis(START + ms).unwrap()
    }

    fn append(&mut self, cause: Option<Seq>, cycle: Option<schemas::CycleId>, event: Event) -> Result<Seq, Divergence> {
        let seq = Seq::new(self.log.len() as u64 + 1).unwrap();
        let envelope = Envelope { seq, time: self.now, cause, cycle, event };
        self.state.apply(&envelope);
        self.exchange.apply(&envelope, (&self.state).into())?;
        self.log.push(envelope);
        Ok(seq)
    }

    /// Appends an input.
    pub fn tell(&mut self, event: Event) -> Seq {
        self.append(None, None, event).unwrap()
    }

    /// A market event and everything that follows at once.
    pub fn market(&mut self, event: MarketEvent) {
        self.tell(Event::Market(event));
        self.settle();
    }

    /// Lets time pass to a moment; timers fire when they are due, reports are heard when their time has come.
    pub fn until(&mut self, ms: i64) {
        let until = self.time(ms);
        self.hear();
        while let Some(due) = self.exchange.next_due().filter(|d| *d <= until) {
            self.now = self.now.max(due);
            self.tell(Event::System(SystemEvent::TimerFired { timer: TimerKind::Exchange, due }));
            self.hear();
        }
        self.now = self.now.max(until);
    }

    /// What is due now happens.
    pub fn settle(&mut self) {
        self.until(self.ms());
    }

    fn hear(&mut self) {
        while let Some(report) = self.exchange.report_due(self.now).cloned() {
            self.said.push((report.account, self.ms(), report.event.clone()));
            if report.account == AccountId::ENGINE {
                self.append(report.cause, report.cycle, report.event).unwrap();
            } else {
                self.exchange.take_report(self.now);
            }
        }
    }

    /// The engine sends an order; what follows at once follows.
    pub fn send(&mut self, plan: OrderPlan) -> OrderId {
        self.orders += 1;
        self.hashes += 1;
        let order = OrderId(self.orders);
        let intent = OrderIntended {
            order,
            market: plan.action.token.market(),
            plan,
            worst_case_loss: Cash::ZERO,
            salt: 0,
            hash: hash(self.hashes),
            signed: Vec::new(),
        };
        self.tell(Event::Order(OrderEvent::Intended(Box::new(intent))));
        self.settle();
        order
    }

    pub fn resend(&mut self, order: OrderId) {
        self.tell(Event::Order(OrderEvent::ResendIntended { order, attempt: 2 }));
        self.settle();
    }

    pub fn cancel(&mut self, order: OrderId) {
        self.tell(Event::Order(OrderEvent::CancelIntended { order, reason: CancelReason::Operator }));
        self.settle();
    }

    /// Another client sends an order.
    pub fn client(&mut self, account: u32, plan: OrderPlan) -> OrderId {
        self.orders += 1;
        self.hashes += 1;
        let order = OrderId(self.orders);
        let incoming = Incoming {
            account: AccountId(account),
            order,
            hash: hash(self.hashes),
            token: plan.action.token,
            side: plan.action.side,
            price: plan.price,
            size: plan.size,
            tif: plan.tif,
            post_only: plan.post_only,
            expires: plan.expires,
            cause: None,
            cycle: None,
        };
        self.exchange.submit(incoming, self.now);
        self.settle();
        order
    }

    pub fn fund(&mut self, account: u32, cash: Cash) {
        self.exchange.fund(AccountId(account), cash);
    }

    pub fn cash(&self, account: u32) -> Cash {
        self.exchange.account(AccountId(account)).unwrap().cash
    }

    pub fn held(&self, account: u32, token: TokenId) -> Size {
        self.exchange.account(AccountId(account)).unwrap().shares(token)
    }

    /// The recorded size of a level in the book of a token.
    pub fn level(&mut self, token: TokenId, side: Side, price: i64, size: i64) {
        let (price, size) = (cents(price), shares(size));
        let delta = BookDelta { token, side, price, size, stated: None, source_time: UtcNanos::ZERO };
        self.market(MarketEvent::BookDelta(delta));
    }

    pub fn bid(&mut self, price: i64, size: i64) {
        self.level(YES, Side::Buy, price, size);
    }

    pub fn ask(&mut self, price: i64, size: i64) {
        self.level(YES, Side::Sell, price, size);
    }

    pub fn book(&mut self, token: TokenId, bids: &[(i64, i64)], asks: &[(i64, i64)]) {
        let levels =
            |side: &[(i64, i64)]| side.iter().map(|(p, s)| Level { price: cents(*p), size: shares(*s) }).collect();
        let (bids, asks) = (levels(bids), levels(asks));
        let snapshot = BookSnapshot { token, bids, asks, source_time: UtcNanos::ZERO };
        self.market(MarketEvent::BookSnapshot(Box::new(snapshot)));
    }

    /// A recorded trade.
    pub fn trade(&mut self, token: TokenId, aggressor: Side, price: i64, size: i64) {
        let (price, size) = (cents(price), shares(size));
        self.market(MarketEvent::Trade(Trade { token, aggressor, price, size, source_time: UtcNanos::ZERO }));
    }

    /// A quote without sizes.
    pub fn quote(&mut self, bid: i64, ask: i64) {
        let top = Top { bid: cents(bid), ask: cents(ask) };
        let none = Size::ZERO;
        let quote = Quote { token: YES, top, bid_size: none, ask_size: none, source_time: UtcNanos::ZERO };
        self.market(MarketEvent::Quote(quote));
    }

    pub fn resolve(&mut self, resolution: Resolution) {
        self.market(MarketEvent::Resolved { market: M, resolution });
    }

    /// Everything that was said about an order, in words.
    pub fn story(&self, order: OrderId) -> Vec<String> {
        self.said.iter().filter(|(_, _, e)| e.order() == Some(order)).map(|(_, _, e)| words(e)).collect()
    }

    /// The fills of an order.
    pub fn fills(&self, order: OrderId) -> Vec<FillBooked> {
        let fill = |e: &Event| match e {
            Event::Order(OrderEvent::FillBooked(f)) if f.order == order => Some(**f),
            _ => None,
        };
        self.said.iter().filter_map(|(_, _, e)| fill(e)).collect()
    }

    /// Shares of an order that filled.
    pub fn filled(&self, order: OrderId) -> Size {
        Size(self.fills(order).iter().map(|f| f.size.0).sum())
    }
}

fn hash(n: u64) -> Bytes32 {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Bytes32(bytes)
}

fn words(event: &Event) -> String {
    let Event::Order(event) = event else { return format!("{event:?}") };
    match event {
        OrderEvent::Accepted { .. } => "accepted".to_owned(),
        OrderEvent::Rejected { reason, .. } => format!("rejected: {reason}"),
        OrderEvent::Unknown { .. } => "unknown".to_owned(),
        OrderEvent::FillBooked(f) => format!("{:?} {} at {}", f.liquidity, f.size, f.price).to_lowercase(),
        OrderEvent::FillConfirmed { .. } => "confirmed".to_owned(),
        OrderEvent::FillVoided { .. } => "voided".to_owned(),
        OrderEvent::Cancelled { reason, .. } => format!("cancelled: {reason:?}"),
        OrderEvent::Expired { .. } => "expired".to_owned(),
        other => format!("{other:?}"),
    }
}
