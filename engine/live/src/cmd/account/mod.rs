//! `arena account`: cash that moved without a trade, told to the books by a person. Until they know of it, the venue and
//! the books differ, and nothing new is risked.

mod accept;
mod record;

pub(in crate::cmd) use record::{command_of, record};

use super::Global;
use crate::engine::CashMove;
use crate::exit::{Code, Failure, Outcome};
use clap::{Args, Subcommand, ValueEnum};
use schemas::Cash;
use schemas::event::MoveKind;
use std::path::PathBuf;

/// Longest note, characters: a request is one short line.
const NOTE_MAX: usize = 400;

/// Arguments.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// The log [default: that of the configured mode in the data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Record that cash came in or went out: a deposit, a withdrawal, a reward
    Move(MoveArgs),
    /// Record the difference that the venue last showed, once you know where it comes from
    Accept(AcceptArgs),
}

/// What moved.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// How much, dollars: +100 came in, -12.50 went out
    #[arg(long, value_name = "+-USDC", value_parser = signed, allow_hyphen_values = true)]
    pub amount: Cash,
    /// Why
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// Anything more, for the record
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = note)]
    pub note: String,
}

/// How a difference is recorded.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Why it differs [default: deposit if the venue has more, withdrawal if it has less]
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,
    /// Anything more, for the record
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = note)]
    pub note: String,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// Why cash moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// It was sent to the account
    Deposit,
    /// It was sent away
    Withdrawal,
    /// A rebate or a reward of the venue
    Reward,
    /// Anything else
    Other,
}

impl From<Kind> for MoveKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Deposit => Self::Deposit,
            Kind::Withdrawal => Self::Withdrawal,
            Kind::Reward => Self::Reward,
            Kind::Other => Self::Other,
        }
    }
}

/// An amount whose sign is written down: whether money came or went is not left to be guessed.
fn signed(text: &str) -> Result<Cash, String> {
    if !text.starts_with(['+', '-']) {
        return Err(format!("write +{text} if it came in, -{text} if it went out"));
    }
    text.parse().map_err(|e: schemas::MoneyError| e.to_string())
}

fn note(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=NOTE_MAX => Ok(text.to_owned()),
        n => Err(format!("{n} characters; at most {NOTE_MAX}")),
    }
}

/// Runs it.
pub fn run(global: &Global, args: &AccountArgs) -> Outcome {
    let log = global.log(args.log.as_deref())?;
    crate::paths::existing_log(&log)?;
    let said = match &args.what {
        What::Move(m) => CashMove { who: super::who(), amount: m.amount, kind: m.kind.into(), note: m.note.clone() },
        What::Accept(a) => accept::ask(&log, a)?,
    };
    said.check().map_err(|e| Failure::new(Code::Usage, e.to_string()))?;
    let moved = record(global, &log, &said)?;
    record::show(global, &log, &said, &moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_say_which_way_they_went() {
        assert_eq!((signed("+100"), signed("-12.50")), (Ok(Cash(100_000_000)), Ok(Cash(-12_500_000))));
        assert_eq!(signed("+0.000001"), Ok(Cash(1)));
        for bad in ["100", "", "+", "-", "+-1", "++1", "+1e3", "+0.0000001", "+99999999999999999999", "- 1"] {
            assert!(signed(bad).is_err(), "{bad}");
        }
    }
}
