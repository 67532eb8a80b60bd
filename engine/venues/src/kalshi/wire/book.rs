//! Two lists of bids: the form that books have in answers and in messages.

use crate::fields;
use polymarket::wire::{Problem, WireError};
use schemas::{Price, Size};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What rests at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct WireLevel(
    /// Dollars, above 0 and below 1.
    #[serde(deserialize_with = "fields::level_price")]
    pub Price,
    /// Contracts.
    #[serde(deserialize_with = "fields::size")]
    pub Size,
);

/// The bids for both tokens. Levels of nothing are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Bids for YES.
    pub yes: Vec<WireLevel>,
    /// Bids for NO.
    pub no: Vec<WireLevel>,
}

/// As it is sent. A side without bids is an empty list, null, or not there.
#[derive(Deserialize)]
pub(super) struct RawSides {
    yes_dollars_fp: Option<Vec<WireLevel>>,
    no_dollars_fp: Option<Vec<WireLevel>>,
    yes_dollars: Option<Vec<WireLevel>>,
    no_dollars: Option<Vec<WireLevel>>,
    /// In whole cents; only looked at to see that nothing is missing above.
    yes: Option<Vec<IgnoredAny>>,
    no: Option<Vec<IgnoredAny>>,
    /// Prices of the NO side may one day be given as those of YES: a book read the wrong way round must not get in.
    use_yes_price: Option<bool>,
}

impl RawSides {
    pub fn read(self) -> Result<Sides, WireError> {
        if self.use_yes_price == Some(true) {
            return Err(WireError::Field { field: "use_yes_price", problem: Problem::Word });
        }
        Ok(Sides {
            yes: side("yes_dollars", self.yes_dollars_fp.or(self.yes_dollars), self.yes)?,
            no: side("no_dollars", self.no_dollars_fp.or(self.no_dollars), self.no)?,
        })
    }
}

fn side(
    field: &'static str,
    dollars: Option<Vec<WireLevel>>,
    cents: Option<Vec<IgnoredAny>>,
) -> Result<Vec<WireLevel>, WireError> {
    let mut levels = match dollars {
        Some(levels) => levels,
        None if cents.is_some_and(|c| !c.is_empty()) => return Err(WireError::Missing(field)),
        None => Vec::new(),
    };
    levels.retain(|level| level.1.is_positive());
    let mut prices: Vec<Price> = levels.iter().map(|level| level.0).collect();
    prices.sort_unstable();
    prices.dedup();
    if prices.len() < levels.len() {
        return Err(WireError::Field { field, problem: Problem::Twice });
    }
    Ok(levels)
}
