//! Figures, the goals they are held against, and how both are printed: as Markdown.

use std::fmt;

/// What a figure has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Nothing: it is for information.
    None,
}

/// A measured figure beside its goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub what: String,
    /// One value a round.
    pub rounds: Vec<f64>,
    /// The unit, as it is printed behind a number.
    pub unit: &'static str,
    /// The goal.
    pub bound: Bound,
}

impl Figure {
    /// A figure of several rounds.
    pub fn new(what: impl Into<String>, rounds: Vec<f64>, unit: &'static str, bound: Bound) -> Self {
        Self { what: what.into(), rounds, unit, bound }
    }

    /// The value that counts: the median.
    pub fn value(&self) -> f64 {
        median(&self.rounds)
    }

    /// Whether the goal is reached; `None` without one.
    pub fn passes(&self) -> Option<bool> {
        let value = self.value();
        match self.bound {
            Bound::AtLeast(least) => Some(value >= least),
            Bound::AtMost(most) => Some(value <= most),
            Bound::None => None,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit;
        let goal = match self.bound {
            Bound::AtLeast(least) => format!(">= {}{unit}", short(least)),
            Bound::AtMost(most) => format!("<= {}{unit}", short(most)),
            Bound::None => String::new(),
        };
        let (low, high) = range(&self.rounds);
        let spread = if self.rounds.len() > 1 { format!("{} to {}", short(low), short(high)) } else { String::new() };
        let verdict = match self.passes() {
            Some(true) => "pass",
            Some(false) => "**MISS**",
            None => "",
        };
        write!(f, "| {} | {}{unit} | {spread} | {goal} | {verdict} |", self.what, short(self.value()))
    }
}

/// One subject's figures, and the table they were computed from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// How it was measured, in a sentence or two.
    pub how: String,
    /// Titles of the columns of `rows`.
    pub columns: Vec<String>,
    /// What was measured, medians over the rounds.
    pub rows: Vec<Vec<String>>,
    /// The figures with goals.
    pub figures: Vec<Figure>,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n\n{}\n", self.title, self.how)?;
        if !self.rows.is_empty() {
            writeln!(f, "| {} |\n|{}", self.columns.join(" | "), "---|".repeat(self.columns.len()))?;
            for row in &self.rows {
                writeln!(f, "| {} |", row.join(" | "))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "| figure | median | rounds | goal | |\n|---|---|---|---|---|")?;
        for figure in &self.figures {
            writeln!(f, "{figure}")?;
        }
        Ok(())
    }
}

/// The middle value; of an even number of values, the mean of the two in the middle; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => 0.0,
        Some(upper) if sorted.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

/// The value below which a share `q` of the sorted values lies; 0 of none.
pub fn quantile(sorted: &[u64], q: f64) -> u64 {
    let at = (sorted.len() as f64 * q) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// A number with three digits that count, or all before the point.
pub fn short(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 100.0 || value.fract() == 0.0 { 0 } else { if size >= 10.0 { 1 } else { 2 } };
    format!("{value:.decimals$}")
}

/// What was measured in each round, per thing measured, turned into one value a round.
pub fn ratios(over: &[f64], under: &[f64]) -> Vec<f64> {
    over.iter().zip(under).map(|(a, b)| a / b.max(f64::MIN_POSITIVE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_quantiles_and_verdicts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
        let sorted: Vec<u64> = (0..100).collect();
        assert_eq!((quantile(&sorted, 0.5), quantile(&sorted, 0.99), quantile(&sorted, 1.0)), (50, 99, 99));
        assert_eq!(quantile(&[], 0.5), 0);
        let figure = |rounds: &[f64], bound| Figure::new("x", rounds.to_vec(), "x", bound);
        assert_eq!(figure(&[0.9, 1.3, 1.2], Bound::AtLeast(1.2)).passes(), Some(true));
        assert_eq!(figure(&[0.9, 1.1, 1.3], Bound::AtLeast(1.2)).passes(), Some(false));
        assert_eq!(figure(&[2.5], Bound::AtMost(2.0)).passes(), Some(false));
        assert_eq!(figure(&[1.0], Bound::None).passes(), None);
        let line = figure(&[0.9, 1.3, 1.25], Bound::AtLeast(1.2)).to_string();
        assert_eq!(line, "| x | 1.25x | 0.90 to 1.30 | >= 1.20x | pass |");
        assert_eq!(figure(&[250.4], Bound::AtMost(32.0)).to_string(), "| x | 250x |  | <= 32x | **MISS** |");
    }
}
