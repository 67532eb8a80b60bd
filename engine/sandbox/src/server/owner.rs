//! The thread that owns the venue: it lets time pass, feeds the recording, answers, and sends.

use super::clock::{self, Pace};
use super::record::Journal;
use super::{Feed, Options, ServeError, Speed, admin};
use crate::answer::{Answer, Request};
use crate::sockets::{Channel, SessionId};
use crate::venue::Venue;
use schemas::UtcNanos;
use schemas::event::MarketEvent;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Messages that wait for one connection; a connection with more is closed.
pub(super) const MESSAGES_MAX: usize = 4_096;
/// Events fed before asks are looked at again.
const STRIDE: usize = 256;
/// The longest sleep: so often the log is written, too.
const NAP: Duration = Duration::from_millis(500);

/// What connections ask.
pub(super) enum Ask {
    Http(Request, oneshot::Sender<(Answer, Duration)>),
    Admin(admin::Order, oneshot::Sender<(u16, Value)>),
    Open(Channel, mpsc::Sender<String>, oneshot::Sender<SessionId>),
    Text(SessionId, String),
    Close(SessionId),
}

/// The venue with all that moves it.
pub(super) struct Owner {
    pub venue: Venue,
    pace: Pace,
    feed: Feed,
    next: Option<(UtcNanos, MarketEvent)>,
    /// The newest event's time in the recording.
    pub there: UtcNanos,
    pub fed: u64,
    speed: Speed,
    senders: BTreeMap<SessionId, mpsc::Sender<String>>,
    journal: Journal,
}

impl Owner {
    pub fn new(options: Options, mut feed: Feed, journal: Journal) -> Result<Self, ServeError> {
        let mut settings = options.settings;
        settings.record = options.record.is_some();
        if options.clock == super::Clock::Recorded {
            settings.time_window_s = None;
        }
        let next = feed.next().transpose().map_err(ServeError::Feed)?;
        let there = next.as_ref().map_or(UtcNanos::ZERO, |n| n.0);
        let mut owner = Self {
            venue: Venue::new(settings, options.faults),
            pace: Pace::new(options.clock, options.speed, clock::now(), there.plus_secs(options.warm_up_s)),
            feed,
            next,
            there,
            fed: 0,
            speed: options.speed,
            senders: BTreeMap::new(),
            journal,
        };
        for (wallet, cash) in options.fund {
            owner.venue.fund(wallet, cash);
        }
        owner.feed_until(there.plus_secs(options.warm_up_s), usize::MAX)?;
        Ok(owner)
    }

    /// Feeds events up to a moment of the recording, at most `max`. Returns how many.
    pub fn feed_until(&mut self, there: UtcNanos, max: usize) -> Result<usize, ServeError> {
        let mut count = 0;
        while count < max
            && let Some((at, event)) = self.next.take_if(|next| next.0 <= there)
        {
            self.venue.feed(self.pace.stamp(clock::now(), at), &event);
            self.there = at;
            self.fed += 1;
            count += 1;
            self.next = self.feed.next().transpose().map_err(ServeError::Feed)?;
            if count.is_multiple_of(STRIDE) {
                self.journal.take(self.venue.take_recorded())?;
            }
        }
        self.journal.take(self.venue.take_recorded())?;
        Ok(count)
    }

    pub fn is_at_end(&self) -> bool {
        self.next.is_none()
    }

    /// The venue's time now.
    pub fn venue_now(&self) -> UtcNanos {
        self.pace.venue(clock::now(), self.there).max(self.venue.now())
    }

    /// Until nobody can ask any more.
    pub fn run(mut self, inbox: mpsc::Receiver<Ask>) -> Result<(), ServeError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(ServeError::Thread)?;
        let result = runtime.block_on(self.turn(inbox));
        let complete = result.is_ok();
        self.journal.close(complete)?;
        result
    }

    async fn turn(&mut self, mut inbox: mpsc::Receiver<Ask>) -> Result<(), ServeError> {
        loop {
            let nap = self.step()?;
            let ask = if nap.is_zero() {
                match inbox.try_recv() {
                    Err(mpsc::error::TryRecvError::Disconnected) => return Ok(()),
                    other => other.ok(),
                }
            } else {
                match tokio::time::timeout(nap, inbox.recv()).await {
                    Ok(None) => return Ok(()),
                    Ok(ask) => ask,
                    Err(_) => {
                        self.journal.flush()?;
                        None
                    }
                }
            };
            if let Some(ask) = ask {
                self.answer(ask)?;
            }
        }
    }

    /// Feeds what is due, sends what is due, and says how long nothing will be.
    fn step(&mut self) -> Result<Duration, ServeError> {
        let here = clock::now();
        match self.speed {
            Speed::Max => _ = self.feed_until(UtcNanos(i64::MAX), STRIDE)?,
            Speed::Times(_) => {
                while self.next.as_ref().is_some_and(|n| self.pace.here(n.0) <= here) {
                    let until = self.next.as_ref().map_or(UtcNanos::ZERO, |n| n.0);
                    if self.feed_until(until, STRIDE)? == STRIDE {
                        break;
                    }
                }
            }
            Speed::Hand => {}
        }
        let now = self.venue_now();
        self.send_due(now);
        self.journal.take(self.venue.take_recorded())?;
        if self.speed == Speed::Max && self.next.is_some() {
            return Ok(Duration::ZERO);
        }
        let by_venue = self.venue.next_due().and_then(|at| self.pace.wait(now, at));
        let by_feed = self.next.as_ref().map(|n| self.pace.here(n.0).since(clock::now()).max(0));
        let by_feed = by_feed.map(|n| Duration::from_nanos(u64::try_from(n).unwrap_or(u64::MAX)));
        let nap = by_venue.into_iter().chain(by_feed).min().unwrap_or(NAP);
        // A timer of tokio is no finer than a millisecond, and zero would not let anybody ask.
        Ok(nap.clamp(Duration::from_millis(1), NAP))
    }

    /// Sends what the venue has to say by now.
    pub fn send_due(&mut self, now: UtcNanos) {
        for (session, text) in self.venue.due(now) {
            let taken = self.senders.get(&session).is_some_and(|sender| sender.try_send(text).is_ok());
            if !taken {
                self.senders.remove(&session);
                self.venue.close(session);
            }
        }
        for session in self.venue.take_closed() {
            // Its connection ends with the sender.
            self.senders.remove(&session);
        }
    }

    fn answer(&mut self, ask: Ask) -> Result<(), ServeError> {
        let now = self.venue_now();
        match ask {
            Ask::Http(request, reply) => {
                let answer = self.venue.handle(&request, now);
                let delay = match &answer {
                    Answer::Later { at, .. } => self.pace.wait(now, *at).unwrap_or_default(),
                    _ => Duration::ZERO,
                };
                // Who asked may have gone; the venue has done it all the same.
                _ = reply.send((answer, delay));
            }
            Ask::Admin(order, reply) => _ = reply.send(self.obey(order)?),
            Ask::Open(channel, sender, reply) => {
                let session = self.venue.open(channel);
                self.senders.insert(session, sender);
                _ = reply.send(session);
            }
            Ask::Text(session, text) => self.venue.text(session, &text, now),
            Ask::Close(session) => {
                self.senders.remove(&session);
                self.venue.close(session);
            }
        }
        Ok(())
    }
}
