//! The test itself: an engine that is driven step by step, and what is seen of its order meanwhile.

use super::target::Target;
use crate::cmd::login::Login;
use crate::cmd::talk::Talk;
use crate::engine::{Clock, Engine, WallClock, operator};
use crate::exit::{Code, Failure};
use polymarket::wire::market::Frame;
use polymarket::wire::rest;
use polymarket::wire::user::{self, Event, OrderState};
use projections::orders::{Order, OrderStatus};
use schemas::event::{MarketEvent, OperatorCommand};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, OrderId, UtcNanos};
use std::time::Duration;
use venues::wire::{Answer, Ask, CallId, Method, NoAnswer, Socket, Tell};

/// How long each step may take.
const PATIENCE_NANOS: i64 = 20 * NANOS_PER_SEC;
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Between two looks at the venue's list.
const LIST_EVERY_NANOS: i64 = 250_000_000;
/// Names of our own looks, which neither desk nor feed knows.
const FIRST_LOOK: u64 = (1 << 62) + (1 << 61);

/// An engine under test.
pub(super) struct Bench {
    engine: Engine,
    talk: Talk,
    login: Login,
    steps: Vec<(&'static str, i64)>,
    order: Option<(OrderId, Bytes32)>,
    /// When the user channel first named the order.
    on_channel: Option<UtcNanos>,
    looks: u64,
    /// Answers to our looks: whether the order is listed.
    listed: Option<bool>,
}

impl Bench {
    pub fn new(engine: Engine, talk: Talk, login: Login) -> Self {
        let looks = FIRST_LOOK;
        Self { engine, talk, login, steps: Vec::new(), order: None, on_channel: None, looks, listed: None }
    }

    /// Notes a step and how long it took, ns.
    pub fn step(&mut self, name: &'static str, took: i64) {
        self.steps.push((name, took));
    }

    pub fn steps(&self) -> Vec<(&'static str, i64)> {
        self.steps.clone()
    }

    /// The venue's id of the order.
    pub fn order(&self) -> Option<Bytes32> {
        self.order.map(|(_, hash)| hash)
    }

    /// Places the order, sees it, and takes it back.
    pub fn test(&mut self, target: &Target) -> Result<(), Failure> {
        let began = WallClock.now();
        self.engine.start_venue(began)?;
        // Not before: the feed follows the markets that the log has when it starts.
        self.engine.feed(began, MarketEvent::Listed(Box::new(target.listed.clone())))?;
        self.until("the account and the log agree", |b| b.engine.state().kill.halted.is_none())?;
        self.step("venue and log agree", WallClock.now().since(began));

        let sent = WallClock.now();
        let (token, price, size, expires) = (target.token, target.price, target.size, target.expires(sent));
        self.tell(OperatorCommand::TestOrder { token, price, size, expires })?;
        let order = self.engine.state().orders.open().next().map(|o| (o.id, o.hash));
        self.step("signed, and durable in the log", WallClock.now().since(sent));
        self.order = order;
        if order.is_none() {
            return Err(self.refused());
        }
        self.until("the venue takes the order", |b| b.status().is_some_and(|s| s != OrderStatus::Intended))?;
        self.is_live()?;
        self.step("taken by the venue", WallClock.now().since(sent));
        self.until("the user channel names the order", |b| b.on_channel.is_some() || !b.is_open())?;
        self.is_live()?;
        if let Some(at) = self.on_channel {
            self.step("seen on the user channel", at.since(sent));
        }
        self.until_listed(true)?;
        self.is_live()?;
        self.step("seen among the open orders", WallClock.now().since(sent));

        let cancelled = WallClock.now();
        self.tell(OperatorCommand::CancelAll)?;
        self.until("the venue cancels the order", |b| !b.is_open())?;
        match self.status() {
            Some(OrderStatus::Cancelled) => self.step("cancelled", WallClock.now().since(cancelled)),
            _ => return Err(self.refused()),
        }
        self.until_listed(false)?;
        self.step("gone from the open orders", WallClock.now().since(cancelled));
        Ok(())
    }

    /// Cancels what a test that failed has left, and waits for it.
    pub fn clear(&mut self) -> Result<(), Failure> {
        if self.engine.state().orders.none_open() {
            return Ok(());
        }
        self.tell(OperatorCommand::CancelAll)?;
        self.until("the venue cancels the order", |b| b.engine.state().orders.none_open()).map_err(|e| {
            e.next("`arena cancel-all` now: the test's order may still be open; it ends by itself in five minutes")
        })
    }

    /// Closes the log.
    pub fn end(self) -> Result<(), Failure> {
        Ok(self.engine.stop("the test is over", false, WallClock.now())?)
    }

    fn known(&self) -> Option<&Order> {
        let (id, _) = self.order?;
        self.engine.state().orders.get(id)
    }

    fn status(&self) -> Option<OrderStatus> {
        self.known().map(|o| o.status)
    }

    fn is_open(&self) -> bool {
        self.status().is_some_and(|s| !s.is_final())
    }

    fn is_live(&self) -> Result<(), Failure> {
        match self.status() {
            Some(OrderStatus::Live | OrderStatus::Unknown) => Ok(()),
            _ => Err(self.refused()),
        }
    }

    /// Why there is no order to go on with.
    fn refused(&self) -> Failure {
        let Some(order) = self.known() else {
            return Failure::new(Code::Error, "the order was not made: it does not fit the market or the risk core")
                .next("`replay show LOG` shows what was asked");
        };
        let words = order.refusal.as_deref().map(console::output::plain);
        let what = match order.status {
            OrderStatus::Filled => "the order was filled: somebody sold at the lowest price".to_owned(),
            _ if order.filled.0 > 0 => "the order was filled in part".to_owned(),
            OrderStatus::Expired => "the venue ended the order".to_owned(),
            OrderStatus::Cancelled => "the venue cancelled the order before it was asked to".to_owned(),
            _ => format!("the order was refused: {}", words.as_deref().unwrap_or("without a reason")),
        };
        Failure::new(Code::Error, what).next("`arena doctor` looks at the account, its permissions and its wallet")
    }

    fn tell(&mut self, command: OperatorCommand) -> Result<(), Failure> {
        self.engine.look(WallClock.now())?;
        self.engine.tell(operator("arena livetest".to_owned(), command), WallClock.now())?;
        self.engine.commit()?;
        self.send();
        Ok(())
    }

    /// Lets things happen until something is so.
    fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) -> Result<(), Failure> {
        let until = WallClock.now().plus(PATIENCE_NANOS);
        while !so(self) {
            if WallClock.now() > until {
                let seconds = PATIENCE_NANOS / NANOS_PER_SEC;
                let halted = self.engine.state().kill.halted.as_deref();
                let why = halted.map(|h| format!(" ({h})")).unwrap_or_default();
                return Err(
                    Failure::new(Code::Timeout, format!("{what}: not within {seconds} s{why}")).next("`arena doctor`")
                );
            }
            self.turn()?;
        }
        Ok(())
    }

    /// Asks for the order by its id until the venue lists it, or lists it no more.
    fn until_listed(&mut self, listed: bool) -> Result<(), Failure> {
        let Some(hash) = self.order() else { return Ok(()) };
        let target = format!("/data/order/0x{hash}");
        let until = WallClock.now().plus(PATIENCE_NANOS);
        let mut next = UtcNanos::ZERO;
        self.listed = None;
        while self.listed != Some(listed) {
            let now = WallClock.now();
            if now > until {
                let what = if listed { "does not list the order" } else { "still lists the order" };
                return Err(Failure::new(Code::Timeout, format!("the venue {what}")).next("`arena cancel-all`"));
            }
            if now >= next {
                next = now.plus(LIST_EVERY_NANOS);
                self.looks += 1;
                let call = self.login.call(CallId(self.looks), Method::Get, &target, Vec::new());
                let call = call.map_err(|e| Failure::new(Code::Error, e.to_string()))?;
                self.talk.net().ask(Ask::Call(call));
            }
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Failure> {
        if let Ok(tell) = self.talk.net().tells().recv_timeout(LOOK_EVERY) {
            match tell {
                Tell::Answer(id, answer) if id.0 > FIRST_LOOK && id.0 <= self.looks => self.looked(answer),
                tell => {
                    self.watch(&tell);
                    self.engine.hear(tell, WallClock.now())?;
                    self.send();
                }
            }
        }
        self.engine.look(WallClock.now())?;
        self.send();
        Ok(())
    }

    fn send(&mut self) {
        for ask in self.engine.asks() {
            self.talk.net().ask(ask);
        }
    }

    /// Whether the user channel names our order.
    fn watch(&mut self, tell: &Tell) {
        let (Tell::Text(Socket::User, text), Some((_, hash))) = (tell, self.order) else { return };
        let Ok(Frame::Messages(events)) = user::decode(text) else { return };
        let ours = |e: &Event<'_>| matches!(e, Event::Order(order) if order.id == hash);
        if self.on_channel.is_none() && events.iter().flatten().any(ours) {
            self.on_channel = Some(WallClock.now());
        }
    }

    fn looked(&mut self, answer: Result<Answer, NoAnswer>) {
        let Ok(answer) = answer else { return };
        let Some((_, hash)) = self.order else { return };
        self.listed = match answer.status {
            200 => match rest::read::<Option<OrderState>>(&answer.body) {
                Ok(Some(found)) => Some(found.id == hash && !found.status.as_ref().is_some_and(|s| s.is_final())),
                Ok(None) => Some(false),
                Err(_) => self.listed,
            },
            404 => Some(false),
            _ => self.listed,
        };
    }
}
