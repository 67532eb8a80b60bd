//! How many were killed, and where the moments come from.

use eventlog::{OpenReport, RepairNote};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

static KILLS: AtomicU64 = AtomicU64::new(0);

/// splitmix64: enough to pick moments, and the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(subject: &str) -> Self {
        let seed = std::env::var("ARENA_KILL_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1u64);
        Self(subject.bytes().fold(seed, |s, b| s.wrapping_mul(0x100_0000_01b3) ^ u64::from(b)))
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % end
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// As many rounds as asked for, or a multiple of them.
pub fn rounds(short: u64) -> u64 {
    short * std::env::var("ARENA_KILL_FACTOR").ok().and_then(|f| f.parse().ok()).unwrap_or(1u64)
}

/// What one subject saw.
pub struct Ledger {
    subject: &'static str,
    kills: u64,
    acknowledged: u64,
    seen: BTreeMap<String, u64>,
}

impl Ledger {
    pub fn new(subject: &'static str) -> Self {
        Self { subject, kills: 0, acknowledged: 0, seen: BTreeMap::new() }
    }

    pub fn kill(&mut self, during: &str) {
        self.kills += 1;
        KILLS.fetch_add(1, Ordering::Relaxed);
        self.saw(during);
    }

    pub fn saw(&mut self, what: &str) {
        *self.seen.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts what an open repaired.
    pub fn opened(&mut self, report: &OpenReport) {
        for note in &report.notes {
            self.saw(match note {
                RepairNote::TornTail { .. } => "torn tails cut",
                RepairNote::JournalRestored { .. } => "journal files restored",
                RepairNote::FileSetAside { .. } => "files set aside",
                RepairNote::HotRebuilt { .. } => "hot copies rebuilt",
                RepairNote::HotCaughtUp { .. } => "hot copies caught up",
                RepairNote::SegmentRestored { .. } => "segments restored",
                RepairNote::CheckpointDropped { .. } => "checkpoints dropped",
                RepairNote::HeadRewritten { .. } => "anchors rewritten",
                RepairNote::KeyChanged { .. } => "keys changed",
            });
        }
    }

    pub fn acknowledged(&mut self, events: u64) {
        self.acknowledged += events;
    }

    /// Says how it went; the test runner shows it also when the test passes.
    pub fn close(self, kills: u64) {
        assert_eq!(self.kills, kills, "{}: some children were not killed", self.subject);
        let seen: Vec<String> = self.seen.iter().map(|(what, n)| format!("{n} {what}")).collect();
        let all = KILLS.load(Ordering::Relaxed);
        let line = format!(
            "kill tests: {}: {} kills, {} events acknowledged, 0 lost ({}); {all} kills so far\n",
            self.subject,
            self.kills,
            self.acknowledged,
            seen.join(", ")
        );
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
