//! One case: damage, then readers, verify and an open, and whether what they say is true.

use crate::dice::Dice;
use crate::readers::{self, Truth};
use crate::sample::{self, append};
use crate::worlds::{Content, World, lay_out};
use crate::wounds::{Kind, Part, Wound, wound};
use eventlog::{LogError, LogReader, LogWriter, Policy, VerifyOptions, VerifyReport, segment, verify, verify_with};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Repaired,
    Refused,
    /// Opened; the damage is in an old segment that nothing can repair, and whoever reads or verifies it is told.
    FoundOnReading,
    Harmless,
    /// Opened with less, because nothing is left that knows more: an older anchor, a journal without its end, and no hot
    /// copy that has it. That is an earlier moment of the whole log as far as it can be seen from inside.
    NoWitness,
}

impl Outcome {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Repaired, Self::Refused, Self::FoundOnReading, Self::Harmless, Self::NoWitness];
}

/// A damaged log.
pub struct Case<'a> {
    pub world: &'a World,
    pub content: Content,
    pub wounds: Vec<Wound>,
    dice: Dice,
}

impl<'a> Case<'a> {
    /// The case with this seed.
    pub fn new(world: &'a World, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let count = if dice.one_in(3) { 2 } else { 1 };
        let (mut content, mut wounds) = (world.content().clone(), Vec::new());
        while wounds.len() < count {
            let mut next = content.clone();
            if let Some(wound) = wound(world, &mut next, &mut dice)
                && next != *world.content()
                && !replaces_most(&wounds, &wound)
            {
                wounds.push(wound);
                content = next;
            }
        }
        Self { world, content, wounds, dice }
    }

    fn hits(&self, part: Part) -> bool {
        self.wounds.iter().any(|w| w.part == part)
    }

    /// Whether nothing that a reader reads contradicts another history here: it would have to walk to the end of the
    /// journal first, or to look into the hot copy.
    fn convinces(&self, part: Part) -> bool {
        let vouched_by_anchor_alone = !self.world.plan.options.journal;
        let neighbours_are_hit = self.wounds.iter().filter(|w| w.part == Part::Segment).count() > 1;
        let is_alone = self.world.visible < self.world.head.seq
            || neighbours_are_hit
            || self.hits(Part::Journal)
            || (vouched_by_anchor_alone && self.hits(Part::Anchor));
        match part {
            Part::Journal => true,
            Part::Segment => is_alone,
            // Without its segment it is the journal.
            Part::KeptJournal => self.hits(Part::Segment),
            _ => false,
        }
    }

    /// Whether a segment's events are all in journal files that were kept.
    fn has_journal(&self, first: u64) -> bool {
        let name = PathBuf::from(format!("journal/j-{first:016x}.aaj"));
        let there = self.content.get(&name);
        self.world.plan.options.journal && there.is_some() && there == self.world.content().get(&name)
    }

    /// Whether a second copy has all that was damaged, and nothing asks for a person.
    fn must_be_repaired(&self) -> bool {
        let [wound] = &self.wounds[..] else { return false };
        let options = &self.world.plan.options;
        match wound.part {
            Part::Snapshot => true,
            // Without a journal it is needed only for what is not sealed.
            Part::Hot => options.journal || self.world.visible == self.world.head.seq,
            _ if wound.is_foreign => false,
            Part::Anchor => wound.kind == Kind::Stale || self.world.has_whole_hot_copy(),
            Part::Journal => self.world.has_whole_hot_copy(),
            Part::KeptJournal | Part::Checkpoints => true,
            Part::Segment => self.lost_segments().all(|first| self.has_journal(first)),
            Part::Pruned => false,
        }
    }

    /// The first events of the segments that are not what they were.
    fn lost_segments(&self) -> impl Iterator<Item = u64> {
        let whole = self.world.content().iter();
        let lost = whole.filter(|(name, bytes)| self.content.get(*name) != Some(*bytes)).map(|(name, _)| name);
        lost.filter_map(|name| segment::range_of(name)).map(|(first, _)| first)
    }

    /// Does all of it in the folder `dir`.
    pub fn judge(&mut self, dir: &Path) -> Result<Outcome, String> {
        lay_out(dir, &self.content);
        let before = sample::files(dir);
        let events = sample::expected(self.world.head.seq);
        let may_end_early = self.hits(Part::Anchor) || !self.world.plan.options.journal;
        let may_be_fooled = self.wounds.iter().any(|w| w.is_foreign && self.convinces(w.part));
        let truth = Truth { world: self.world, events: &events, may_end_early, may_be_fooled };
        readers::check(&truth, dir, &mut self.dice)?;
        let found = verify(dir).map_err(|e| format!("verify gave up: {e}"))?;
        if sample::files(dir) != before {
            return Err("reading or verifying changed files".to_owned());
        }
        let anchored = LogReader::open(dir).ok().and_then(|r| r.head_anchor().ok().flatten()).map(|a| a.head.seq);
        match LogWriter::open(dir, &self.world.plan.options) {
            Ok((writer, report)) if report.head != self.world.head => {
                let (head, last, notes) = (report.head.seq, self.world.head.seq, sample::notes(&report));
                if head < last && anchored.is_some_and(|seq| seq <= head) && self.has_no_witness() {
                    return self.opened_with_less(dir, writer, head);
                }
                Err(format!("UNDETECTED: the head is at {head} instead of {last}; notes: {notes}"))
            }
            Ok((writer, report)) => {
                let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
                self.opened(dir, writer, &notes, &found)
            }
            Err(e) => self.refused(dir, &e, &found, &before),
        }
    }

    /// Whether the anchor and the only other place of the end are both hit.
    fn has_no_witness(&self) -> bool {
        let end = match self.world.plan.options.journal {
            true => self.hits(Part::Journal) && !self.world.has_whole_hot_copy(),
            false => self.hits(Part::Hot),
        };
        end && self.hits(Part::Anchor)
    }

    /// What is left is true, and the log is in order.
    fn opened_with_less(&self, dir: &Path, mut writer: LogWriter, last: u64) -> Result<Outcome, String> {
        append(&mut writer, &[1]);
        writer.close().map_err(|e| format!("closing failed: {e}"))?;
        let unread = self.read_back(dir, last + 1)?;
        let after = verify(dir).map_err(|e| format!("verify gave up: {e}"))?;
        match unread.is_none() && after.is_clean() {
            true => Ok(Outcome::NoWitness),
            false => Err(format!("opened with less, and not in order: {:?}", after.findings)),
        }
    }

    fn refused(&self, dir: &Path, e: &LogError, found: &VerifyReport, before: &Files) -> Result<Outcome, String> {
        if e.policy() != Policy::Refuse {
            return Err(format!("the error has policy {:?}: {e}", e.policy()));
        }
        let text = e.to_string();
        if !text.contains(&*dir.to_string_lossy()) || !names_an_event(&text) {
            return Err(format!("the refusal does not name file and event: {text}"));
        }
        let changed = changed(before, &sample::files(dir));
        if !changed.is_empty() {
            return Err(format!("a refusal changed {changed:?}: {text}"));
        }
        if found.is_clean() {
            return Err(format!("verify finds nothing, and yet: {text}"));
        }
        if self.must_be_repaired() {
            return Err(format!("refused though it can be repaired: {text}"));
        }
        Ok(Outcome::Refused)
    }

    fn opened(
        &mut self,
        dir: &Path,
        mut writer: LogWriter,
        notes: &[String],
        found: &VerifyReport,
    ) -> Result<Outcome, String> {
        let last = self.world.head.seq;
        // Snapshots are caches: a bad one is passed over, and gone when enough new ones were written.
        let bad_snapshot = found.findings.iter().any(|f| f.text.starts_with("snapshot"));
        let rounds = if bad_snapshot { 3 } else { 1 };
        for n in 0..rounds {
            append(&mut writer, &[1]);
            if bad_snapshot {
                writer.write_snapshot(&[("state".to_owned(), vec![n; 300])]).map_err(|e| e.to_string())?;
            }
        }
        writer.close().map_err(|e| format!("closing failed: {e}"))?;
        let unread = self.read_back(dir, last + u64::from(rounds))?;
        let options = VerifyOptions { deep: self.dice.one_in(8), public_key: None };
        let after = verify_with(dir, &options, &mut |_| ()).map_err(|e| format!("verify gave up: {e}"))?;
        if let Some(file) = unread {
            let says =
                |report: &VerifyReport| report.findings.iter().any(|f| f.text.contains(&*file.to_string_lossy()));
            if !says(found) || !says(&after) {
                return Err(format!("verify does not say that {} is damaged", file.display()));
            }
            return if self.must_be_repaired() {
                Err(format!("{} was not repaired", file.display()))
            } else {
                Ok(Outcome::FoundOnReading)
            };
        }
        if !after.is_clean() && !self.hot_copy_comes_later(dir, &after) {
            return Err(format!(
                "not clean after a close: {:?}; opened with {notes:?}; before: {:?}",
                after.findings, found.findings
            ));
        }
        let told = notes != self.world.notes;
        let mattered = found.findings.iter().any(|f| !f.text.starts_with("snapshot"));
        match (mattered, told) {
            (true, false) => Err(format!("nothing was said of {:?}", found.findings)),
            (false, false) if bad_snapshot => Ok(Outcome::Repaired),
            (false, false) => Ok(Outcome::Harmless),
            (_, true) => Ok(Outcome::Repaired),
        }
    }

    /// sled may open a damaged file, take new blocks, and have lost some when it opens again. The log has them: the next
    /// open builds the hot copy anew.
    fn hot_copy_comes_later(&self, dir: &Path, after: &VerifyReport) -> bool {
        let hot = format!("{}: ", dir.join("hot").display());
        if !self.hits(Part::Hot) || !after.findings.iter().all(|f| f.text.starts_with(&hot)) {
            return false;
        }
        let Ok((writer, report)) = LogWriter::open(dir, &self.world.plan.options) else { return false };
        report.head == after.head && writer.close().is_ok() && verify(dir).is_ok_and(|report| report.is_clean())
    }

    /// Every event must be there; or the file is named that cannot be read, which must be an old segment.
    fn read_back(&self, dir: &Path, last: u64) -> Result<Option<PathBuf>, String> {
        let truth = sample::expected(last);
        let reader = LogReader::open(dir).map_err(|e| format!("no reader behind an open: {e}"))?;
        let from = schemas::Seq::new(self.world.first).unwrap();
        let mut stream = reader.events(from, schemas::frame::Check::Full).map_err(|e| e.to_string())?;
        let (mut seen, mut frame) = (self.world.first as usize - 1, Vec::new());
        loop {
            match stream.next_frame(&mut frame) {
                Ok(true) => {}
                Ok(false) if seen == truth.len() => return Ok(None),
                Ok(false) => return Err(format!("UNDETECTED: reading ends at {seen} instead of {last}")),
                Err(LogError::Damaged { file, seq, .. }) if segment::range_of(&file).is_some() => {
                    let old = segment::range_of(&file).is_some_and(|(_, end)| end < self.world.sealed() && seq <= end);
                    return if old {
                        Ok(Some(file))
                    } else {
                        Err(format!("opened, but {} is damaged", file.display()))
                    };
                }
                Err(e) => return Err(format!("opened, but reading says: {e}")),
            }
            let behind = seen + frame.len();
            if truth.get(seen..behind) != Some(&frame[..]) {
                return Err(format!("UNDETECTED: wrong events behind {seen}"));
            }
            seen = behind;
        }
    }
}

/// Two of journal, hot copy and anchor decide. A log whose journal and anchor are both another's is that other log.
fn replaces_most(wounds: &[Wound], next: &Wound) -> bool {
    let foreign = |part| wounds.iter().chain([next]).any(|w| w.is_foreign && w.part == part);
    foreign(Part::Journal) && foreign(Part::Anchor)
}

/// Whether a text says "event 7", or "events 7 ...".
fn names_an_event(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || ",;:".contains(c)).collect();
    words.windows(2).any(|w| w[0].starts_with("event") && w[1].parse::<u64>().is_ok())
}

/// The files that differ. What a killed process left half written is no part of the log: that goes first.
fn changed(before: &Files, now: &Files) -> Vec<String> {
    let names = before.keys().chain(now.keys()).filter(|n| n.extension().is_none_or(|e| e != "tmp"));
    names.filter(|n| before.get(*n) != now.get(*n)).map(|n| n.display().to_string()).collect()
}
