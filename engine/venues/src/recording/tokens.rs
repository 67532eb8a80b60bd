//! `tokens.json`: which two tokens are a market, and what is known about it.

use super::roles::File;
use super::{ImportError, Input, Source, fees, field, grid};
use schemas::event::{MarketListed, Venue};
use schemas::{Bytes32, MarketId, Price, Size, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};

#[derive(serde::Deserialize)]
struct TokenFile {
    tokens: Vec<Token>,
    event: Option<String>,
    category: Option<String>,
}

#[derive(serde::Deserialize)]
struct Token {
    index: u32,
    asset_id: String,
    complement: u32,
    question: Option<String>,
    slug: Option<String>,
    group: Option<String>,
    category: Option<String>,
    tick: Option<Price>,
}

/// Tokens by their number in the recording, and the markets they make.
pub(super) struct TokenTable {
    pub by_index: BTreeMap<u32, TokenId>,
    pub markets: Vec<MarketListed>,
}

/// Far more tokens than one recording holds; keeps a damaged file from filling memory.
const TOKENS_MAX: usize = 200_000;

/// Reads the list. `ticks` names the recording where the list itself does not name the event.
pub(super) fn read(file: File, ticks: Option<&Input>) -> Result<TokenTable, ImportError> {
    let first_line = file.lines.number();
    let (lines, bytes) = file.lines.into_table()?;
    let parsed: TokenFile = serde_json::from_slice(&bytes).map_err(|e| {
        let line = first_line + (e.line() as u64).saturating_sub(1);
        lines.bad_table(line, format!("not a list of tokens ({{\"tokens\": [...]}}): {e}"))
    })?;
    let event = parsed.event.clone().unwrap_or_else(|| stem(ticks.unwrap_or(&file.input)));
    table(&parsed, &event).map_err(|reason| lines.bad_table(first_line, reason))
}

fn stem(input: &Input) -> String {
    let name = match &input.source {
        Source::Path(path) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
        Source::Static(_) | Source::Shared(_) => None,
    };
    let name = name.unwrap_or_else(|| input.name.clone());
    name.split('.').next().unwrap_or_default().to_owned()
}

fn table(file: &TokenFile, event: &str) -> Result<TokenTable, String> {
    if file.tokens.is_empty() || file.tokens.len() > TOKENS_MAX {
        return Err(format!("{} tokens; expected 2 to {TOKENS_MAX}", file.tokens.len()));
    }
    let mut by_number = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for token in &file.tokens {
        let id = Bytes32::from_decimal(&token.asset_id).filter(|id| *id != Bytes32::ZERO);
        let id = id.ok_or_else(|| {
            format!("token {}: asset_id {} is not a 256-bit number", token.index, field::shown(&token.asset_id))
        })?;
        if !ids.insert(id) || by_number.insert(token.index, (token, id)).is_some() {
            return Err(format!("token {}: its index or its asset_id is given twice", token.index));
        }
    }
    let mut out = TokenTable { by_index: BTreeMap::new(), markets: Vec::new() };
    for (index, (token, id)) in &by_number {
        let partner = by_number.get(&token.complement).filter(|(p, _)| p.complement == *index && p.index != *index);
        let (_, partner_id) = partner
            .ok_or_else(|| format!("token {index}: its complement {} does not point back at it", token.complement))?;
        if token.complement < *index {
            continue;
        }
        let market = MarketId(u32::try_from(out.markets.len()).map_err(|e| e.to_string())?);
        out.by_index.insert(*index, market.yes());
        out.by_index.insert(token.complement, market.no());
        out.markets.push(listing(market, token, [*id, *partner_id], file, event)?);
    }
    Ok(out)
}

/// The lower index of a pair is taken as YES; the recording does not say which is.
fn listing(
    market: MarketId,
    token: &Token,
    tokens: [Bytes32; 2],
    file: &TokenFile,
    event: &str,
) -> Result<MarketListed, String> {
    let or = |text: &Option<String>, other: String| text.clone().unwrap_or(other);
    let tick = token.tick.unwrap_or(grid::CENT);
    if !tick.is_positive() || tick >= Price::ONE {
        return Err(format!("token {}: tick {tick} is not a price grid", token.index));
    }
    let category = token.category.clone().or_else(|| file.category.clone()).unwrap_or_else(|| "sports".to_owned());
    Ok(MarketListed {
        market,
        venue: Venue::Polymarket,
        condition: Bytes32::ZERO,
        tokens,
        slug: or(&token.slug, format!("polymarket-l2-{}", tokens[0].short(8))),
        question: or(&token.question, format!("token {}", token.index)),
        group: or(&token.group, event.to_owned()),
        fee: fees::by_category(&category),
        category,
        tick,
        min_size: Size(5_000_000),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    })
}
