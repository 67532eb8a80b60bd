//! Markets of a log.

use super::{OutcomeTerms, Row, Terms, unknown};
use crate::exit::Failure;
use projections::State;
use projections::markets::Market;
use schemas::{Bytes32, Price, Size, TokenId, UtcNanos};

fn state_of(market: &Market) -> String {
    match &market.resolved {
        Some(resolution) => format!("resolved: {}", console::words::word(resolution)),
        None => console::words::word(&market.status),
    }
}

fn ends(market: &Market) -> Option<UtcNanos> {
    Some(market.listed.ends).filter(|at| *at != UtcNanos::ZERO)
}

fn price(price: Price) -> Option<String> {
    (price.0 > 0).then(|| price.to_string())
}

fn size(size: Size) -> Option<String> {
    (size.0 > 0).then(|| size.to_string())
}

fn row(state: &State, market: &Market) -> Row {
    let listed = &market.listed;
    let quote = state.quotes.get(listed.market.yes());
    Row {
        number: listed.market.to_string(),
        slug: listed.slug.clone(),
        question: listed.question.clone(),
        category: listed.category.clone(),
        ends: ends(market),
        bid: price(quote.bid),
        ask: price(quote.ask),
        volume: None,
        liquidity: None,
        state: state_of(market),
    }
}

pub(super) fn list(state: &State) -> Vec<Row> {
    state.markets.iter().map(|m| row(state, m)).collect()
}

pub(super) fn search(state: &State, words: &[String], closed: bool) -> Vec<Row> {
    let words: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
    let fits = |m: &&Market| {
        let listed = &m.listed;
        let text =
            [&listed.slug, &listed.question, &listed.group, &listed.category].map(|t| t.to_lowercase()).join("\n");
        words.iter().all(|w| text.contains(w)) && (closed || m.resolved.is_none())
    };
    state.markets.iter().filter(fits).map(|m| row(state, m)).collect()
}

pub(super) fn show(state: &State, name: &str) -> Result<Terms, Failure> {
    let condition = Bytes32::from_hex(name);
    let fits = |m: &&Market| {
        m.listed.slug == name || m.listed.market.to_string() == name || Some(m.listed.condition) == condition
    };
    let found = state.markets.iter().find(fits);
    let market = found.ok_or_else(|| unknown(name, "`arena markets list --log LOG` lists those of the log"))?;
    let listed = &market.listed;
    let outcome = |name: &str, token: TokenId, id: &Bytes32| {
        let quote = state.quotes.get(token);
        OutcomeTerms {
            outcome: name.to_owned(),
            token: polymarket::token::to_decimal(id),
            bid: price(quote.bid),
            bid_size: size(quote.bid_size),
            ask: price(quote.ask),
            ask_size: size(quote.ask_size),
        }
    };
    Ok(Terms {
        number: listed.market.to_string(),
        slug: listed.slug.clone(),
        question: listed.question.clone(),
        group: listed.group.clone(),
        category: listed.category.clone(),
        tags: Vec::new(),
        condition: format!("0x{}", listed.condition),
        state: state_of(market),
        ends: ends(market),
        tick: market.tick.to_string(),
        min_size: market.min_size.to_string(),
        fee_rate: Price(i64::from(market.fee.rate_ppm)).to_string(),
        fee_exponent: u32::from(market.fee.exponent),
        neg_risk: listed.neg_risk,
        protocol: listed.protocol,
        outcomes: vec![
            outcome("Yes", listed.market.yes(), &listed.tokens[0]),
            outcome("No", listed.market.no(), &listed.tokens[1]),
        ],
    })
}
