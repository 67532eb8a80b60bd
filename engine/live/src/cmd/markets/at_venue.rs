//! Markets at the venue: from its catalogue, with terms and books from the order book.

use super::{OutcomeTerms, Row, Terms, unknown};
use crate::cmd::talk::Talk;
use crate::config::Loaded;
use crate::engine::{Clock, WallClock};
use crate::exit::{Code, Failure};
use polymarket::Generation;
use polymarket::token::to_decimal;
use polymarket::wire::gamma::{self, Event, Market, Search, Tag};
use polymarket::wire::rest::{self, MarketInfo};
use schemas::event::Resolution;
use schemas::{Bytes32, Cash, Price};
use venues::http::encoded;
use venues::polymarket::feed::Wanted;
use venues::wire::Host;

/// Pages of the catalogue that are looked through.
const PAGES_MAX: usize = 50;

fn bad(what: &str, e: &impl std::fmt::Display) -> Failure {
    Failure::new(Code::Error, format!("{what} cannot be read: {e}"))
}

fn state_of(market: &Market) -> String {
    let word = match market.resolution() {
        Some(Resolution::Yes) => "resolved: yes",
        Some(Resolution::No) => "resolved: no",
        Some(Resolution::Split) => "resolved: one half each",
        None if market.closed => "closed",
        None if !market.active => "not active",
        None if !market.accepting_orders || !market.enable_order_book => "takes no orders",
        None => "open",
    };
    word.to_owned()
}

fn row(market: &Market) -> Row {
    let dollars = |micro: i64| format!("{:.0}", Cash(micro));
    Row {
        number: market.id.clone(),
        slug: market.slug.clone(),
        question: market.question.clone(),
        category: market.topic().to_owned(),
        ends: market.end_date,
        bid: market.best_bid.map(|p| Price(p.0).to_string()),
        ask: market.best_ask.map(|p| Price(p.0).to_string()),
        volume: Some(dollars(market.volume_num.0)),
        liquidity: Some(dollars(market.liquidity_num.0)),
        state: state_of(market),
    }
}

/// What the configuration would follow, or everything that is open.
pub(super) fn list(talk: &mut Talk, loaded: &Loaded, all: bool, limit: usize) -> Result<Vec<Row>, Failure> {
    let wanted = match all {
        true => Wanted::default(),
        false => loaded.config.venue.feed(&loaded.config.core).wanted,
    };
    let now = WallClock.now();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let body = talk.get(Host::Gamma, &wanted.target(&cursor, 0))?;
        let page = gamma::markets(&body).map_err(|e| bad("the catalogue", &e))?;
        // One entry that this build does not understand hides no other.
        let entries = page.entries.into_iter().flatten();
        found.extend(entries.filter(|m| (all && !m.closed) || wanted.takes(m, now)).map(|m| row(&m)));
        match page.next {
            // One more than is shown says that there are more.
            Some(next) if found.len() <= limit => cursor = next,
            _ => break,
        }
    }
    Ok(found)
}

pub(super) fn search(talk: &mut Talk, words: &[String], closed: bool) -> Result<Vec<Row>, Failure> {
    let words = words.join(" ");
    let body = talk.get(Host::Gamma, &format!("/public-search?q={}", encoded(&words)))?;
    let found = rest::read::<Search>(&body).map_err(|e| bad("what the search found", &e))?;
    let markets = found.events.into_iter().flat_map(Event::into_markets);
    Ok(markets.filter(|m| closed || !m.closed).map(|m| row(&m)).collect())
}

/// A market of the catalogue by slug, condition id or the catalogue's number.
pub(in crate::cmd) fn find(talk: &mut Talk, name: &str) -> Result<Market, Failure> {
    let condition = Bytes32::from_hex(name);
    let query = match condition {
        Some(id) => format!("condition_ids=0x{id}"),
        None if name.bytes().all(|b| b.is_ascii_digit()) => format!("id={name}"),
        None => format!("slug={}", encoded(name)),
    };
    let body = talk.get(Host::Gamma, &format!("/markets/keyset?include_tag=true&limit=10&{query}"))?;
    let page = gamma::markets(&body).map_err(|e| bad("the catalogue", &e))?;
    let fits = |m: &Market| m.slug == name || m.id == name || (condition.is_some() && m.condition_id == condition);
    let found = page.entries.into_iter().flatten().find(fits);
    found.ok_or_else(|| unknown(name, "`arena markets search WORDS` finds it; its slug is the end of its web address"))
}

pub(super) fn show(talk: &mut Talk, name: &str) -> Result<Terms, Failure> {
    let market = find(talk, name)?;
    let condition = market.condition_id.ok_or_else(|| {
        Failure::new(Code::Error, "the market is too young: it has no condition yet").next("try again in some minutes")
    })?;
    let body = talk.get(Host::Clob, &format!("/clob-markets/0x{condition}"))?;
    let info = rest::read::<MarketInfo>(&body).map_err(|e| bad("the market's terms", &e))?;
    let fee = match &info.fees {
        Some(details) => details.schedule(),
        None => market.fees().ok(),
    };
    let fee = fee.ok_or_else(|| Failure::new(Code::Error, "the market's fees are written in a way not known here"))?;
    let mut outcomes = Vec::new();
    for token in &info.tokens {
        outcomes.push(outcome(talk, &token.outcome, &token.token, &market)?);
    }
    let generation = market.generation().map_err(|e| Failure::new(Code::Error, e.to_string()))?;
    Ok(Terms {
        number: market.id.clone(),
        slug: market.slug.clone(),
        question: market.question.clone(),
        group: market.group().to_owned(),
        category: market.topic().to_owned(),
        tags: market.tags.iter().map(|tag| Tag::name(tag).to_owned()).collect(),
        condition: format!("0x{condition}"),
        state: state_of(&market),
        ends: market.end_date,
        tick: info.tick_size.to_string(),
        min_size: info.min_order_size.to_string(),
        fee_rate: Price(i64::from(fee.rate_ppm)).to_string(),
        fee_exponent: fee.exponent,
        neg_risk: info.neg_risk,
        protocol: match generation {
            Generation::V2 => 2,
            Generation::V3 => 3,
        },
        outcomes,
    })
}

fn outcome(talk: &mut Talk, name: &str, token: &Bytes32, market: &Market) -> Result<OutcomeTerms, Failure> {
    let number = to_decimal(token);
    let mut terms = OutcomeTerms {
        outcome: name.to_owned(),
        token: number.clone(),
        bid: None,
        bid_size: None,
        ask: None,
        ask_size: None,
    };
    // A market that is over has no book any more.
    if market.closed {
        return Ok(terms);
    }
    let body = talk.get(Host::Clob, &format!("/book?token_id={number}"))?;
    let book = rest::book(&body).map_err(|e| bad("the book", &e))?;
    if let Some(best) = book.bids.first() {
        (terms.bid, terms.bid_size) = (Some(best.price.to_string()), Some(best.size.to_string()));
    }
    if let Some(best) = book.asks.first() {
        (terms.ask, terms.ask_size) = (Some(best.price.to_string()), Some(best.size.to_string()));
    }
    Ok(terms)
}
