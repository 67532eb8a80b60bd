//! What readers say of a damaged log: the truth up to some event and then an error, or all of it.

use crate::dice::Dice;
use crate::worlds::World;
use eventlog::{EventStream, LogError, LogReader, Selection};
use schemas::frame::Check;
use schemas::{CycleId, Envelope, EventKind, MarketId, Seq, UtcNanos};
use std::path::Path;

/// What a reader may expect.
pub struct Truth<'a> {
    pub world: &'a World,
    /// Every event of the log, from event 1 on.
    pub events: &'a [Envelope],
    /// The anchor may be missing, old or another's: then nobody can tell a reader that the end is missing.
    pub may_end_early: bool,
    /// Somebody put frames into the journal whose checksums and chain are right as far as they go. A reader cannot know
    /// before it comes to where they meet the rest, or to the end, which the anchor vouches for.
    pub may_be_fooled: bool,
}

impl Truth<'_> {
    fn event(&self, n: u64) -> &Envelope {
        &self.events[n as usize - 1]
    }

    /// Reads a stream to its end: what it gives must be `wanted` up to some place, and all of it if there is no error.
    fn follow(&self, stream: Result<EventStream, LogError>, wanted: &[Envelope], what: &str) -> Result<(), String> {
        let (mut seen, mut fooled, mut frame) = (0, false, Vec::new());
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(e) => return typed(&e, what),
        };
        loop {
            match stream.next_frame(&mut frame) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => return typed(&e, what),
            }
            let behind = seen + frame.len();
            if wanted.get(seen..behind) != Some(&frame[..]) {
                fooled = true;
                if !self.may_be_fooled {
                    let seqs: Vec<u64> = frame.iter().map(|e| e.seq.get()).collect();
                    return Err(format!("{what}: wrong events after {seen}, said to be {seqs:?}"));
                }
            }
            seen = behind;
        }
        if fooled && !self.may_end_early {
            return Err(format!("{what}: ended without an error after wrong events"));
        }
        let visible = wanted.iter().filter(|e| e.seq.get() <= self.world.visible).count();
        if seen < visible && !self.may_end_early {
            return Err(format!("{what}: ended without an error after {seen} events instead of {visible}"));
        }
        Ok(())
    }

    /// An answer about one event.
    fn answer(&self, n: u64, got: Result<Option<Envelope>, LogError>, what: &str) -> Result<(), String> {
        match got {
            Ok(Some(e)) if e == *self.event(n) || self.may_be_fooled => Ok(()),
            Ok(Some(e)) => Err(format!("{what} of event {n} gave event {}, or wrong content", e.seq)),
            Ok(None) if n > self.world.visible || self.may_end_early || self.may_be_fooled => Ok(()),
            Ok(None) => Err(format!("{what} of event {n} gave nothing")),
            Err(e) => typed(&e, what),
        }
    }
}

/// An error of a reader is one about the log, not about the system.
fn typed(e: &LogError, what: &str) -> Result<(), String> {
    match e {
        LogError::Io { .. } | LogError::DiskFull { .. } | LogError::Frame(_) => Err(format!("{what}: {e}")),
        _ => Ok(()),
    }
}

/// Asks a reader for everything in many ways.
pub fn check(truth: &Truth<'_>, dir: &Path, dice: &mut Dice) -> Result<(), String> {
    let reader = match LogReader::open(dir) {
        Ok(reader) => reader,
        Err(e) => return typed(&e, "opening a reader"),
    };
    let (first, last) = (truth.world.first, truth.world.head.seq);
    let some = |dice: &mut Dice| first + dice.roll() % (last + 1 - first);
    let seq = |n| Seq::new(n).unwrap();
    for check in [Check::Full, Check::Crc] {
        let from = if check == Check::Full { first } else { some(dice) };
        truth.follow(
            reader.events(seq(from), check),
            &truth.events[from as usize - 1..],
            &format!("reading from {from}"),
        )?;
    }
    let (from, until) = (some(dice), some(dice));
    let selection = selection(dice, seq(from), seq(until));
    let wanted: Vec<Envelope> = truth.events.iter().filter(|e| takes(&selection, e)).cloned().collect();
    truth.follow(reader.select(&selection), &wanted, &format!("{selection:?}"))?;
    match reader.points() {
        Err(e) => typed(&e, "points")?,
        Ok(mut points) => {
            for _ in 0..6 {
                let n = some(dice);
                truth.answer(n, points.at(seq(n)), "a point")?;
                let n = some(dice);
                let time = UtcNanos(n as i64 * 1_000 - (dice.roll() % 1_000) as i64);
                truth.answer(n, points.at_or_after(time), "a time")?;
            }
        }
    }
    let n = some(dice);
    truth.answer(n, reader.read(seq(n)), "a read")?;
    match reader.seek_time(UtcNanos(n as i64 * 1_000)) {
        Ok(Some(found)) if found.get() != n && !truth.may_be_fooled => {
            return Err(format!("seeking the time of {n} gave {found}"));
        }
        Ok(None) if n <= truth.world.visible && !truth.may_end_early && !truth.may_be_fooled => {
            return Err(format!("seeking the time of {n} gave nothing"));
        }
        Ok(_) => {}
        Err(e) => typed(&e, "a seek")?,
    }
    match reader.last() {
        Ok(head)
            if head == truth.world.head
                || head.seq == truth.world.visible
                || truth.may_end_early
                || truth.may_be_fooled => {}
        Ok(head) => return Err(format!("the end is said to be at {}", head.seq)),
        Err(e) => typed(&e, "the end")?,
    }
    snapshots(&reader)
}

/// A snapshot is used only if it is one that was written: this log's states are rows of one small number.
fn snapshots(reader: &LogReader) -> Result<(), String> {
    let found = match reader.latest_snapshot(None) {
        Ok(found) => found,
        Err(e) => return typed(&e, "the snapshots"),
    };
    let Some(snapshot) = found.newest else { return Ok(()) };
    let state = snapshot.section("state").unwrap_or_default();
    if state.len() == 300 && state.iter().all(|b| *b == state[0] && *b < 3) {
        return Ok(());
    }
    Err(format!("a wrong snapshot at event {}", snapshot.head.seq))
}

fn selection(dice: &mut Dice, from: Seq, until: Seq) -> Selection {
    let mut s = Selection { from, check: Check::Crc, ..Selection::default() };
    if until > from && dice.one_in(2) {
        s.until = Some(until);
    }
    match dice.below(4) {
        0 => s.kinds = vec![EventKind::Halted],
        1 => s.market = Some(MarketId(dice.below(55) as u32)),
        2 => s.cycle = Some(CycleId(dice.below(60) as u32)),
        _ => s.kinds = vec![EventKind::BookDelta],
    }
    s
}

fn takes(s: &Selection, e: &Envelope) -> bool {
    e.seq >= s.from
        && s.until.is_none_or(|until| e.seq <= until)
        && (s.kinds.is_empty() || s.kinds.contains(&e.event.kind()))
        && s.market.is_none_or(|m| e.event.market() == Some(m))
        && s.cycle.is_none_or(|c| e.cycle == Some(c))
}
