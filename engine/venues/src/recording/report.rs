//! What an import read, in numbers.

use schemas::UtcNanos;
use std::fmt;

/// What has been read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    /// Rows of data, good and bad; headers and tables are not counted.
    pub rows: u64,
    /// Rows left out because they make no sense.
    pub bad_rows: u64,
    /// Good rows that say nothing an event could hold: messages of other kinds, updates older than the snapshot.
    pub ignored_rows: u64,
    /// Files that could not be read to their end.
    pub broken_files: u64,
    /// Markets listed.
    pub markets: u64,
    /// Changes of one book level.
    pub deltas: u64,
    /// Whole books.
    pub snapshots: u64,
    /// Trades.
    pub trades: u64,
    /// Quotes without depth.
    pub quotes: u64,
    /// Quotes whose bid is above their ask, delivered as the venue said them.
    pub crossed: u64,
    /// Changes of a price grid.
    pub tick_changes: u64,
    /// Markets that ended.
    pub resolved: u64,
    /// Gaps: lost rows, holes in the venue's own numbering, outages of the recorder.
    pub gaps: u64,
    /// Time of the first event.
    pub first_time: Option<UtcNanos>,
    /// Time of the last event.
    pub last_time: Option<UtcNanos>,
    /// How well a rebuilt book agrees with the best prices the venue stated; only where it states them.
    pub book_agreement: Option<Agreement>,
}

/// A book rebuilt from the changes, compared with the venue's own best bid and ask after each one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Agreement {
    /// Changes compared.
    pub checked: u64,
    /// Of these, both best prices were equal.
    pub agreed: u64,
    /// Changes compared that came more than a minute after the first: a book that starts empty needs time to fill.
    pub checked_after_first_minute: u64,
    /// Of these, both best prices were equal.
    pub agreed_after_first_minute: u64,
    /// Changes that showed levels whose removal had been lost.
    pub heals: u64,
    /// Levels so removed.
    pub ghost_levels: u64,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} changes agree ({})", self.agreed, self.checked, percent(self.agreed, self.checked))?;
        let (agreed, checked) = (self.agreed_after_first_minute, self.checked_after_first_minute);
        write!(f, ", after the first minute {agreed} of {checked} ({})", percent(agreed, checked))?;
        write!(f, "; {} heals removed {} ghost levels", self.heals, self.ghost_levels)
    }
}

/// Three decimals, rounded down, so that only full agreement shows as 100 %.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = u128::from(part) * 100_000 / u128::from(whole.max(1));
    format!("{}.{:03} %", thousandths / 1_000, thousandths % 1_000)
}
