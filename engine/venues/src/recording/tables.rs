//! The tables beside the quotes of Polymarket US: which markets there are, and how they ended.

use super::lines::Lines;
use super::roles::{File, Role};
use super::{ImportError, fees, field, grid};
use schemas::event::{MarketListed, Resolution, Venue};
use schemas::{Bytes32, MarketId, Size, UtcNanos};
use std::collections::BTreeMap;

/// Far more markets than the venue ever had open at once; keeps a damaged file from filling memory.
const MARKETS_MAX: usize = 1_000_000;

/// The markets of a recording.
pub(super) struct Markets {
    /// By their number in the recording's files.
    pub by_number: BTreeMap<u32, MarketId>,
    /// In the order of the table.
    pub list: Vec<Market>,
}

/// A market as the table has it.
pub(super) struct Market {
    pub listing: MarketListed,
    /// When the recorder last saw it. Known only afterwards: never to be shown before.
    pub last_seen: Option<UtcNanos>,
}

/// Rows of a table whose fields may hold commas, with their line numbers.
fn rows(lines: &Lines, first_line: u64, bytes: &[u8]) -> Result<Vec<(u64, csv::StringRecord)>, ImportError> {
    let mut out = Vec::new();
    for record in csv::Reader::from_reader(bytes).into_records() {
        let record = record.map_err(|e| {
            let line = e.position().map_or(first_line, |p| first_line + p.line().saturating_sub(1));
            lines.bad_table(line, e.to_string())
        })?;
        let line = record.position().map_or(first_line, |p| first_line + p.line().saturating_sub(1));
        if out.len() >= MARKETS_MAX {
            return Err(lines.bad_table(line, format!("more than {MARKETS_MAX} rows")));
        }
        out.push((line, record));
    }
    Ok(out)
}

/// Reads `markets.csv`, long or short.
pub(super) fn markets(file: File) -> Result<Markets, ImportError> {
    let (role, first_line) = (file.role, file.lines.number());
    let (lines, bytes) = file.lines.into_table()?;
    let mut markets = Markets { by_number: BTreeMap::new(), list: Vec::new() };
    for (line, row) in rows(&lines, first_line, &bytes)? {
        let next = MarketId(u32::try_from(markets.list.len()).unwrap_or(u32::MAX));
        let (number, market) = market(&row, role, next).map_err(|reason| lines.bad_table(line, reason))?;
        if markets.by_number.insert(number, next).is_some() {
            return Err(lines.bad_table(line, format!("market {number} is given twice")));
        }
        markets.list.push(market);
    }
    if markets.list.is_empty() {
        return Err(lines.bad_table(first_line, "no markets below the header".to_owned()));
    }
    Ok(markets)
}

fn number(row: &csv::StringRecord) -> Result<u32, String> {
    let text = row.get(0).unwrap_or_default().trim();
    u32::try_from(field::whole("market", text)?).map_err(|_| format!("market {text} is too large a number"))
}

fn market(row: &csv::StringRecord, role: Role, market: MarketId) -> Result<(u32, Market), String> {
    let text = |at: usize| row.get(at).unwrap_or_default().trim();
    let slug = text(1);
    if slug.is_empty() {
        return Err("a market without a slug".to_owned());
    }
    // The short table names only the slug; its last part tells the outcomes of one event apart.
    let event = slug.rsplit_once('-').map_or(slug, |(event, _)| event);
    let (group, question, category, last) = match role {
        Role::Markets => (text(2), text(3), text(4), text(7)),
        _ => (event, slug, "other", ""),
    };
    let last_seen = match last {
        "" => None,
        time => Some(time.parse::<UtcNanos>().map_err(|e| format!("last_ts_utc: {e}"))?),
    };
    let listing = MarketListed {
        market,
        venue: Venue::PolymarketUs,
        condition: Bytes32::ZERO,
        tokens: [Bytes32::ZERO; 2],
        slug: slug.to_owned(),
        question: question.to_owned(),
        group: group.to_owned(),
        category: category.to_owned(),
        tick: grid::CENT,
        min_size: Size(1_000_000),
        fee: fees::by_category(category),
        // When trading stopped is in the table, but nobody knew it at the time of listing.
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 0,
    };
    Ok((number(row)?, Market { listing, last_seen }))
}

/// Reads `resolutions.csv`: how each labelled market ended.
pub(super) fn labels(file: File, markets: &Markets) -> Result<BTreeMap<MarketId, Resolution>, ImportError> {
    let first_line = file.lines.number();
    let (lines, bytes) = file.lines.into_table()?;
    let mut labels = BTreeMap::new();
    for (line, row) in rows(&lines, first_line, &bytes)? {
        let (market, resolution) = label(&row, markets).map_err(|reason| lines.bad_table(line, reason))?;
        if labels.insert(market, resolution).is_some() {
            return Err(lines.bad_table(line, "this market is labelled twice".to_owned()));
        }
    }
    Ok(labels)
}

fn label(row: &csv::StringRecord, markets: &Markets) -> Result<(MarketId, Resolution), String> {
    let number = number(row)?;
    let market = markets.by_number.get(&number).copied();
    let market = market.ok_or_else(|| format!("market {number} is not in the table of markets"))?;
    let slug = row.get(1).unwrap_or_default().trim();
    let listed = markets.list.get(market.index()).map_or("", |m| m.listing.slug.as_str());
    if slug != listed {
        return Err(format!(
            "market {number} is {} here but {} in the table of markets",
            field::shown(slug),
            field::shown(listed)
        ));
    }
    match row.get(2).unwrap_or_default().trim() {
        "1" => Ok((market, Resolution::Yes)),
        "0" => Ok((market, Resolution::No)),
        other => Err(format!("resolved_yes {} is neither 0 nor 1", field::shown(other))),
    }
}
