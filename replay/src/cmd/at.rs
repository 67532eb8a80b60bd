//! `replay at`: the state at a point of the log.

mod page;
mod picture;

use super::{Global, json};
use crate::index::{Index, MarketWanted};
use crate::out::Out;
use crate::point::{NoPoint, Point};
use crate::{events, fold, place};
use clap::Args;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, plain};
use picture::Picture;
use projections::State;
use schemas::MarketId;
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, Args)]
pub struct AtArgs {
    /// A sequence, a time (RFC 3339) or `end`; before or behind the log
    #[arg(value_name = "POINT")]
    pub first: Option<String>,
    /// The log's directory
    #[arg(value_name = "LOG")]
    pub second: Option<String>,
    /// The log's directory, named as a flag
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// Fold every event from the first one, using no snapshot
    #[arg(long)]
    pub from_genesis: bool,
    /// Show the whole book of this market: its number, or a text in its slug or question
    #[arg(long, value_name = "MARKET")]
    pub book: Option<MarketWanted>,
}

/// Runs it.
pub fn run(global: &Global, args: &AtArgs, out: &mut Out<'_>) -> Outcome {
    let (first, second) = (args.first.as_deref(), args.second.as_deref());
    let (point, log) = place::subject_and_log("POINT", first, second, args.log.as_deref())?;
    let point: Point = point.parse().map_err(|e: NoPoint| Failure::new(Code::Usage, plain(&e.to_string())))?;
    let reader = events::open(&log)?;
    let folded = fold::to(&reader, point.resolve(&reader)?, args.from_genesis)?;
    if !global.quiet {
        folded.skipped.iter().for_each(|s| eprintln!("replay: snapshot not used: {}", plain(s)));
    }
    let book = args.book.as_ref().map(|wanted| one_market(&folded.state, wanted)).transpose()?;
    let picture = Picture::of(&log, &folded, book);
    match global.format() {
        Format::Json => json(out, &picture)?,
        _ => page::print(global, &picture, &folded.state, out)?,
    }
    Ok(Code::Ok)
}

/// The one market that is asked for.
fn one_market(state: &State, wanted: &MarketWanted) -> Result<MarketId, Failure> {
    let index = Index::of(state);
    let mut found = index.wanted(wanted);
    let first = found.next().ok_or_else(|| Failure::new(Code::Usage, format!("no market {wanted} is listed here")))?;
    let others: Vec<String> = found.take(5).map(|m| format!("{m} {}", index.market_name(m))).collect();
    if others.is_empty() {
        return Ok(first);
    }
    let what = format!("several markets match {wanted}: {first} {}, {}", index.market_name(first), others.join(", "));
    Err(Failure::new(Code::Usage, what).next("name one by its number"))
}
