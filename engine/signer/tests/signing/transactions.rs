//! Transactions: the bytes of the official tools, to the venue's contracts and named recipients only.

use super::desk::*;
use polymarket::{Address, Chain, Contract, Generation, hex};
use schemas::Bytes32;
use signer::policy::TxKind;
use signer::{Allowance, Call, Dollar, OrderSigner, Policy, TokenLedger, TxRequest};

/// Account 1 of Anvil.
fn friend() -> Address {
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap()
}

/// All kinds, to one friend, up to 5 dollars and 8 a day, fees up to 0.0078 POL.
fn generous() -> Policy {
    let mut policy = policy();
    policy.transactions.kinds = TxKind::NAMES.iter().map(|(kind, _)| *kind).collect();
    policy.transactions.recipients = [friend()].into();
    policy.transactions.amount_max = 5 * ONE;
    policy.transactions.day_max = 8 * ONE;
    policy.transactions.fee_max = 65_000 * 120_000_000_000;
    policy
}

fn tx(call: Call) -> TxRequest {
    TxRequest {
        chain_id: 137,
        nonce: 7,
        gas_limit: 65_000,
        max_fee_per_gas: 120_000_000_000,
        max_priority_fee_per_gas: 30_000_000_000,
        call,
    }
}

fn send(amount: u64) -> Call {
    Call::Transfer { token: Dollar::Pusd, to: friend(), amount }
}

fn rule(policy: Policy, tx: &TxRequest) -> Option<String> {
    local(policy).sign_tx(tx).err().map(|e| e.rule().unwrap_or_else(|| panic!("{e}")).to_owned())
}

/// Made with eth-account 0.13.7.
#[test]
fn the_bytes_of_an_official_tool() {
    let signed = local(generous()).sign_tx(&tx(send(1_500_000))).unwrap();
    assert_eq!(
        hex(&signed.raw),
        "0x02f8b28189078506fc23ac00851bf08eb00082fde894c011a7e12a19f7b1f670d46f03b03f3342e82dfb80b844a9059cbb00000000\
         000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c80000000000000000000000000000000000000000000000000000\
         00000016e360c080a0f0d2aa5ead72dbe8196646588532352310c6e5e6228ce0c473547cc3cfeb4b34a002cabc8382973fd151cf44c7\
         23b2cf55ee097d482e6453908664da07a7c576d0"
    );
    assert_eq!(signed.hash.to_string(), "737a62b44d3d33e8c46b9285314f0fa72594c12eb83aecac9280752649dc426a");
}

#[test]
fn sums_kinds_recipients_and_fees() {
    assert_eq!(rule(generous(), &tx(send(5 * ONE))), None);
    assert_eq!(rule(generous(), &tx(send(5 * ONE + 1))).as_deref(), Some("transaction_amount"));
    assert_eq!(rule(generous(), &tx(send(0))).as_deref(), Some("transaction_nonsense"));
    let signer = local(generous());
    signer.sign_tx(&tx(send(5 * ONE))).unwrap();
    signer.sign_tx(&tx(Call::Unwrap { to: friend(), amount: 3 * ONE })).unwrap();
    assert_eq!(signer.sign_tx(&tx(send(1))).unwrap_err().rule(), Some("day_sent"));

    let stranger = Call::Transfer { token: Dollar::Pusd, to: owner(), amount: ONE };
    assert_eq!(rule(generous(), &tx(stranger)).as_deref(), Some("recipient"));
    assert_eq!(rule(policy(), &tx(send(ONE))).as_deref(), Some("transaction_kind"));
    let mut dear = tx(send(ONE));
    dear.max_fee_per_gas += 1;
    assert_eq!(rule(generous(), &dear).as_deref(), Some("transaction_fee"));
    dear.max_fee_per_gas = u64::MAX;
    dear.gas_limit = u64::MAX;
    assert_eq!(rule(generous(), &dear).as_deref(), Some("transaction_fee"));
    let tip = TxRequest { max_priority_fee_per_gas: 120_000_000_001, ..tx(send(ONE)) };
    assert_eq!(rule(generous(), &tip).as_deref(), Some("transaction_nonsense"));
    let elsewhere = TxRequest { chain_id: 1, ..tx(send(ONE)) };
    assert_eq!(rule(generous(), &elsewhere).as_deref(), Some("chain"));
}

#[test]
fn permissions_for_the_venue_alone() {
    let chain = Chain::POLYGON;
    let exchange = chain.exchange(Generation::V2, false).unwrap();
    let third = chain.exchange(Generation::V3, false).unwrap();
    let unlimited = |spender| tx(Call::ApprovePusd { spender, amount: Allowance::Unlimited });
    assert_eq!(rule(generous(), &unlimited(exchange)), None);
    assert_eq!(rule(generous(), &unlimited(chain.address(Contract::Offramp).unwrap())), None);
    for wrong in [friend(), owner(), chain.pusd().unwrap(), chain.address(Contract::ExchangeV1).unwrap()] {
        assert_eq!(rule(generous(), &unlimited(wrong)).as_deref(), Some("transaction_target"));
    }
    let tokens = |ledger, operator| tx(Call::ApproveTokens { ledger, operator, approved: true });
    assert_eq!(rule(generous(), &tokens(TokenLedger::ConditionalTokens, exchange)), None);
    assert_eq!(rule(generous(), &tokens(TokenLedger::PositionManager, third)), None);
    // Each ledger has its own exchanges.
    for (ledger, operator) in [
        (TokenLedger::PositionManager, exchange),
        (TokenLedger::ConditionalTokens, third),
        (TokenLedger::PositionManager, friend()),
    ] {
        assert_eq!(rule(generous(), &tokens(ledger, operator)).as_deref(), Some("transaction_target"));
    }
}

#[test]
fn redeeming_what_can_be() {
    let condition = Bytes32([0x5a; 32]);
    let signed = local(generous()).sign_tx(&tx(Call::RedeemV2 { condition, neg_risk: false })).unwrap();
    // The adapter's address and the call of chain.json, made with eth-abi 5.2.0.
    let raw = hex(&signed.raw);
    assert!(raw.contains("ada100db00ca00073811820692005400218fce1f"), "{raw}");
    assert!(raw.contains("01b7037c000000000000000000000000c011a7e12a19f7b1f670d46f03b03f3342e82dfb"), "{raw}");
    let mut v3 = Bytes32([0x5b; 32]);
    v3.0[0] = 1;
    let redeem = |condition, outcome, amount| tx(Call::RedeemV3 { condition, outcome, amount });
    assert_eq!(rule(generous(), &redeem(v3, 0, ONE)).as_deref(), Some("transaction_nonsense"));
    v3.0[31] = 0;
    assert_eq!(rule(generous(), &redeem(v3, 0, ONE)), None);
    assert_eq!(rule(generous(), &redeem(v3, 2, ONE)).as_deref(), Some("transaction_nonsense"));
    assert_eq!(rule(generous(), &redeem(v3, 1, 0)).as_deref(), Some("transaction_nonsense"));
}
