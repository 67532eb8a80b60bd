//! A miniature engine: core, chain and (unless the story tells the venue's part itself) the simulated exchange, wired as
//! the process wires them, with a vector for a log.

use engine_core::{Chain, Config, Core, Draft};
use exchange::{AccountId, Exchange};
use projections::State;
use projections::orders::Order;
use schemas::event::{
    AccountEvent, Action, AgentEvent, CancelReason, ExitReason, FillBooked, KillLevel, Liquidity, MarketEvent, Mode,
    NoDecisionReason, OperatorCommand, OrderEvent, OrderIntended, OrderPlan, Proposal, Purpose, RiskVerdict,
    RunStarted, Style, SystemEvent, TimeInForce, TimerKind, TradeKey,
};
use schemas::{Bytes32, Cash, CycleId, Envelope, Event, OrderId, Price, Seq, Side, Size, TokenId, UtcNanos};

/// 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000_000_000;

#[derive(Clone)]
pub struct Floor {
    pub core: Core,
    chain: Chain,
    pub exchange: Option<Exchange>,
    pub log: Vec<Envelope>,
    step: Vec<Envelope>,
    drafts: Vec<Draft>,
}

pub fn at(ms: i64) -> UtcNanos {
    UtcNanos(START + ms * 1_000_000)
}

pub fn run_started(config: &Config, mode: Mode) -> Event {
    let config = config.canonical().unwrap();
    Event::System(SystemEvent::RunStarted(Box::new(RunStarted {
        version: "test".to_owned(),
        mode,
        config_hash: Config::hash(&config),
        config,
        seed: 0,
        wallet: String::new(),
        feed: "story".to_owned(),
    })))
}

impl Floor {
    fn empty(exchange: Option<Exchange>) -> Self {
        Self {
            core: Core::new(),
            chain: Chain::default(),
            exchange,
            log: Vec::new(),
            step: Vec::new(),
            drafts: Vec::new(),
        }
    }

    /// With the simulated exchange.
    pub fn open(config: &Config) -> Self {
        let mut floor = Self::empty(Some(Exchange::new()));
        floor.input(at(0), None, None, run_started(config, Mode::Paper));
        floor.hear();
        floor
    }

    /// The story tells what the venue says.
    pub fn scripted(config: &Config) -> Self {
        let mut floor = Self::empty(None);
        floor.input(at(0), None, None, run_started(config, Mode::Paper));
        let cash = config.paper.starting_cash_usdc;
        floor.tell(Event::Account(AccountEvent::BalanceObserved { cash }));
        floor
    }

    /// What a restart makes of a log: everything recorded is held against what is decided again; what is owed is paid.
    pub fn restart(log: &[Envelope]) -> Self {
        let mut floor = Self::empty(Some(Exchange::new()));
        for envelope in log {
            floor.chain.check(envelope).unwrap();
            floor.core.apply(envelope);
            floor.core.decide(envelope, &mut floor.drafts);
            floor.chain.owe(&mut floor.drafts);
            let exchange = floor.exchange.as_mut().unwrap();
            exchange.apply(envelope, floor.core.state().into()).unwrap();
            floor.log.push(envelope.clone());
        }
        floor.pay(floor.now());
        floor.send();
        floor.hear();
        floor
    }

    pub fn state(&self) -> &State {
        self.core.state()
    }

    pub fn now(&self) -> UtcNanos {
        self.state().time
    }

    /// A market event at a moment: what falls due before it comes first.
    pub fn feed(&mut self, time: UtcNanos, event: MarketEvent) {
        self.until(time);
        self.input(time, None, None, Event::Market(event));
        self.hear();
    }

    /// A market event, so many seconds after the last event.
    pub fn tick(&mut self, seconds: i64, event: MarketEvent) {
        self.feed(self.now().plus(seconds * 1_000_000_000), event);
    }

    /// Any other input, now.
    pub fn tell(&mut self, event: Event) {
        self.input(self.now(), None, None, event);
        self.hear();
    }

    pub fn kill(&mut self, level: KillLevel) {
        let (who, command) = ("operator".to_owned(), OperatorCommand::Kill(level));
        self.tell(Event::System(SystemEvent::OperatorCommand { who, command }));
    }

    /// Lets time pass; timers fire when they are due.
    pub fn until(&mut self, until: UtcNanos) {
        for _ in 0..10_000 {
            let core = self.core.next_timer().map(|t| (t, TimerKind::Core));
            let exchange = self.exchange.as_ref().and_then(Exchange::next_due).map(|t| (t, TimerKind::Exchange));
            let next = match (core, exchange) {
                (Some(c), Some(e)) => Some(if e.0 <= c.0 { e } else { c }),
                (c, e) => c.or(e),
            };
            let Some((due, timer)) = next.filter(|(due, _)| *due <= until) else { return };
            self.input(due, None, None, Event::System(SystemEvent::TimerFired { timer, due }));
            self.hear();
        }
        panic!("timers fire for ever");
    }

    pub fn wait(&mut self, seconds: i64) {
        self.until(self.now().plus(seconds * 1_000_000_000));
    }

    fn input(&mut self, time: UtcNanos, cause: Option<Seq>, cycle: Option<CycleId>, event: Event) {
        let time = time.max(self.now());
        self.take(time, cause, cycle, event);
        self.pay(time);
        self.send();
    }

    fn take(&mut self, time: UtcNanos, cause: Option<Seq>, cycle: Option<CycleId>, event: Event) {
        let seq = Seq::new(self.log.len() as u64 + 1).unwrap();
        let envelope = Envelope { seq, time, cause, cycle, event };
        self.core.apply(&envelope);
        self.core.decide(&envelope, &mut self.drafts);
        self.chain.owe(&mut self.drafts);
        self.log.push(envelope.clone());
        self.step.push(envelope);
    }

    fn pay(&mut self, time: UtcNanos) {
        while let Some(Draft { cause, cycle, event }) = self.chain.next_owed() {
            self.take(time, Some(cause), cycle, event);
        }
    }

    fn send(&mut self) {
        for envelope in std::mem::take(&mut self.step) {
            if let Some(exchange) = &mut self.exchange {
                exchange.apply(&envelope, self.core.state().into()).unwrap();
            }
        }
    }

    fn hear(&mut self) {
        loop {
            let now = self.now();
            let report = self.exchange.as_ref().and_then(|e| e.report_due(now)).cloned();
            let Some(report) = report else { return };
            self.input(now, report.cause, report.cycle, report.event);
        }
    }

    // What the venue says, in a scripted story.

    /// Shares that were bought long ago, without asking anyone.
    pub fn hold(&mut self, token: TokenId, price: Price, size: Size) {
        let order = self.intend(token, Side::Buy, price, size);
        self.accept(order);
        self.fill(order, size);
    }

    /// An order as if it had been decided; nothing follows from it.
    pub fn intend(&mut self, token: TokenId, side: Side, price: Price, size: Size) -> OrderId {
        let order = self.state().orders.next_id();
        let plan = OrderPlan {
            action: Action { token, side },
            purpose: if side == Side::Buy { Purpose::Entry } else { Purpose::Exit(ExitReason::Stop) },
            style: Style::Taker,
            price,
            size,
            tif: TimeInForce::Gtc,
            post_only: false,
            expires: UtcNanos::ZERO,
            stop: Price::ZERO,
            target: Price::ZERO,
        };
        let worst_case_loss = price.notional(size, schemas::Rounding::Ceil).unwrap();
        self.tell(Event::Order(OrderEvent::Intended(Box::new(OrderIntended {
            order,
            market: token.market(),
            plan,
            worst_case_loss: if side == Side::Buy { worst_case_loss } else { Cash::ZERO },
            salt: 0,
            hash: Bytes32::ZERO,
            signed: Vec::new(),
        }))));
        order
    }

    pub fn accept(&mut self, order: OrderId) {
        self.tell(Event::Order(OrderEvent::Accepted { order }));
    }

    pub fn lose(&mut self, order: OrderId) {
        self.tell(Event::Order(OrderEvent::Unknown { order, reason: "no answer".to_owned() }));
    }

    pub fn cancelled(&mut self, order: OrderId) {
        self.tell(Event::Order(OrderEvent::Cancelled { order, reason: CancelReason::Unfilled }));
    }

    /// A fill at the order's own price, without a fee.
    pub fn fill(&mut self, order: OrderId, size: Size) -> TradeKey {
        let o = self.state().orders.get(order).unwrap().clone();
        let trade = TradeKey(self.log.len() as u128);
        self.tell(Event::Order(OrderEvent::FillBooked(Box::new(FillBooked {
            order,
            trade,
            token: o.plan.action.token,
            side: o.plan.action.side,
            price: o.plan.price,
            size,
            fee: Cash::ZERO,
            liquidity: Liquidity::Taker,
        }))));
        trade
    }

    // What followed.

    /// How long the log is: to look at what comes after.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// The kinds of everything after a mark.
    pub fn kinds(&self, mark: usize) -> Vec<&'static str> {
        self.log[mark..].iter().map(|e| e.event.kind().name()).collect()
    }

    fn agents(&self, mark: usize) -> impl Iterator<Item = &AgentEvent> {
        self.log[mark..].iter().filter_map(|e| match &e.event {
            Event::Agent(a) => Some(a),
            _ => None,
        })
    }

    pub fn proposals(&self, mark: usize) -> Vec<Proposal> {
        let all = self.agents(mark).filter_map(|a| match a {
            AgentEvent::ProposalMade(p) => Some((**p).clone()),
            _ => None,
        });
        all.collect()
    }

    pub fn verdicts(&self, mark: usize) -> Vec<RiskVerdict> {
        let all = self.agents(mark).filter_map(|a| match a {
            AgentEvent::RiskVerdict(v) => Some((**v).clone()),
            _ => None,
        });
        all.collect()
    }

    pub fn refusals(&self, mark: usize) -> Vec<NoDecisionReason> {
        let all = self.agents(mark).filter_map(|a| match a {
            AgentEvent::NoDecision { reason, .. } => Some(*reason),
            _ => None,
        });
        all.collect()
    }

    pub fn intents(&self, mark: usize) -> Vec<OrderIntended> {
        let all = self.log[mark..].iter().filter(|e| e.cause.is_some()).filter_map(|e| match &e.event {
            Event::Order(OrderEvent::Intended(i)) => Some((**i).clone()),
            _ => None,
        });
        all.collect()
    }

    /// Exits that were ordered: which token, why, how much.
    pub fn exits(&self, mark: usize) -> Vec<(TokenId, ExitReason, Size)> {
        let exit = |i: OrderIntended| match i.plan.purpose {
            Purpose::Exit(reason) => Some((i.plan.action.token, reason, i.plan.size)),
            Purpose::Entry => None,
        };
        self.intents(mark).into_iter().filter_map(exit).collect()
    }

    pub fn cancels(&self, mark: usize) -> Vec<(OrderId, CancelReason)> {
        let all = self.log[mark..].iter().filter_map(|e| match &e.event {
            Event::Order(OrderEvent::CancelIntended { order, reason }) => Some((*order, *reason)),
            _ => None,
        });
        all.collect()
    }

    pub fn resends(&self, mark: usize) -> Vec<(OrderId, u16)> {
        let all = self.log[mark..].iter().filter_map(|e| match &e.event {
            Event::Order(OrderEvent::ResendIntended { order, attempt }) => Some((*order, *attempt)),
            _ => None,
        });
        all.collect()
    }

    pub fn order(&self, id: OrderId) -> &Order {
        self.state().orders.get(id).unwrap()
    }

    /// Cash and shares at the exchange, against the log's own books.
    pub fn assert_agrees_with_the_exchange(&self) {
        let p = &self.state().positions;
        let account = self.exchange.as_ref().unwrap().account(AccountId::ENGINE).unwrap();
        assert_eq!(p.imbalance(), 0);
        assert_eq!(p.cash, account.cash);
        let held: Vec<_> = p.held_all().map(|(t, p)| (t, p.lot.size)).collect();
        assert_eq!(held, account.holdings().collect::<Vec<_>>());
    }
}
