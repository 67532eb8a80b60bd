//! The taker fee against the venue's formula in decimals: `shares x rate x (p (1 - p))^exponent`, rounded up to the
//! fifth decimal of a dollar.

use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};
use schemas::Cash;
use schemas::event::FeeSchedule;
use schemas::money::MICRO;
use schemas::{MoneyError, Price, Size};

/// The step of the venue's fees.
const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 5);
/// More than what 28 digits lose in the formula.
const HAIR: Decimal = Decimal::from_parts(1, 0, 0, false, 15);
/// What keeping twelve decimals can add over a large order.
const SLACK: Decimal = Decimal::from_parts(1, 0, 0, false, 7);

/// The formula: exact for exponents 0 and 1, within a hair above.
fn formula(fee: &FeeSchedule, price: Price, size: Size) -> Decimal {
    let p = price.to_decimal();
    let mut amount = rate(fee) * size.to_decimal();
    for _ in 0..fee.exponent {
        amount *= p * (Decimal::ONE - p);
    }
    amount
}

fn rate(fee: &FeeSchedule) -> Decimal {
    Decimal::new(i64::from(fee.rate_ppm), 6)
}

fn rounded_up(d: Decimal) -> Decimal {
    d.round_dp_with_strategy(5, RoundingStrategy::ToPositiveInfinity)
}

fn schedule(rate_ppm: u32, exponent: u8) -> FeeSchedule {
    FeeSchedule { rate_ppm, exponent, taker_only: true }
}

fn charged(fee: &FeeSchedule, price: i64, size: i64) -> Decimal {
    fee.taker_fee(Price(price), Size(size)).unwrap().to_decimal()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// With prices in whole cents and rates in whole percents nothing is rounded on the way.
    #[test]
    fn on_the_cent_grid_the_fee_is_the_formula(percent in 0..=10u32, cents in 0..=100i64, size in 0..100_000 * MICRO) {
        let fee = schedule(percent * 10_000, 1);
        let exact = formula(&fee, Price(cents * 10_000), Size(size));
        prop_assert_eq!(charged(&fee, cents * 10_000, size), rounded_up(exact));
    }

    /// What the formula says, or up to one step above it, for any price: never too little, paper does not flatter. For
    /// exponents above 1, `p (1 - p)` is kept to twelve decimals, which over 100,000 shares is less than `SLACK`.
    #[test]
    fn the_fee_is_the_formula_rounded_up_to_a_step(
        rate_ppm in 0..=100_000u32,
        exponent in 0..=4u8,
        price in 0..=MICRO,
        size in 0..100_000 * MICRO,
    ) {
        let fee = schedule(rate_ppm, exponent);
        let exact = formula(&fee, Price(price), Size(size));
        let got = charged(&fee, price, size);
        prop_assert!(got >= exact - HAIR && got - exact <= STEP + SLACK, "{} for {}", got, exact);
        prop_assert!((got / STEP).fract().is_zero(), "{} is no multiple of the step", got);
    }

    #[test]
    fn a_fee_never_panics_and_never_pays_us(
        rate in any::<u32>(),
        exponent in any::<u8>(),
        price in any::<i64>(),
        size in any::<i64>(),
    ) {
        match schedule(rate, exponent).taker_fee(Price(price), Size(size)) {
            Ok(fee) => prop_assert!(fee >= Cash::ZERO),
            Err(e) => prop_assert!(matches!(e, MoneyError::Overflow(_))),
        }
    }

    #[test]
    fn both_outcomes_of_a_market_cost_the_same_fee(rate in 0..=100_000u32, price in 0..=MICRO, size in 0..100_000 * MICRO) {
        let fee = schedule(rate, 1);
        prop_assert_eq!(charged(&fee, price, size), charged(&fee, MICRO - price, size));
    }
}

#[test]
fn what_a_fee_comes_to() {
    let fee = schedule(30_000, 1);
    // 100 x 0.03 x 0.39 x 0.61 = 0.7137
    assert_eq!(charged(&fee, 390_000, 100 * MICRO).to_string(), "0.7137");
    // 1 x 0.03 x 0.5 x 0.5 = 0.0075; a hundredth of it is still charged in whole steps: 0.000075 -> 0.00008
    assert_eq!(charged(&fee, 500_000, MICRO).to_string(), "0.0075");
    assert_eq!(charged(&fee, 500_000, MICRO / 100).to_string(), "0.00008");
    assert_eq!(fee.taker_fee(Price(0), Size(MICRO)), Ok(Cash::ZERO));
    assert_eq!(fee.taker_fee(Price(MICRO), Size(MICRO)), Ok(Cash::ZERO));
    assert_eq!(FeeSchedule::default().taker_fee(Price(500_000), Size(i64::MAX)), Ok(Cash::ZERO));
}
