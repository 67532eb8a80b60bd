//! Between a decoder and its reader: events get a time that never steps back, and everything is counted.

use super::lines::{Got, Lines};
use super::{ImportReport, Problem, Timed};
use schemas::event::{FeedScope, MarketEvent};
use schemas::{MarketId, UtcNanos};
use std::collections::VecDeque;

/// Whether a decoder has more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Done,
}

/// Turns rows into events, one row a step, so that memory stays bounded.
pub(super) trait Decoder: Send {
    fn step(&mut self, out: &mut Delivery) -> Step;
}

/// Why a row is bad and, if that much could be read, which market it was about.
pub(super) struct BadRow {
    pub reason: String,
    pub market: Option<MarketId>,
}

impl From<String> for BadRow {
    fn from(reason: String) -> Self {
        Self { reason, market: None }
    }
}

impl BadRow {
    /// For mapping errors behind the point where the market is known.
    pub fn of(market: MarketId) -> impl Fn(String) -> Self {
        move |reason| Self { reason, market: Some(market) }
    }
}

/// What is decoded but not yet taken, and the running totals.
#[derive(Default)]
pub(super) struct Delivery {
    queue: VecDeque<Result<Timed, Problem>>,
    now: Option<UtcNanos>,
    owed_gaps: u32,
    pub report: ImportReport,
}

impl Delivery {
    pub fn take(&mut self) -> Option<Result<Timed, Problem>> {
        self.queue.pop_front()
    }

    /// The latest time delivered.
    pub fn now(&self) -> Option<UtcNanos> {
        self.now
    }

    /// An event that the recorder stamped `stamp`.
    pub fn event(&mut self, stamp: UtcNanos, event: MarketEvent) {
        let time = self.now.map_or(stamp, |now| now.max(stamp));
        self.now = Some(time);
        if self.owed_gaps > 0 && !matches!(event, MarketEvent::Listed(_)) {
            let lost = std::mem::take(&mut self.owed_gaps);
            self.put(time, MarketEvent::FeedGap { scope: FeedScope::All, lost });
        }
        self.put(time, event);
    }

    fn put(&mut self, time: UtcNanos, event: MarketEvent) {
        let r = &mut self.report;
        r.first_time.get_or_insert(time);
        r.last_time = Some(time);
        match &event {
            MarketEvent::Listed(_) => r.markets += 1,
            MarketEvent::Changed { .. } => r.tick_changes += 1,
            MarketEvent::BookSnapshot(_) => r.snapshots += 1,
            MarketEvent::BookDelta(_) => r.deltas += 1,
            MarketEvent::Trade(_) => r.trades += 1,
            MarketEvent::Quote(q) => {
                r.quotes += 1;
                r.crossed += u64::from(q.top.ask.is_positive() && q.top.bid > q.top.ask);
            }
            MarketEvent::Resolved { .. } => r.resolved += 1,
            MarketEvent::FeedGap { .. } => r.gaps += 1,
            MarketEvent::FeedStale { .. } | MarketEvent::FeedRestored { .. } | MarketEvent::Probability { .. } => {}
        }
        self.queue.push_back(Ok(Timed { time, event }));
    }

    /// A row was left out: says so, and puts what it may have been about in doubt.
    pub fn bad_row(&mut self, lines: &Lines, bad: BadRow) {
        self.report.rows += 1;
        self.report.bad_rows += 1;
        self.queue.push_back(Err(lines.bad_row(bad.reason)));
        let scope = bad.market.map_or(FeedScope::All, FeedScope::Market);
        match self.now {
            Some(now) => self.event(now, MarketEvent::FeedGap { scope, lost: 1 }),
            // Nothing has a time yet; the gap is told once something has.
            None => self.owed_gaps = self.owed_gaps.saturating_add(1),
        }
    }

    /// Handles what is not a line. `true` if the file has no more.
    pub fn no_line(&mut self, lines: &Lines) -> bool {
        match lines.state() {
            Got::Line => false,
            Got::TooLong => {
                self.bad_row(lines, BadRow::from("the line is longer than any of a recording".to_owned()));
                false
            }
            Got::End => true,
            Got::Broken => {
                self.report.broken_files += 1;
                self.queue.push_back(Err(lines.broken()));
                if let Some(now) = self.now {
                    self.event(now, MarketEvent::FeedGap { scope: FeedScope::All, lost: 0 });
                }
                true
            }
        }
    }
}
