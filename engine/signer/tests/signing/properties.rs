//! Random requests against the rules as a person would write them down. Every request outside is refused, every one inside
//! is signed, and a refusal counts nothing.

use super::desk::*;
use polymarket::{Address, Generation, Order, SignatureType};
use proptest::prelude::*;
use schemas::{Bytes32, Side};
use signer::{OrderSigner, Policy, SigningDomainRequest};

/// Numbers that like the edges of the test's policy.
fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        1..30 * ONE,
        (24 * ONE..26 * ONE),
        (99 * ONE..101 * ONE),
        (1..120u64).prop_map(|n| n * ONE),
        any::<u64>(),
        Just(u64::MAX),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    use SignatureType::{DepositWallet, Eoa, Proxy, Safe};
    prop_oneof![
        4 => prop::sample::select(vec![Eoa, Proxy, Safe, DepositWallet]).prop_map(wallet),
        1 => Just(polymarket::wallet::deposit_legacy(owner())),
        1 => any::<[u8; 20]>().prop_map(Address),
    ]
}

prop_compose! {
    fn any_order()(
        kind in 0u8..4,
        own in prop::bool::weighted(0.7),
        maker in address(),
        signer in address(),
        salt in prop_oneof![4 => 0..1u64 << 53, 1 => any::<u64>()],
        buys in any::<bool>(),
        maker_amount in amount(),
        taker_amount in amount(),
        price in prop::option::of(1u64..1_000_000),
        timestamp_ms in any::<u64>(),
        token in any::<[u8; 32]>(),
        built in prop::bool::weighted(0.1),
    ) -> Order {
        let kind = SignatureType::try_from(kind).unwrap();
        let side = if buys { Side::Buy } else { Side::Sell };
        let mut order = order(kind, side, maker_amount, taker_amount);
        // Two random amounts are rarely a price.
        if let Some(price) = price {
            let shares = maker_amount % (200 * ONE);
            let dollars = shares * price / ONE;
            (order.maker_amount, order.taker_amount) = if buys { (dollars, shares) } else { (shares, dollars) };
        }
        if !own {
            (order.maker, order.signer) = (maker, signer);
        }
        order.salt = salt;
        order.timestamp_ms = timestamp_ms;
        order.token = Bytes32(token);
        if built {
            order.builder = Bytes32(token);
        }
        order
    }
}

prop_compose! {
    fn any_request()(
        chain_id in prop_oneof![6 => Just(137u64), 1 => Just(80_002), 1 => any::<u64>()],
        third in any::<bool>(),
        neg_risk in any::<bool>(),
    ) -> SigningDomainRequest {
        SigningDomainRequest { chain_id, generation: if third { Generation::V3 } else { Generation::V2 }, neg_risk }
    }
}

/// The rules once more, over whole numbers of arbitrary size and without any code of the policy's.
fn inside(order: &Order, request: &SigningDomainRequest, neg_risk_listed: bool) -> bool {
    let kind = order.signature_type;
    let makers = match kind {
        SignatureType::DepositWallet => vec![wallet(kind), polymarket::wallet::deposit_legacy(owner())],
        other => vec![wallet(other)],
    };
    let signer = if kind == SignatureType::DepositWallet { order.maker } else { owner() };
    let (dollars, shares) = match order.side {
        Side::Buy => (order.maker_amount, order.taker_amount),
        Side::Sell => (order.taker_amount, order.maker_amount),
    };
    let small = match order.side {
        Side::Buy => dollars <= 25 * ONE,
        Side::Sell => shares <= 100 * ONE,
    };
    let listed = neg_risk_listed || !request.neg_risk || request.generation == Generation::V3;
    request.chain_id == 137
        && listed
        && makers.contains(&order.maker)
        && order.signer == signer
        && order.salt < 1 << 53
        && order.builder == Bytes32::ZERO
        && dollars > 0
        && shares > 0
        && small
        // Prices from 0.05 to 0.95.
        && u128::from(dollars) * 20 >= u128::from(shares)
        && u128::from(dollars) * 20 <= u128::from(shares) * 19
}

fn without_neg_risk() -> Policy {
    let mut policy = policy();
    let neg_risk = polymarket::Chain::POLYGON.exchange(Generation::V2, true).unwrap();
    assert!(policy.exchanges.remove(&neg_risk));
    policy
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn outside_is_refused_and_inside_is_signed(order in any_order(), request in any_request(), listed in any::<bool>()) {
        let signer = local(if listed { policy() } else { without_neg_risk() });
        let result = signer.sign_order(&order, &request);
        let expected = inside(&order, &request, listed);
        prop_assert_eq!(result.is_ok(), expected, "{:?} {:?}: {:?}", order, request, result);
        if let Err(e) = result {
            prop_assert!(e.rule().is_some(), "a refusal names its rule: {}", e);
        }
    }

    #[test]
    fn no_row_of_requests_passes_the_day(orders in prop::collection::vec((any_order(), any_request()), 1..40)) {
        let signer = local(policy());
        let (mut spent, mut sold) = (0u128, 0u128);
        for (order, request) in orders {
            let fits = match order.side {
                Side::Buy => spent + u128::from(order.maker_amount) <= u128::from(60 * ONE),
                Side::Sell => sold + u128::from(order.maker_amount) <= u128::from(250 * ONE),
            };
            let signed = signer.sign_order(&order, &request).is_ok();
            prop_assert_eq!(signed, inside(&order, &request, true) && fits);
            if signed {
                match order.side {
                    Side::Buy => spent += u128::from(order.maker_amount),
                    Side::Sell => sold += u128::from(order.maker_amount),
                }
            }
        }
        prop_assert!(spent <= u128::from(60 * ONE) && sold <= u128::from(250 * ONE));
    }
}
