//! A feed on a scripted network: every step is twenty milliseconds, every event is appended before anything else happens.

use projections::State;
use schemas::event::{FeedScope, MarketEvent, SystemEvent};
use schemas::{Envelope, Event, MarketId, Seq, UtcNanos};
use venues::feeds::ReadOnlyFeed;
use venues::wire::{Answer, Ask, Call, NoAnswer, Socket, Tell};

/// 2026-06-01T00:00:00Z.
pub const START_S: i64 = 1_780_272_000;

pub type Reply = Option<Result<Answer, NoAnswer>>;

pub fn ok(body: &serde_json::Value) -> Reply {
    Some(Ok(Answer { status: 200, headers: Vec::new(), body: body.to_string() }))
}

pub fn status(status: u16) -> Reply {
    Some(Ok(Answer { status, headers: Vec::new(), body: "{}".to_owned() }))
}

/// What was asked of a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    Opened,
    Said(serde_json::Value),
    Closed,
}

pub struct Stage {
    pub state: State,
    pub feeds: Vec<Box<dyn ReadOnlyFeed>>,
    pub now: UtcNanos,
    pub log: Vec<Event>,
    /// Every path that was asked, and when.
    pub asked: Vec<(UtcNanos, String)>,
    pub wire: Vec<Wire>,
    pending: Vec<Call>,
    seq: u64,
}

impl Stage {
    pub fn new(feeds: Vec<Box<dyn ReadOnlyFeed>>) -> Self {
        Self::on(State::new(), 0, feeds)
    }

    /// Goes on with a state.
    pub fn on(state: State, seq: u64, mut feeds: Vec<Box<dyn ReadOnlyFeed>>) -> Self {
        feeds.iter_mut().for_each(|feed| feed.start(&state));
        let (log, asked, wire, pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let now = state.time.max(UtcNanos::from_secs(START_S).unwrap());
        Self { state, feeds, now, log, asked, wire, pending, seq }
    }

    /// The process ends, and another one goes on with its log.
    pub fn restart(self, feeds: Vec<Box<dyn ReadOnlyFeed>>) -> Self {
        Self::on(self.state, self.seq, feeds)
    }

    pub fn append(&mut self, event: Event) {
        self.seq += 1;
        let seq = Seq::new(self.seq).unwrap();
        let envelope = Envelope { seq, time: self.now, cause: None, cycle: None, event: event.clone() };
        self.state.apply(&envelope);
        self.log.push(event);
    }

    fn settle(&mut self) {
        for at in 0..self.feeds.len() {
            while let Some(said) = self.feeds[at].next_said() {
                self.append(said.event);
            }
            for ask in self.feeds[at].asks() {
                match ask {
                    Ask::Call(call) => {
                        self.asked.push((self.now, call.target.clone()));
                        self.pending.push(call);
                    }
                    Ask::OpenSigned(Socket::Kalshi, headers) => {
                        assert_eq!(headers.get("kalshi-access-key"), Some("id"));
                        self.wire.push(Wire::Opened);
                    }
                    Ask::Say(Socket::Kalshi, text) => {
                        self.wire.push(Wire::Said(serde_json::from_str(text.expose()).unwrap()));
                    }
                    Ask::Close(Socket::Kalshi) => self.wire.push(Wire::Closed),
                    other => panic!("nobody may ask for {other:?}"),
                }
            }
        }
    }

    pub fn tell(&mut self, tell: Tell) {
        let owner = self.feeds.iter().position(|feed| feed.owns(&tell)).unwrap();
        self.feeds[owner].hear(tell, self.now, &self.state);
        self.settle();
    }

    pub fn text(&mut self, json: &serde_json::Value) {
        self.tell(Tell::Text(Socket::Kalshi, json.to_string()));
    }

    /// Lets time pass; `reply` answers requests by their path, at once; what it leaves open stays open.
    pub fn run(&mut self, ms: u64, mut reply: impl FnMut(&str) -> Reply) {
        for _ in 0..ms / 20 {
            self.now = self.now.plus_millis(20);
            for at in 0..self.feeds.len() {
                self.feeds[at].look(self.now, &self.state);
            }
            self.settle();
            for call in std::mem::take(&mut self.pending) {
                match reply(&call.target) {
                    Some(result) => self.tell(Tell::Answer(call.id, result)),
                    None => self.pending.push(call),
                }
            }
        }
    }

    /// Market events since the last call.
    pub fn heard(&mut self) -> Vec<MarketEvent> {
        let market = |event| if let Event::Market(event) = event { Some(event) } else { None };
        std::mem::take(&mut self.log).into_iter().filter_map(market).collect()
    }

    /// Faults since the last call, which is the last for everything else too.
    pub fn faults(&mut self) -> Vec<String> {
        let fault = |event| match event {
            Event::System(SystemEvent::Fault { text, .. }) => Some(text),
            _ => None,
        };
        std::mem::take(&mut self.log).into_iter().filter_map(fault).collect()
    }

    pub fn said(&mut self) -> Vec<Wire> {
        std::mem::take(&mut self.wire)
    }
}

pub fn gap(market: u32, lost: u32) -> MarketEvent {
    MarketEvent::FeedGap { scope: FeedScope::Market(MarketId(market)), lost }
}
