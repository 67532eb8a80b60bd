//! The recordings this build can read, by name.

use std::fmt;
use std::str::FromStr;

/// How a recording is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Polymarket order-book changes and trades: `ticks.csv` with `tokens.json`.
    PolymarketL2,
    /// Polymarket US best prices: `quotes.csv` with `markets.csv` and, where known, `resolutions.csv`.
    PolymarketTob,
    /// The generated measuring stream: level changes and trades in cents.
    L2Csv,
    /// Binance combined streams as text lines, `local_ts_ns {json}`; futures, and spot in the same shape.
    BinanceFutures,
}

impl Format {
    /// Every format, in the order help texts list them.
    pub const ALL: [Self; 4] = [Self::PolymarketL2, Self::PolymarketTob, Self::L2Csv, Self::BinanceFutures];

    /// What the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PolymarketL2 => "polymarket-l2",
            Self::PolymarketTob => "polymarket-tob",
            Self::L2Csv => "l2-csv",
            Self::BinanceFutures => "binance-futures",
        }
    }

    /// One line for help texts: what it holds and which files it takes.
    pub fn about(self) -> &'static str {
        match self {
            Self::PolymarketL2 => "Polymarket order-book changes and trades: ticks.csv and tokens.json",
            Self::PolymarketTob => "Polymarket US best prices: quotes.csv, markets.csv and optionally resolutions.csv",
            Self::L2Csv => "a generated order-book stream: ts_ns,market,kind,side,price,size",
            Self::BinanceFutures => "Binance combined streams: lines of 'local_ts_ns {json}', one or more files",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No format has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a recording format: use polymarket-l2, polymarket-tob, l2-csv or binance-futures")]
pub struct FormatError(pub String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        Self::ALL.into_iter().find(|f| f.name() == text).ok_or_else(|| FormatError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_error_lists_them_all() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
            assert!("x".parse::<Format>().unwrap_err().to_string().contains(format.name()));
        }
    }
}
