//! `arena markets`: which markets there are, at the venue or in a log. Needs no key.

mod at_venue;
mod in_log;

pub(super) use at_venue::find;

use super::Global;
use super::talk::Talk;
use crate::exit::{Code, Failure, Outcome};
use clap::{Args, Subcommand};
use console::output::{Format, Table, plain};
use console::print;
use schemas::UtcNanos;
use serde::Serialize;
use std::path::PathBuf;

/// Longest text of a cell.
const CELL_MAX: usize = 60;

/// Arguments.
#[derive(Debug, Args)]
pub struct MarketsArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// The markets of this log instead of the venue's
    #[arg(long, global = true, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// Most markets that are shown
    #[arg(long, global = true, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Markets that the configuration would follow, those with the most volume first; of a log, all it knows
    List {
        /// Every open market, whatever the configuration follows
        #[arg(long)]
        all: bool,
    },
    /// Markets whose text has these words
    Search {
        /// Words
        #[arg(required = true)]
        words: Vec<String>,
        /// Also markets that are over
        #[arg(long)]
        closed: bool,
    },
    /// One market: its terms, its tokens, the top of its books
    Show {
        /// Its slug, its condition id, or its number (in the log, or in the catalogue)
        market: String,
    },
}

/// A market of a list.
#[derive(Debug, Serialize)]
struct Row {
    /// In the log, or in the catalogue.
    number: String,
    slug: String,
    question: String,
    category: String,
    ends: Option<UtcNanos>,
    /// Best prices of the first outcome.
    bid: Option<String>,
    ask: Option<String>,
    /// Dollars; not known of a log.
    volume: Option<String>,
    liquidity: Option<String>,
    /// open, closed, resolved ...
    state: String,
}

/// Everything about one.
#[derive(Debug, Serialize)]
struct Terms {
    number: String,
    slug: String,
    question: String,
    /// Its event: markets that belong together.
    group: String,
    category: String,
    /// What the venue files it under; `markets.categories` may name any of them. A log does not keep them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    condition: String,
    state: String,
    ends: Option<UtcNanos>,
    tick: String,
    min_size: String,
    /// Parts of a dollar that a taker pays: shares x rate x (p (1 - p)) ^ exponent.
    fee_rate: String,
    fee_exponent: u32,
    neg_risk: bool,
    /// Which exchange its orders are for: 2 or 3.
    protocol: u8,
    outcomes: Vec<OutcomeTerms>,
}

#[derive(Debug, Serialize)]
struct OutcomeTerms {
    outcome: String,
    token: String,
    bid: Option<String>,
    bid_size: Option<String>,
    ask: Option<String>,
    ask_size: Option<String>,
}

/// Runs it.
pub fn run(global: &Global, args: &MarketsArgs) -> Outcome {
    let loaded = global.load()?;
    if let Some(log) = &args.log {
        let state = super::query::fold(log)?;
        return match &args.what {
            What::List { .. } => rows(global, args, in_log::list(&state)),
            What::Search { words, closed } => rows(global, args, in_log::search(&state, words, *closed)),
            What::Show { market } => terms(global, &in_log::show(&state, market)?),
        };
    }
    let mut talk = Talk::start(&loaded.config)?;
    match &args.what {
        What::List { all } => rows(global, args, at_venue::list(&mut talk, &loaded, *all, args.limit)?),
        What::Search { words, closed } => rows(global, args, at_venue::search(&mut talk, words, *closed)?),
        What::Show { market } => terms(global, &at_venue::show(&mut talk, market)?),
    }
}

/// A text from outside in a cell.
fn cell(text: &str) -> String {
    let cut: String = text.chars().take(CELL_MAX).collect();
    if cut.len() < text.len() { format!("{}…", plain(&cut)) } else { plain(&cut) }
}

/// The date of a moment.
fn day(ends: Option<UtcNanos>) -> String {
    ends.map_or_else(String::new, |at| at.to_string().chars().take(16).collect())
}

fn rows(global: &Global, args: &MarketsArgs, mut found: Vec<Row>) -> Outcome {
    let more = found.len().saturating_sub(args.limit);
    found.truncate(args.limit);
    if global.format() == Format::Json {
        return print(&serde_json::to_string(&found)?);
    }
    let columns = ["number", "slug", "question", "ends", "bid", "ask", "volume", "state"];
    let mut table = Table::new(&columns).numbers(&["number", "bid", "ask", "volume"]);
    for row in &found {
        table.row(vec![
            plain(&row.number),
            plain(&row.slug),
            cell(&row.question),
            day(row.ends),
            row.bid.clone().unwrap_or_default(),
            row.ask.clone().unwrap_or_default(),
            row.volume.clone().unwrap_or_default(),
            row.state.clone(),
        ]);
    }
    if table.is_empty() {
        if !global.quiet {
            eprintln!("no such market");
        }
        return Ok(Code::Ok);
    }
    let outcome = print(&table.render(global.format()));
    if more > 0 && !global.quiet {
        eprintln!("and {more} more: --limit");
    }
    outcome
}

fn terms(global: &Global, terms: &Terms) -> Outcome {
    if global.format() == Format::Json {
        return print(&serde_json::to_string(terms)?);
    }
    let mut table = Table::new(&["term", "value"]);
    let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    row("question", plain(&terms.question));
    row("slug", plain(&terms.slug));
    row("event", plain(&terms.group));
    row("category", plain(&terms.category));
    if !terms.tags.is_empty() {
        row("tags", plain(&terms.tags.join(", ")));
    }
    row("number", plain(&terms.number));
    row("condition", terms.condition.clone());
    row("state", terms.state.clone());
    row("ends", terms.ends.map_or_else(|| "not said".to_owned(), |at| at.to_string()));
    row("tick", terms.tick.clone());
    row("smallest order", format!("{} shares", terms.min_size));
    let fee = match terms.fee_rate.as_str() {
        "0" => "none".to_owned(),
        rate => format!("takers: shares x {rate} x (p (1 - p))^{}", terms.fee_exponent),
    };
    row("fee", fee);
    row("neg-risk", if terms.neg_risk { "yes" } else { "no" }.to_owned());
    row("protocol", format!("generation {}", terms.protocol));
    print(&table.render(global.format()))?;
    let columns = ["outcome", "bid", "size", "ask", "size at ask", "token"];
    let mut books = Table::new(&columns).numbers(&["bid", "size", "ask", "size at ask"]);
    for o in &terms.outcomes {
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let cells =
            vec![plain(&o.outcome), text(&o.bid), text(&o.bid_size), text(&o.ask), text(&o.ask_size), o.token.clone()];
        books.row(cells);
    }
    print(&books.render(global.format()))
}

/// No market of this name.
fn unknown(market: &str, how: &str) -> Failure {
    Failure::new(Code::Usage, format!("there is no market '{}'", cell(market))).next(how.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_from_outside_are_cut_and_shown_not_obeyed() {
        assert_eq!(cell("Rain\u{1b}[2J\u{202e}?"), "Rain\u{fffd}[2J\u{fffd}?");
        assert_eq!(cell(&"é".repeat(CELL_MAX)), "é".repeat(CELL_MAX));
        assert_eq!(cell(&"x".repeat(CELL_MAX + 1)), format!("{}…", "x".repeat(CELL_MAX)));
        assert_eq!(day(UtcNanos::from_secs(1_800_000_000)), "2027-01-15T08:00");
        assert_eq!(day(None), "");
    }
}
