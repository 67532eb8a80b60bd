//! Orders inside the policy are signed as the venue checks them; each rule refuses from its first step outside.

use super::desk::*;
use polymarket::{Address, Chain, Domain, Generation, Order, SignatureType, verify_order};
use schemas::{Bytes32, Side};
use signer::{OrderSigner, Policy, SigningDomainRequest};

/// The rule that refuses, or none.
fn rule(policy: Policy, order: &Order, request: &SigningDomainRequest) -> Option<String> {
    match local(policy).sign_order(order, request) {
        Ok(_) => None,
        Err(e) => Some(e.rule().unwrap_or_else(|| panic!("{e}")).to_owned()),
    }
}

fn refused(order: &Order, expected: &str) {
    assert_eq!(rule(policy(), order, &STANDARD).as_deref(), Some(expected));
}

#[test]
fn every_kind_of_wallet_on_every_exchange() {
    use SignatureType::{DepositWallet, Eoa, Proxy, Safe};
    for kind in [Eoa, Proxy, Safe, DepositWallet] {
        for (generation, neg_risk) in [(Generation::V2, false), (Generation::V2, true), (Generation::V3, false)] {
            let order = order(kind, Side::Buy, 10 * ONE, 20 * ONE);
            let request = SigningDomainRequest { chain_id: 137, generation, neg_risk };
            let signature = local(policy()).sign_order(&order, &request).unwrap();
            let domain = Domain::exchange(&Chain::POLYGON, generation, neg_risk).unwrap();
            verify_order(&order, &domain, &signature, Some(owner())).unwrap();
            assert_eq!(signature.len(), if kind == DepositWallet { 317 } else { 65 });
        }
    }
}

#[test]
fn the_edge_of_each_rule() {
    let with = |f: fn(&mut Order)| {
        let mut order = buy();
        f(&mut order);
        order
    };
    assert_eq!(rule(policy(), &with(|o| o.salt = (1 << 53) - 1), &STANDARD), None);
    refused(&with(|o| o.salt = 1 << 53), "salt");
    refused(&with(|o| o.builder = Bytes32([1; 32])), "builder");
    refused(&with(|o| o.maker_amount = 0), "empty");
    refused(&with(|o| o.taker_amount = 0), "empty");
    refused(&with(|o| o.maker = Address([9; 20])), "maker");
    refused(&with(|o| o.signer = Address([9; 20])), "signer");

    let of = |gives, takes| order(SignatureType::Eoa, Side::Buy, gives, takes);
    assert_eq!(rule(policy(), &of(25 * ONE, 50 * ONE), &STANDARD), None);
    refused(&of(25 * ONE + 1, 50 * ONE), "order_dollars");
    assert_eq!(rule(policy(), &of(5 * ONE, 100 * ONE), &STANDARD), None);
    refused(&of(5 * ONE - 1, 100 * ONE), "price");
    assert_eq!(rule(policy(), &of(19 * ONE, 20 * ONE), &STANDARD), None);
    refused(&of(19 * ONE + 1, 20 * ONE), "price");
    refused(&of(u64::MAX, u64::MAX), "price");
    refused(&of(u64::MAX / 2, u64::MAX), "order_dollars");

    let of = |gives, takes| order(SignatureType::Eoa, Side::Sell, gives, takes);
    assert_eq!(rule(policy(), &of(100 * ONE, 50 * ONE), &STANDARD), None);
    refused(&of(100 * ONE + 1, 50 * ONE), "order_shares");
    refused(&of(100 * ONE, 5 * ONE - 1), "price");
    refused(&of(20 * ONE, 19 * ONE + 1), "price");
}

#[test]
fn other_chains_exchanges_and_accounts() {
    for chain_id in [0, 1, 80_002] {
        let request = SigningDomainRequest { chain_id, ..STANDARD };
        assert_eq!(rule(policy(), &buy(), &request).as_deref(), Some("chain"));
    }
    let mut fewer = policy();
    fewer.exchanges = [Chain::POLYGON.exchange(Generation::V2, false).unwrap()].into();
    assert_eq!(rule(fewer.clone(), &buy(), &STANDARD), None);
    let neg_risk = SigningDomainRequest { neg_risk: true, ..STANDARD };
    assert_eq!(rule(fewer.clone(), &buy(), &neg_risk).as_deref(), Some("exchange"));
    let third = SigningDomainRequest { generation: Generation::V3, ..STANDARD };
    assert_eq!(rule(fewer, &buy(), &third).as_deref(), Some("exchange"));

    let mut own = policy();
    own.account_types = [0].into();
    let safe = order(SignatureType::Safe, Side::Buy, 10 * ONE, 20 * ONE);
    assert_eq!(rule(own, &safe, &STANDARD).as_deref(), Some("account_type"));
}

#[test]
fn funders_and_builders_that_are_named() {
    let stranger = Address([9; 20]);
    let mut deposit = order(SignatureType::DepositWallet, Side::Buy, 10 * ONE, 20 * ONE);
    (deposit.maker, deposit.signer) = (stranger, stranger);
    assert_eq!(rule(policy(), &deposit, &STANDARD).as_deref(), Some("maker"));
    let mut named = policy();
    named.funders.insert(stranger);
    assert_eq!(rule(named.clone(), &deposit, &STANDARD), None);
    // A deposit wallet signs for itself; the key's account is not its signer.
    deposit.signer = owner();
    assert_eq!(rule(named.clone(), &deposit, &STANDARD).as_deref(), Some("signer"));
    // The key's own account is nobody else's, whatever is named.
    let mut own = buy();
    own.maker = stranger;
    assert_eq!(rule(named.clone(), &own, &STANDARD).as_deref(), Some("maker"));

    let mut built = buy();
    built.builder = Bytes32([1; 32]);
    named.builders.insert(built.builder);
    assert_eq!(rule(named, &built, &STANDARD), None);
}

#[test]
fn a_policy_of_nothing_signs_nothing() {
    assert!(rule(Policy::nothing(137), &buy(), &STANDARD).is_some());
    assert!(rule(Policy::nothing(137), &sell(), &STANDARD).is_some());
    assert!(local(Policy::nothing(137)).sign_l1(1_795_521_600, 0).is_err());
}
