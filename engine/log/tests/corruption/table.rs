//! What became of the cases, by what was damaged and how.

use crate::children::Told;
use crate::verdict::Outcome;
use crate::wounds::{Kind, Part};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Copy, Default)]
struct Counts {
    repaired: u64,
    refused: u64,
    on_reading: u64,
    harmless: u64,
    no_witness: u64,
    undetected: u64,
    other: u64,
}

impl Counts {
    fn add(&mut self, told: &Told) {
        let place = match (told.outcome, &told.fault) {
            (_, Some(fault)) if fault.contains("UNDETECTED") => &mut self.undetected,
            (Some(Outcome::Repaired), None) => &mut self.repaired,
            (Some(Outcome::Refused), None) => &mut self.refused,
            (Some(Outcome::FoundOnReading), None) => &mut self.on_reading,
            (Some(Outcome::Harmless), None) => &mut self.harmless,
            (Some(Outcome::NoWitness), None) => &mut self.no_witness,
            _ => &mut self.other,
        };
        *place += 1;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repaired, refused, on_reading, harmless, no_witness, undetected, other } = self;
        write!(f, "{repaired:>9}{refused:>9}{on_reading:>12}{harmless:>10}{no_witness:>12}{undetected:>12}{other:>14}")
    }
}

/// Counts by damage. A case of two damages counts in a row of its own.
#[derive(Default)]
pub struct Table {
    single: BTreeMap<(Kind, Part), Counts>,
    double: Counts,
    all: Counts,
}

impl Table {
    pub fn add(&mut self, told: &Told) {
        match told.kinds[..] {
            [kind] => self.single.entry(kind).or_default().add(told),
            _ => self.double.add(told),
        }
        self.all.add(told);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = " repaired  refused  on reading  harmless  no witness  undetected  other faults";
        writeln!(f, "{:<16}{:<12}{head}", "damage", "of")?;
        for ((kind, part), counts) in &self.single {
            writeln!(f, "{:<16}{:<12}{counts}", format!("{kind:?}"), format!("{part:?}"))?;
        }
        writeln!(f, "{:<28}{}", "two damages", self.double)?;
        write!(f, "{:<28}{}", "all", self.all)
    }
}
