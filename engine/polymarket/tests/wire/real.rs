//! Objects that the venue really sent.

use super::fixture;
use polymarket::Generation;
use polymarket::amounts::Tick;
use polymarket::wire::{data, gamma, list, rest};
use serde_json::Value;

/// Gamma's markets of 2024 to 2026, with 21 different sets of fields.
#[test]
fn gamma_markets() {
    let (mut resolved, mut neg_risk, mut with_fees) = (0, 0, 0);
    let lines: Vec<String> = fixture("polymarket-gamma/gamma_markets.jsonl").lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 38);
    for line in &lines {
        let json: Value = serde_json::from_str(line).unwrap();
        let market: gamma::Market = rest::read(&json["market"].to_string()).unwrap();
        assert_eq!(market.generation(), Ok(Generation::V2), "none says a version");
        let [yes, no] = market.tokens().unwrap();
        for token in [yes, no] {
            assert_eq!(Generation::of_token(&token), Generation::V2, "{}: its ids say the same", market.slug);
        }
        Tick::new(market.order_price_min_tick_size.unwrap()).unwrap();
        assert!(market.end_date.is_some() && market.condition_id.is_some(), "{}", market.slug);
        assert!(market.volume_num.0 >= 0 && market.outcomes.len() == 2);
        resolved += usize::from(market.resolution().is_some());
        neg_risk += usize::from(market.neg_risk);
        with_fees += usize::from(market.fees().unwrap().rate_ppm > 0);
    }
    assert_eq!((resolved, neg_risk), (4, 26));
    assert!(with_fees > 0, "{with_fees}");
}

/// Markets without an event of their own still say which neg-risk market they are outcomes of.
#[test]
fn outcomes_of_one_neg_risk_market_are_one_group() {
    let text = fixture("polymarket-gamma/gamma_markets.jsonl");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["market"].to_string());
    let markets: Vec<gamma::Market> = lines.map(|market| rest::read(&market).unwrap()).collect();
    let groups = |fed: &str| -> Vec<&str> {
        let alone = markets.iter().filter(|m| m.events.is_empty() && m.neg_risk_market_id.starts_with(fed));
        alone.map(gamma::Market::group).collect()
    };
    for (fed, outcomes) in [("0xa8a8ccaceb", 10), ("0x5c0790a07e", 4)] {
        let groups = groups(fed);
        assert_eq!(groups.len(), outcomes, "{fed}");
        assert!(groups.iter().all(|g| *g == groups[0] && g.len() == 66), "{groups:?}");
    }
    let named = |slug: &str| markets.iter().find(|m| m.slug == slug).unwrap().group();
    assert_eq!(named("will-the-chargers-win-super-bowl-2025"), "superbowl-champion-2025", "the event counts first");
    assert_eq!(named("hype-updown-5m-1782287400"), "hype-updown-5m-1782287400", "it stands alone");
}

/// Old markets of the order book in every state that one page of them has.
#[test]
fn markets_of_the_order_book() {
    let page = rest::page::<rest::ClobMarket>(&fixture("polymarket-gamma/clob_markets_page.json")).unwrap();
    assert_eq!(page.next.as_deref(), Some("MTAwMA=="));
    let markets: Vec<rest::ClobMarket> = page.entries.into_iter().map(Result::unwrap).collect();
    assert_eq!(markets.len(), 40);
    let count = |is: &dyn Fn(&rest::ClobMarket) -> bool| markets.iter().filter(|m| is(m)).count();
    assert_eq!((count(&|m| m.closed), count(&|m| m.winner().is_some())), (27, 12), "the rest were never decided");
    assert_eq!(count(&|m| m.closed && m.accepting_orders), 3, "that it takes orders does not make it open");
    assert_eq!(count(&|m| m.condition_id.is_none() && m.tokens.iter().all(|t| t.token_id.is_none())), 11);
    for market in markets.iter().filter(|m| m.closed) {
        let ids: Vec<_> = market.tokens.iter().map(|t| t.token_id).collect();
        assert!(ids.len() == 2 && ids[0].is_some() && ids[0] != ids[1], "{}", market.market_slug);
        let won = market.winner().and_then(|token| market.tokens.iter().find(|t| t.token_id == Some(token)));
        assert!(won.is_none_or(|token| token.price.0 == 1_000_000), "{}", market.market_slug);
        assert!(market.minimum_tick_size.is_some() && market.minimum_order_size.is_some());
    }
}

#[test]
fn a_whole_event() {
    let event: gamma::Event = rest::read(&fixture("polymarket-gamma/fed-decision-june_gamma-event.json")).unwrap();
    assert!(event.neg_risk && event.markets.len() >= 5, "{}", event.markets.len());
    let infos: Vec<rest::MarketInfo> =
        rest::read(&fixture("polymarket-gamma/fed-decision-june_clob-markets.json")).unwrap();
    assert_eq!(infos.len(), 5);
    for info in &infos {
        let market = event.markets.iter().find(|m| m.condition_id == Some(info.condition_id)).unwrap();
        assert_eq!(market.tokens().unwrap(), [info.tokens[0].token, info.tokens[1].token], "{}", market.slug);
        assert_eq!(info.fees.unwrap().schedule().unwrap().rate_ppm, 50_000);
        assert_eq!(Some(info.tick_size), market.order_price_min_tick_size);
    }
    let search: gamma::Search = rest::read(&fixture("polymarket-gamma/fed-decision-june_gamma-search.json")).unwrap();
    assert!(!search.events.is_empty());
    for name in ["carlos_gamma_event", "hugompt_gamma_event_crypto_updown"] {
        let text = fixture(&format!("polymarket-gamma/{name}.json"));
        let json: Value = serde_json::from_str(&text).unwrap();
        let one = if json.is_array() { json[0].to_string() } else { json.to_string() };
        let event: gamma::Event = rest::read(&one).unwrap();
        assert!(!event.markets.is_empty(), "{name}");
    }
    let markets = list::<gamma::Market>(&fixture("polymarket-gamma/hugompt_gamma_markets.json")).unwrap();
    assert!(!markets.is_empty() && markets.iter().all(Result::is_ok), "{markets:?}");
}

#[test]
fn books_history_and_wallets() {
    let many = fixture("polymarket-gamma/fed-decision-june_clob-books.json");
    for book in rest::books(&many).unwrap() {
        let book = book.unwrap();
        assert!(book.bids.windows(2).all(|pair| pair[0].price > pair[1].price));
        assert!(book.asks.windows(2).all(|pair| pair[0].price < pair[1].price));
        assert!(book.bids.first().zip(book.asks.first()).is_none_or(|(bid, ask)| bid.price < ask.price));
    }
    let history = rest::history(&fixture("polymarket-gamma/hugompt_clob_prices_history.json")).unwrap();
    assert_eq!(history.len(), 3);
    let positions = list::<data::PositionV1>(&fixture("polymarket-gamma/hugompt_data_positions.json")).unwrap();
    let positions: Vec<_> = positions.into_iter().map(Result::unwrap).collect();
    assert_eq!((positions[0].size.0, positions[0].cash_pnl.0), (262_980_000, -159_338_700));
    let trades = list::<data::TradeV1>(&fixture("polymarket-gamma/hugompt_data_trades.json")).unwrap();
    assert!(!trades.is_empty() && trades.iter().all(Result::is_ok));
}
