//! Wallet commands against the sandbox's Polygon.

use crate::bot::*;
use polymarket::tx::{Eip1559, Transaction};
use polymarket::{Address, Chain, Contract, SignDigest, calldata};
use sandbox::{Faults, Request, Settings, Venue};
use schemas::event::Resolution;
use serde_json::{Value, json};

fn rpc(venue: &mut Venue, method: &str, params: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let request = Request {
        method: "POST".to_owned(),
        path: "/rpc".to_owned(),
        body: body.to_string().into_bytes(),
        ..Request::default()
    };
    let now = venue.now();
    let (status, answer) = answered(&venue.handle(&request, now));
    assert_eq!((status, &answer["id"]), (200, &json!(7)));
    answer
}

fn at(contract: Contract) -> Address {
    Chain::POLYGON.address(contract).unwrap()
}

fn read(venue: &mut Venue, to: Address, data: &[u8]) -> u64 {
    let answer = rpc(venue, "eth_call", json!([{ "to": to, "data": polymarket::hex(data) }, "latest"]));
    let bytes = polymarket::from_hex(answer["result"].as_str().unwrap()).unwrap();
    calldata::returned_amount(&bytes).unwrap()
}

fn send(venue: &mut Venue, bot: &Bot, to: Address, data: Vec<u8>) -> Value {
    let address = bot.key.address();
    let nonce = rpc(venue, "eth_getTransactionCount", json!([address, "pending"]));
    let nonce = u64::from_str_radix(&nonce["result"].as_str().unwrap()[2..], 16).unwrap();
    let transaction = Transaction::Eip1559(Eip1559 {
        chain_id: 137,
        nonce,
        max_priority_fee: 1,
        max_fee: 2,
        gas: 100_000,
        to,
        value: 0,
        data,
    });
    let raw = transaction.raw(&bot.key.sign(&transaction.digest()).unwrap()).unwrap();
    rpc(venue, "eth_sendRawTransaction", json!([polymarket::hex(&raw)]))
}

fn succeeded(venue: &mut Venue, sent: &Value) -> bool {
    let receipt = rpc(venue, "eth_getTransactionReceipt", json!([sent["result"]]));
    receipt["result"]["status"] == "0x1"
}

#[test]
fn balances_transfers_and_approvals() {
    let settings = Settings { welcome: dollars(100), approved: false, ..Settings::default() };
    let mut venue = venue_with(settings, Faults::default());
    let mut bot = Bot::new(&mut venue, 1);
    let (pusd, me, friend) = (at(Contract::Pusd), bot.wallet(), Address([7; 20]));
    assert_eq!(rpc(&mut venue, "eth_chainId", json!([]))["result"], "0x89");
    assert_eq!(read(&mut venue, pusd, &calldata::balance_of(&me)), 100_000_000);
    let sent = send(&mut venue, &bot, pusd, calldata::transfer(&friend, 30_000_000));
    assert!(succeeded(&mut venue, &sent), "{sent}");
    assert_eq!(read(&mut venue, pusd, &calldata::balance_of(&friend)), 130_000_000, "the welcome, and 30");
    assert_eq!(bot.cash(&venue), dollars(70));
    let sent = send(&mut venue, &bot, pusd, calldata::transfer(&friend, 70_000_001));
    assert!(!succeeded(&mut venue, &sent), "more than there is reverts");
    assert!(bot.refused(&mut venue, buy(40, 10)).1.contains("allowance"));
    let exchange = at(Contract::ExchangeV2);
    let sent = send(&mut venue, &bot, pusd, calldata::approve(&exchange, &calldata::UNLIMITED));
    assert!(succeeded(&mut venue, &sent));
    bot.place(&mut venue, buy(40, 10));
}

#[test]
fn money_that_leaves_takes_its_orders_along() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let small = bot.place(&mut venue, buy(40, 10));
    let large = bot.place(&mut venue, buy(40, 2_400));
    let sent = send(&mut venue, &bot, at(Contract::Pusd), calldata::transfer(&Address([7; 20]), 900_000_000));
    assert!(succeeded(&mut venue, &sent));
    let status =
        |venue: &mut Venue, id: &str| bot.ask(venue, "GET", &format!("/data/order/{id}"), b"").1["status"].clone();
    assert_eq!(status(&mut venue, &large), "CANCELED_NOT_ENOUGH_BALANCE");
    assert_eq!(status(&mut venue, &small), "LIVE");
}

#[test]
fn unwrapping_pays_the_other_dollar() {
    let mut venue = venue();
    let bot = Bot::new(&mut venue, 1);
    let (usdc, friend) = (at(Contract::UsdcE), Address([7; 20]));
    let sent = send(&mut venue, &bot, at(Contract::Offramp), calldata::offramp_unwrap(&usdc, &friend, 5_000_000));
    assert!(succeeded(&mut venue, &sent));
    assert_eq!(read(&mut venue, usdc, &calldata::balance_of(&friend)), 5_000_000);
    assert_eq!(bot.cash(&venue), dollars(995));
}

#[test]
fn bad_transactions_are_refused() {
    let mut venue = venue();
    let bot = Bot::new(&mut venue, 1);
    let error = |answer: &Value| answer["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(error(&rpc(&mut venue, "eth_sendRawTransaction", json!(["0x02c0"]))).contains("RLP"));
    let transaction = |chain_id, nonce| {
        let (to, data) = (at(Contract::Pusd), Vec::new());
        let t = Eip1559 { chain_id, nonce, max_priority_fee: 1, max_fee: 2, gas: 1, to, value: 0, data };
        let t = Transaction::Eip1559(t);
        polymarket::hex(&t.raw(&bot.key.sign(&t.digest()).unwrap()).unwrap())
    };
    let mut send =
        |chain_id, nonce| error(&rpc(&mut venue, "eth_sendRawTransaction", json!([transaction(chain_id, nonce)])));
    assert_eq!(send(1, 0), "invalid chain id for signer");
    assert!(send(137, 5).starts_with("nonce too high"));
    assert_eq!(send(137, 0), "", "a call that reverts is mined all the same");
    assert_eq!(send(137, 0), "already known");
    assert!(error(&rpc(&mut venue, "eth_mystery", json!([]))).contains("does not exist"));
}

#[test]
fn an_end_pays_at_the_exchange_so_redeeming_finds_nothing_more() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(52, 10));
    let adapter = at(Contract::CollateralAdapter);
    let (pusd, condition) = (at(Contract::Pusd), schemas::Bytes32([0xbd; 32]));
    let early = send(&mut venue, &bot, adapter, calldata::redeem_positions(&pusd, &condition));
    assert!(!succeeded(&mut venue, &early), "nothing is redeemed before the end");
    venue.feed(at_s(9), &resolved(Resolution::Yes));
    let before = bot.cash(&venue);
    let sent = send(&mut venue, &bot, adapter, calldata::redeem_positions(&pusd, &condition));
    assert!(succeeded(&mut venue, &sent));
    assert_eq!(bot.cash(&venue), before);
}
