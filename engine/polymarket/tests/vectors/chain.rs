//! Wallets, calls and transactions.

use super::ledger::{Ledger, bytes, key, text};
use polymarket::tx::{Eip1559, Legacy, Transaction, transaction_hash};
use polymarket::{Address, Chain, Contract, SignDigest, calldata, wallet};
use schemas::Bytes32;
use serde_json::Value;

pub fn wallets(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let eoa = key(&vector["private_key"]).address();
        assert_eq!(eoa.to_string(), text(vector, "eoa"), "{i}");
        assert_eq!(wallet::proxy(eoa).to_string(), text(vector, "proxy"), "{i}");
        assert_eq!(wallet::safe(eoa).to_string(), text(vector, "safe"), "{i}");
        assert_eq!(wallet::deposit(eoa).to_string(), text(vector, "deposit_wallet_beacon_current"), "{i}");
        assert_eq!(wallet::deposit_legacy(eoa).to_string(), text(vector, "deposit_wallet_uups_legacy"), "{i}");
        true
    });
}

pub fn calls_and_transactions(ledger: &mut Ledger) {
    let polygon = Chain::POLYGON;
    let at = |contract| polygon.address(contract).unwrap();
    let ours = key(ledger.field("private_key")).address();
    let other: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
    let exchange = at(Contract::ExchangeV2);
    let pusd = polygon.pusd().unwrap();
    let token = polymarket::token::from_decimal(
        "71321045679252212594626385532706912750332728571942532289631379312455583992563",
    );
    let token = token.unwrap();
    let one = polymarket::hash::word(1);
    let condition = Bytes32([0x5a; 32]);
    let mut short = [0x5b; 31];
    short[0] = 1;
    let calls: [(&str, Contract, Vec<u8>); 14] = [
        ("erc20_transfer_1.5", Contract::Pusd, calldata::transfer(&other, 1_500_000)),
        ("erc20_approve_max", Contract::Pusd, calldata::approve(&exchange, &calldata::UNLIMITED)),
        ("erc20_allowance", Contract::Pusd, calldata::allowance(&ours, &exchange)),
        ("erc20_balance_of", Contract::Pusd, calldata::balance_of(&ours)),
        ("erc1155_balance_of", Contract::Ctf, calldata::token_balance_of(&ours, &token)),
        ("erc1155_balance_of_batch", Contract::Ctf, calldata::token_balance_of_batch(&[(ours, token), (other, one)])),
        ("erc1155_set_approval_for_all", Contract::Ctf, calldata::set_approval_for_all(&exchange, true)),
        ("erc1155_is_approved_for_all", Contract::Ctf, calldata::is_approved_for_all(&ours, &exchange)),
        ("redeem_via_collateral_adapter", Contract::CollateralAdapter, calldata::redeem_positions(&pusd, &condition)),
        (
            "split_via_collateral_adapter",
            Contract::CollateralAdapter,
            calldata::split_position(&pusd, &condition, 1_000_000),
        ),
        (
            "merge_via_collateral_adapter",
            Contract::CollateralAdapter,
            calldata::merge_positions(&pusd, &condition, 1_000_000),
        ),
        ("router_split", Contract::Router, calldata::router_split(&short, 1_000_000)),
        ("router_merge", Contract::Router, calldata::router_merge(&short, 1_000_000)),
        ("router_redeem", Contract::Router, calldata::router_redeem(&short, 0, 1_000_000)),
    ];
    for (name, contract, data) in calls {
        ledger.one(&format!("calldata {name}"), |vector| {
            assert_eq!(text(vector, "to"), at(contract).to_string(), "{name}");
            assert_eq!(polymarket::hex(&data), text(vector, "data"), "{name}");
        });
    }
    let key = key(ledger.field("private_key"));
    ledger.each("signed_transactions", |vector, _| {
        let name = text(vector, "name");
        let tx = transaction(&vector["tx"]);
        let signature = key.sign(&tx.digest()).unwrap();
        assert_eq!(format!("0x{}", signature.r()), text(vector, "r"), "{name}");
        // Their `s` is a number: leading zeros are not written.
        let s = format!("{:0>64}", &text(vector, "s")[2..]);
        assert_eq!(signature.s().to_string(), s, "{name}");
        let raw = tx.raw(&signature).unwrap();
        assert_eq!(raw, bytes(vector, "raw"), "{name}");
        assert_eq!(format!("0x{}", transaction_hash(&raw)), text(vector, "hash"), "{name}");
        true
    });
}

fn transaction(tx: &Value) -> Transaction {
    let number = |key: &str| tx[key].as_u64().unwrap();
    let wei = |key: &str| u128::from(number(key));
    let (chain_id, nonce, gas) = (number("chainId"), number("nonce"), number("gas"));
    let (to, value, data) = (text(tx, "to").parse().unwrap(), wei("value"), bytes(tx, "data"));
    if tx["type"] == 2 {
        let (max_priority_fee, max_fee) = (wei("maxPriorityFeePerGas"), wei("maxFeePerGas"));
        Transaction::Eip1559(Eip1559 { chain_id, nonce, max_priority_fee, max_fee, gas, to, value, data })
    } else {
        Transaction::Legacy(Legacy { chain_id, nonce, gas_price: wei("gasPrice"), gas, to, value, data })
    }
}
