//! What the samples say, value by value.

use super::fixture;
use polymarket::amounts::FeeSchedule;
use polymarket::wire::market::{self, Event, Frame, Level};
use polymarket::wire::user::{self, OrderChange, OrderStatus, TradeStatus, TraderSide};
use polymarket::wire::{Statistic, data, gamma, rest};
use polymarket::{Generation, OrderType, token};
use schemas::event::Resolution;
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use serde_json::Value;

const YES: &str = "71321045679252212594626385532706912750332728571942532289631379312455583992563";
const NO: &str = "52114319501245915516055106046884209969926127482827954674443846427813813222426";
const TIME: UtcNanos = UtcNanos(1_795_305_600_123_000_000);
const MARKET: Bytes32 = Bytes32([0xbd; 32]);

fn rest_sample(name: &str) -> String {
    let json: Value = serde_json::from_str(&fixture("polymarket-vectors/samples_rest.json")).unwrap();
    json["responses"][name].to_string()
}

fn id(text: &str) -> Bytes32 {
    token::from_decimal(text).unwrap()
}

fn level(price: i64, size: i64) -> Level {
    Level { price: Price(price), size: Size(size) }
}

/// The messages of a channel.
fn channel(name: &str) -> String {
    let json: Value = serde_json::from_str(&fixture("polymarket-vectors/samples_ws.json")).unwrap();
    json[name].to_string()
}

#[test]
fn the_market_channel() {
    let text = channel("market_channel");
    let Frame::Messages(messages) = market::decode(&text).unwrap() else { panic!("not messages") };
    let events: Vec<Event<'_>> = messages.into_iter().map(Result::unwrap).collect();
    assert_eq!(events.len(), 8);
    let Event::Book(bare) = &events[0] else { panic!("{:?}", events[0]) };
    assert_eq!((bare.market, bare.token, bare.time), (MARKET, id(YES), TIME));
    assert_eq!(bare.bids, [level(490_000, 20_000_000), level(480_000, 30_000_000)], "best first");
    assert_eq!(bare.asks, [level(520_000, 60_500_000), level(540_000, 25_000_000)], "best first");
    assert_eq!((bare.tick_size, bare.neg_risk, bare.hash_matches()), (None, None, None));
    let Event::Book(full) = &events[1] else { panic!("{:?}", events[1]) };
    assert_eq!((full.tick_size, full.min_order_size), (Some(Price(10_000)), Some(Size(5_000_000))));
    assert_eq!((full.neg_risk, full.last_trade_price), (Some(false), Some(Price(500_000))));
    assert_eq!(full.hash_matches(), Some(false), "the sample's hash is made up");
    let Event::PriceChange(changes) = &events[2] else { panic!("{:?}", events[2]) };
    assert_eq!((changes.market, changes.time, changes.changes.len()), (MARKET, TIME, 3));
    let second = changes.changes[1];
    assert_eq!((second.token, second.side, second.price), (id(NO), Side::Sell, Price(500_000)));
    assert_eq!((second.best_bid, second.best_ask), (Some(Price(480_000)), Some(Price(500_000))));
    assert_eq!(second.hash, "2".repeat(40));
    assert_eq!(changes.changes[2].size, Size::ZERO, "the level is gone");
    let Event::LastTrade(trade) = &events[3] else { panic!("{:?}", events[3]) };
    assert_eq!((trade.price, trade.size, trade.side), (Price(456_000), Size(219_217_767), Side::Buy));
    assert_eq!((trade.fee_rate_bps, trade.transaction_hash), (Some("0"), Some(Bytes32([0xee; 32]))));
    let Event::TickSize(tick) = &events[4] else { panic!("{:?}", events[4]) };
    assert_eq!((tick.old, tick.new, tick.token), (Some(Price(10_000)), Price(1_000), id(YES)));
    let Event::BestBidAsk(best) = &events[5] else { panic!("{:?}", events[5]) };
    assert_eq!((best.best_bid, best.best_ask), (Some(Price(500_000)), Some(Price(520_000))));
    assert_eq!(best.spread, Some(Price(20_000)));
    let Event::NewMarket(new) = &events[6] else { panic!("{:?}", events[6]) };
    assert_eq!((new.id.as_str(), new.assets_ids.as_slice()), ("1031769", &[id(YES), id(NO)][..]));
    assert_eq!((new.outcomes.join("/"), new.order_price_min_tick_size), ("Yes/No".to_owned(), Some(Price(10_000))));
    let Event::Resolved(resolved) = &events[7] else { panic!("{:?}", events[7]) };
    assert_eq!((resolved.winning_asset_id, resolved.winning_outcome.as_str()), (Some(id(YES)), "Yes"));
}

#[test]
fn the_user_channel() {
    let text = channel("user_channel");
    let Frame::Messages(messages) = user::decode(&text).unwrap() else { panic!("not messages") };
    let (mut orders, mut trades) = (Vec::new(), Vec::new());
    for message in messages {
        match message.unwrap() {
            user::Event::Order(order) => orders.push(order),
            user::Event::Trade(trade) => trades.push(trade),
            unknown => panic!("{unknown:?}"),
        }
    }
    let changes: Vec<_> = orders.iter().map(|o| (o.change.unwrap(), o.status.clone().unwrap())).collect();
    let expected = [
        (OrderChange::Placement, OrderStatus::Live),
        (OrderChange::Update, OrderStatus::Live),
        (OrderChange::Cancellation, OrderStatus::Canceled(None)),
    ];
    assert_eq!(changes, expected);
    assert_eq!((orders[1].size_matched, orders[1].shares()), (Size(4_000_000), Some(Size(10_000_000))));
    assert_eq!((orders[0].id, orders[0].order_type), (Bytes32([0xab; 32]), Some(OrderType::Gtc)));
    assert_eq!(orders[0].timestamp, UtcNanos::from_secs(1_795_305_600), "seconds here");
    let statuses: Vec<_> = trades.iter().map(|t| t.status.clone()).collect();
    use TradeStatus::{Confirmed, Failed, Matched, Mined, Retrying};
    assert_eq!(statuses, [Matched, Mined, Confirmed, Retrying, Failed]);
    assert_eq!((trades[0].transaction_hash, trades[1].transaction_hash), (None, Some(Bytes32([0xee; 32]))));
    assert_eq!(trades[0].match_time, UtcNanos::from_secs(1_795_305_600));
    assert_eq!(trades[0].trader_side, Some(TraderSide::Taker));
    let maker = &trades[0].maker_orders[0];
    assert_eq!((maker.order_id, maker.matched_amount), (Bytes32([0xcd; 32]), Size(10_000_000)));
    assert_eq!((maker.price, maker.side, maker.token), (Price(570_000), Some(Side::Sell), id(YES)));
}

#[test]
fn purchases_at_once_are_in_dollars() {
    let Value::Array(list) = serde_json::from_str(&channel("user_channel")).unwrap() else { panic!() };
    for (order_type, side, dollars) in
        [("FAK", "BUY", true), ("FOK", "BUY", true), ("FAK", "SELL", false), ("GTC", "BUY", false)]
    {
        let mut json = list[0].clone();
        json["order_type"] = order_type.into();
        json["side"] = side.into();
        let order: user::OrderState = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!((order.is_in_dollars(), order.shares().is_none()), (dollars, dollars), "{order_type} {side}");
    }
    let mut silent = list[0].clone();
    silent.as_object_mut().unwrap().remove("order_type");
    let order: user::OrderState = serde_json::from_str(&silent.to_string()).unwrap();
    assert_eq!(order.shares(), None, "dollars or shares? It does not say");
}

#[test]
fn words_for_statuses() {
    let canceled = |reason: &str| OrderStatus::Canceled(Some(reason.to_owned()));
    assert_eq!(OrderStatus::parse("CANCELED_MARKET_RESOLVED"), canceled("MARKET_RESOLVED"));
    assert_eq!(OrderStatus::parse("live"), OrderStatus::Live);
    assert_eq!(OrderStatus::parse("ORDER_STATUS_UNMATCHED"), OrderStatus::Unmatched);
    assert_eq!(OrderStatus::parse("HOVERING"), OrderStatus::Other("HOVERING".to_owned()));
    assert_eq!(TradeStatus::parse("TRADE_STATUS_CONFIRMED"), TradeStatus::Confirmed);
    assert_eq!(TradeStatus::parse("MATCHED_NOT_BROADCASTED"), TradeStatus::MatchedNotBroadcasted);
    assert_eq!(TradeStatus::parse("confirmed"), TradeStatus::Other("confirmed".to_owned()));
}

#[test]
fn public_answers() {
    assert_eq!(rest::server_time("1795305600").unwrap(), UtcNanos::from_secs(1_795_305_600).unwrap());
    assert!(rest::server_time("soon").is_err());
    assert_eq!(rest::server_version(r#"{"version":2}"#).unwrap(), 2);
    assert_eq!(rest::midpoint(&rest_sample("GET /midpoint")).unwrap(), Some(Price(505_000)));
    assert_eq!(rest::tick_size(&rest_sample("GET /tick-size")).unwrap(), Some(Price(10_000)), "a number here");
    let last = rest::last_trade_price(&rest_sample("GET /last-trade-price")).unwrap().unwrap();
    assert_eq!((last.price, last.side), (Price(500_000), Side::Buy));
    assert_eq!(rest::last_trade_price(r#"{"price":"0.5","side":""}"#).unwrap(), None, "never traded");
    let prices = rest::prices(&rest_sample("POST /prices")).unwrap();
    assert_eq!((prices[&id(YES)].buy, prices[&id(YES)].sell), (Some(Price(490_000)), Some(Price(520_000))));
    let by_token: rest::MarketByToken = rest::read(&rest_sample("GET /markets-by-token/{id}")).unwrap();
    assert_eq!((by_token.primary_token_id, by_token.secondary_token_id), (id(YES), id(NO)));
    let info: rest::MarketInfo = rest::read(&rest_sample("GET /clob-markets/{cond}")).unwrap();
    assert_eq!((info.tick_size, info.min_order_size, info.neg_risk), (Price(10_000), Size(5_000_000), false));
    assert_eq!((info.tokens[0].token, info.tokens[1].outcome.as_str()), (id(YES), "No"));
    let expected = FeeSchedule { rate_ppm: 40_000, exponent: 1, taker_only: true };
    assert_eq!((info.fees.unwrap().schedule(), info.accepting_orders), (Some(expected), true));
    let odd = rest_sample("GET /clob-markets/{cond}").replace("\"e\":1", "\"e\":1.5");
    assert_eq!(rest::read::<rest::MarketInfo>(&odd).unwrap().fees.unwrap().schedule(), None);
    let mut pages = rest::page::<rest::ClobMarket>(
        r#"{"limit":2,"count":2,"next_cursor":"MTAw","data":[{"condition_id":"","tokens":[{"token_id":"","outcome":""}]},
        {"condition_id":7},{"condition_id":"0xbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbd","closed":true,
        "minimum_tick_size":0.01,"tokens":[{"token_id":"1","winner":true,"price":1},{"token_id":"2","price":0}]}]}"#,
    )
    .unwrap();
    assert_eq!(pages.next.as_deref(), Some("MTAw"));
    let closed = pages.entries.pop().unwrap().unwrap();
    assert_eq!((closed.winner(), closed.condition_id), (Some(id("1")), Some(MARKET)));
    assert!(pages.entries.pop().unwrap().is_err(), "one bad entry does not hide the others");
    assert_eq!(pages.entries.pop().unwrap().unwrap().tokens[0].token_id, None);
    let history = rest::history(r#"{"history":[{"t":1782201484,"p":0.5000000001}]}"#).unwrap();
    assert_eq!(history[0].price, Statistic(500_000));
}

#[test]
fn trading_answers() {
    let live: rest::OrderAnswer = rest::read(&rest_sample("POST /order live")).unwrap();
    assert_eq!((live.accepted(), &live.status), (Some(Bytes32([0xab; 32])), &rest::PostStatus::Live));
    assert_eq!((live.making, live.taking), (None, None), "empty text is nothing");
    let matched: rest::OrderAnswer = rest::read(&rest_sample("POST /order matched")).unwrap();
    assert_eq!((matched.making, matched.taking), (Some(Size(5_700_000)), Some(Size(10_000_000))));
    assert_eq!((matched.trade_ids.len(), matched.transactions.len()), (1, 0));
    let legs: Vec<rest::OrderAnswer> = rest::read(&rest_sample("POST /orders")).unwrap();
    assert!(legs[0].success && legs[0].accepted().is_none(), "success beside an error is a refusal");
    let canceled = rest::CancelAnswer::read(&rest_sample("DELETE /orders")).unwrap();
    assert_eq!(canceled.canceled, [Bytes32([0xab; 32])]);
    assert!(canceled.not_canceled[&Bytes32([0xcd; 32])].contains("already canceled"));
    let orders = rest::page::<rest::OrderState>(&rest_sample("GET /data/orders")).unwrap();
    assert_eq!((orders.entries.len(), orders.next), (1, None));
    let trades = rest::page::<rest::Trade>(&rest_sample("GET /data/trades")).unwrap();
    assert_eq!(trades.entries[0].as_ref().unwrap().status, TradeStatus::Confirmed);
    let balance = rest::BalanceAllowance::read(&rest_sample("GET /balance-allowance")).unwrap();
    let spender = "0xE111180000d2663C0091e4f400237545B87B996B".parse().unwrap();
    assert_eq!((balance.balance_micro(), balance.allowance_micro(&spender)), (1_000_000_000, i64::MAX));
    assert_eq!(balance.allowance_micro(&polymarket::Address::ZERO), 0);
    assert_eq!(
        rest::cancel_body(&Bytes32([0xab; 32])),
        format!("{{\"orderID\":\"0x{}\"}}", "ab".repeat(32)).as_bytes()
    );
    assert_eq!(rest::cancel_market_body(None, Some(&id("7"))), b"{\"asset_id\":\"7\"}");
    assert_eq!(rest::heartbeat_body(""), b"{\"heartbeat_id\":\"\"}");
}

#[test]
fn gamma_and_data() {
    let mut market: gamma::Market = rest::read(&rest_sample("gamma GET /markets/{id}")).unwrap();
    assert_eq!((market.generation(), market.tokens()), (Ok(Generation::V2), Ok([id(YES), id(NO)])));
    assert_eq!((market.volume_num, market.volume_24h), (Statistic(12_345_670_000), Statistic(321_500_000)));
    assert_eq!(market.fees(), Ok(FeeSchedule { rate_ppm: 40_000, exponent: 1, taker_only: true }));
    assert_eq!((market.resolution(), market.events[0].title.as_str()), (None, "E"));
    market.version = Some("v2".to_owned());
    assert!(matches!(market.tokens(), Err(gamma::MarketError::NotBinary { tokens: 0, outcomes: 2 })));
    market.position_ids = vec![id("1"), id("2")];
    assert_eq!(market.tokens(), Ok([id("1"), id("2")]));
    market.version = Some("v9".to_owned());
    assert!(matches!(market.tokens(), Err(gamma::MarketError::Generation(_))), "an unknown version is refused");
    market.closed = true;
    market.outcome_prices = vec!["0".to_owned(), "1".to_owned()];
    assert_eq!(market.resolution(), Some(Resolution::No));
    market.outcome_prices = vec!["0.0005".to_owned(), "0.9995".to_owned()];
    assert_eq!(market.resolution(), None);
    market.outcome_prices = vec!["0.5".to_owned(), "0.50".to_owned()];
    assert_eq!(market.resolution(), None, "the last price may be one half");
    market.uma_resolution_status = "resolved".to_owned();
    assert_eq!(market.resolution(), Some(Resolution::Split));
    market.closed = false;
    assert_eq!(market.resolution(), None);
    let page = gamma::markets(&rest_sample("gamma GET /markets/keyset")).unwrap();
    assert_eq!((page.entries.len(), page.next.as_deref()), (1, Some("opaque")));
    let page = data::page::<data::Position>(&rest_sample("data GET /v2/positions")).unwrap();
    let position = page.entries[0].as_ref().unwrap();
    assert_eq!((position.current_size, position.avg_price), (Statistic(10_000_000), Statistic(570_000)));
    let cut = r#"{"data":[],"pagination":{"has_more":true,"next_cursor":null}}"#;
    assert!(data::page::<data::Position>(cut).is_err(), "a list that ends too early says so");
}

#[test]
fn prices_written_short_and_numbers_as_numbers() {
    let text = r#"[{"timestamp":1795305600123,"price_changes":[{"size":200,"asset_id":"7","price":".48","side":"SELL",
        "best_bid":"","best_ask":null}],"market":"0xbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbd",
        "event_type":"price_change"},{"event_type":"weather","wind":[1,{"a":"}"}]},{"event_type":"book"},7]"#;
    assert!(market::decode(text).is_err(), "a number is no message");
    let text = text.replace(",7]", "]");
    let Frame::Messages(messages) = market::decode(&text).unwrap() else { panic!() };
    let Ok(Event::PriceChange(changes)) = &messages[0] else { panic!("{messages:?}") };
    let change = changes.changes[0];
    assert_eq!((change.price, change.size), (Price(480_000), Size(200_000_000)));
    assert_eq!((change.best_bid, change.best_ask, change.hash), (None, None, ""));
    assert_eq!(changes.time, TIME);
    let Ok(Event::Unknown { event_type, raw }) = &messages[1] else { panic!("{messages:?}") };
    assert_eq!((event_type.as_ref(), *raw), ("weather", r#"{"event_type":"weather","wind":[1,{"a":"}"}]}"#));
    let Err(undecoded) = &messages[2] else { panic!("{messages:?}") };
    assert_eq!(
        (undecoded.raw, undecoded.error.to_string().as_str()),
        (r#"{"event_type":"book"}"#, "the field 'market' is missing")
    );
}

#[test]
fn books_that_contradict_themselves_are_refused() {
    let bad = |bids: &str| {
        format!(
            r#"{{"event_type":"book","market":"0x{}","asset_id":"7","timestamp":"1","bids":{bids},"asks":[]}}"#,
            "bd".repeat(32)
        )
    };
    let read = |bids: &str| {
        let text = bad(bids);
        match market::decode(&text).unwrap() {
            Frame::Messages(mut messages) => messages.remove(0).map(|_| ()).map_err(|e| e.error.to_string()),
            Frame::Pong => panic!(),
        }
    };
    assert_eq!(read(r#"[{"price":"0.5","size":"1"},{"price":"0.4","size":"0"}]"#), Ok(()));
    assert_eq!(
        read(r#"[{"price":"0.5","size":"1"},{"price":".50","size":"2"}]"#),
        Err("the field 'bids' is given twice".to_owned())
    );
    for wrong in [
        r#"[{"price":"0","size":"1"}]"#,
        r#"[{"price":"1","size":"1"}]"#,
        r#"[{"price":"-0.5","size":"1"}]"#,
        r#"[{"price":"0.5","size":"0.0000001"}]"#,
        r#"[{"price":"0.5"}]"#,
        r#"[0.5]"#,
        "{}",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert_eq!(market::decode("PONG").unwrap(), Frame::Pong);
    assert_eq!(user::decode(" PONG\n").unwrap(), Frame::Pong);
    assert_eq!(market::decode("[]").unwrap(), Frame::Messages(Vec::new()));
    for wrong in ["", "PING", "null", "\"PONG\"", "7", "[PONG]"] {
        assert!(market::decode(wrong).is_err() && user::decode(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn dates_of_gamma() {
    let with =
        |date: &str| rest::read::<gamma::Market>(&format!("{{\"id\":1,\"endDate\":{date}}}")).map(|m| m.end_date);
    let moment = |text: &str| Some(text.parse::<UtcNanos>().unwrap());
    assert_eq!(with("\"2026-12-31T12:00:00Z\""), Ok(moment("2026-12-31T12:00:00Z")));
    assert_eq!(with("\"2024-03-01 18:34:24.832+00\""), Ok(moment("2024-03-01T18:34:24.832Z")));
    assert_eq!(with("\"2024-11-05\""), Ok(moment("2024-11-05T00:00:00Z")));
    assert_eq!((with("\"\""), with("null")), (Ok(None), Ok(None)));
    for wrong in ["\"soon\"", "7", "\"2024-13-05\"", "\"2024-11-05T\"", "{}", "\"\u{e9}\u{e9}\""] {
        assert!(with(wrong).is_err(), "{wrong}");
    }
}
