//! A live venue: the order desk and the market feed of Polymarket, with a signer; and feeds of venues that are only read.

use super::port::{Heard, Venue};
use engine_core::{is_sendable, sign_body};
use polymarket::{Generation, read_post_body};
use projections::State;
use schemas::event::{OrderEvent, OrderIntended};
use schemas::{CycleId, Envelope, Event, OrderId, UtcNanos};
use signer::{OrderSigner, SigningDomainRequest};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use venues::feeds::ReadOnlyFeed;
use venues::polymarket::desk::Desk;
use venues::polymarket::feed::Feed;
use venues::polymarket::limits::Limits;
use venues::wire::{Ask, Socket, Tell};

/// Polymarket as the engine trades on it.
pub struct Polymarket {
    desk: Desk,
    feed: Feed,
    /// Venues where nothing is traded.
    elsewhere: Vec<Box<dyn ReadOnlyFeed>>,
    limits: Limits,
    now: UtcNanos,
    signer: Arc<dyn OrderSigner>,
    chain_id: u64,
    api_key: String,
    /// Everything is signed and logged, nothing is posted.
    dry_run: bool,
    /// Orders that could not be signed, and why.
    unsigned: BTreeMap<OrderId, String>,
    heard: VecDeque<Heard>,
}

impl Polymarket {
    /// Puts the parts together. `api_key` is the name of the API key, which orders carry; its secret is the desk's.
    pub fn new(
        desk: Desk,
        feed: Feed,
        signer: Arc<dyn OrderSigner>,
        chain_id: u64,
        api_key: String,
        dry_run: bool,
    ) -> Self {
        let (unsigned, heard, elsewhere) = (BTreeMap::new(), VecDeque::new(), Vec::new());
        let (limits, now) = (Limits::default(), UtcNanos::ZERO);
        Self { desk, feed, elsewhere, limits, now, signer, chain_id, api_key, dry_run, unsigned, heard }
    }

    /// Reads other venues too. What they say goes into the same log; nothing is traded there.
    pub fn reading(mut self, feeds: Vec<Box<dyn ReadOnlyFeed>>) -> Self {
        self.elsewhere = feeds;
        self
    }

    /// Hands what was heard to the machine that it is for.
    fn hand(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        match &tell {
            Tell::Answer(id, _) if Feed::owns(*id) => self.feed.hear(tell, now, state),
            Tell::Answer(..) => self.desk.hear(tell, now, state),
            Tell::Opened(socket) | Tell::Text(socket, _) | Tell::Closed(socket, _) => match socket {
                Socket::User => self.desk.hear(tell, now, state),
                Socket::Market(_) => self.feed.hear(tell, now, state),
                // Of a feed that is not there.
                Socket::Kalshi => {}
            },
        }
    }

    fn refuse(&mut self, intent: &OrderIntended, cycle: Option<CycleId>, reason: String) {
        let event = Event::Order(OrderEvent::Rejected { order: intent.order, reason });
        self.heard.push_back(Heard { cause: None, cycle, event });
    }

    fn signed(&self, intent: &OrderIntended, state: &State) -> Result<Vec<u8>, String> {
        let text = std::str::from_utf8(&intent.signed).map_err(|_| "it is no order of this venue".to_owned())?;
        let posted = read_post_body(text).map_err(|e| e.to_string())?;
        let market = state.markets.get(intent.market).ok_or("its market is not listed")?;
        let generation = match market.listed.protocol {
            2 => Generation::V2,
            3 => Generation::V3,
            other => return Err(format!("protocol generation {other} is not known")),
        };
        let request = SigningDomainRequest { chain_id: self.chain_id, generation, neg_risk: market.listed.neg_risk };
        let signature = self.signer.sign_order(&posted.order, &request).map_err(|e| e.to_string())?;
        sign_body(&intent.signed, &signature, &self.api_key).ok_or_else(|| "it cannot be put together".to_owned())
    }
}

impl Venue for Polymarket {
    fn sign(&mut self, intent: &mut OrderIntended, state: &State) {
        match self.signed(intent, state) {
            Ok(bytes) => intent.signed = bytes,
            Err(why) => {
                self.unsigned.insert(intent.order, why);
            }
        }
    }

    fn start(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        self.feed.start(now, state);
        self.elsewhere.iter_mut().for_each(|feed| feed.start(state));
        self.desk.start(now, state);
    }

    fn remember(&mut self, intent: &OrderIntended, open: bool) {
        match (open, is_sendable(&intent.signed)) {
            (true, true) => self.desk.remember(intent),
            (true, false) => self.refuse(intent, None, "it was not signed".to_owned()),
            (false, _) => self.desk.recognise(intent),
        }
    }

    fn carry_out(&mut self, envelope: &Envelope, _state: &State) {
        let Event::Order(event) = &envelope.event else { return };
        match event {
            OrderEvent::Intended(intent) if !is_sendable(&intent.signed) => {
                let why = self.unsigned.remove(&intent.order).unwrap_or_else(|| "no reason is known".to_owned());
                self.refuse(intent, envelope.cycle, format!("not signed: {why}"));
            }
            OrderEvent::Intended(intent) if self.dry_run => {
                self.refuse(intent, envelope.cycle, "dry run: signed and not posted".to_owned());
            }
            OrderEvent::Intended(intent) => self.desk.place(intent, envelope.time),
            OrderEvent::ResendIntended { order, .. } => self.desk.resend(*order, envelope.time),
            OrderEvent::CancelIntended { order, reason } => self.desk.cancel(*order, *reason, envelope.time),
            _ => {}
        }
    }

    fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        if let Some(feed) = self.elsewhere.iter_mut().find(|feed| feed.owns(&tell)) {
            return feed.hear(tell, now, state);
        }
        self.limits.heed(&tell, now);
        self.hand(tell, now, state);
    }

    fn look(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        while let Some(refused) = self.limits.next_refused() {
            self.hand(refused, now, state);
        }
        self.desk.look(now, state);
        self.feed.look(now, state);
        self.elsewhere.iter_mut().for_each(|feed| feed.look(now, state));
    }

    fn next_heard(&mut self) -> Option<Heard> {
        if let Some(heard) = self.heard.pop_front() {
            return Some(heard);
        }
        let said = self.desk.next_said().or_else(|| self.feed.next_said());
        let said = said.or_else(|| self.elsewhere.iter_mut().find_map(|feed| feed.next_said()))?;
        Some(Heard { cause: None, cycle: said.cycle, event: said.event })
    }

    fn asks(&mut self) -> Vec<Ask> {
        for ask in self.desk.asks().chain(self.feed.asks()) {
            self.limits.ask(ask, self.now);
        }
        let mut asks = self.limits.ready(self.now);
        // Last: what is asked elsewhere waits for everything that trades, and keeps a pace of its own.
        asks.extend(self.elsewhere.iter_mut().flat_map(|feed| feed.asks()));
        asks
    }
}
