//! Exact money against `rust_decimal`, and against the definitions of floor, ceiling and half-even where decimals are
//! too narrow to follow.

use super::strategies::values::{micro, prob};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::{Decimal, RoundingStrategy};
use schemas::money::{MICRO, mul_div};
use schemas::{Cash, MoneyError, Price, Prob, Rounding, Size};

fn rounding() -> impl Strategy<Value = Rounding> {
    select(vec![Rounding::Floor, Rounding::Ceil, Rounding::HalfEven])
}

fn in_decimal(rounding: Rounding) -> RoundingStrategy {
    match rounding {
        Rounding::Floor => RoundingStrategy::ToNegativeInfinity,
        Rounding::Ceil => RoundingStrategy::ToPositiveInfinity,
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
    }
}

/// Whether `q` is `n / d` rounded as named. Uses no division: `d * q` and what is left over decide.
fn is_quotient(q: i64, n: i128, d: i128, rounding: Rounding) -> bool {
    let rest = n - i128::from(q) * d;
    match rounding {
        Rounding::Floor => (0..d).contains(&rest),
        Rounding::Ceil => (-d + 1..=0).contains(&rest),
        Rounding::HalfEven => 2 * rest.abs() < d || (2 * rest.abs() == d && q % 2 == 0),
    }
}

/// Whether `n / d`, rounded as named, lies outside 64 bits. The largest is odd and the smallest even, which decides ties.
fn overflows(n: i128, d: i128, rounding: Rounding) -> bool {
    let (above, below) = (n - i128::from(i64::MAX) * d, i128::from(i64::MIN) * d - n);
    match rounding {
        Rounding::Floor => above >= d || below > 0,
        Rounding::Ceil => above > 0 || below >= d,
        Rounding::HalfEven => (above > 0 && above >= d - above) || (below > 0 && below > d - below),
    }
}

fn divisor() -> impl Strategy<Value = i64> {
    prop_oneof![Just(1), Just(2), Just(MICRO), Just(i64::MAX), 1..1_000i64, 1..=i64::MAX]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn notional_agrees_with_decimals(
        price in -MICRO..200_000 * MICRO,
        size in any::<i32>(),
        unit in select(vec![1, 1_000, MICRO]),
        r in rounding(),
    ) {
        let (price, size) = (Price(price), Size(i64::from(size) * unit));
        let exact = price.to_decimal() * size.to_decimal();
        let expected = Cash::from_decimal(exact.round_dp_with_strategy(6, in_decimal(r)));
        match (price.notional(size, r), expected) {
            (Ok(got), Ok(expected)) => prop_assert_eq!(got, expected),
            (got, expected) => prop_assert_eq!(got.is_err(), expected.is_err()),
        }
    }

    #[test]
    fn mul_div_is_exact_over_the_whole_range(a in micro(), b in micro(), d in divisor(), r in rounding()) {
        let (n, wide) = (i128::from(a) * i128::from(b), i128::from(d));
        match mul_div(a, b, d, r) {
            Ok(q) => prop_assert!(is_quotient(q, n, wide, r), "{} * {} / {} gave {}", a, b, d, q),
            Err(e) => {
                prop_assert_eq!(e, MoneyError::Overflow("product"));
                prop_assert!(overflows(n, wide, r), "{} * {} / {} was refused", a, b, d);
            }
        }
        prop_assert_eq!(mul_div(a, b, d, r).is_err(), overflows(n, wide, r));
    }

    #[test]
    fn floor_and_ceiling_enclose(a in micro(), b in micro(), d in divisor()) {
        if let (Ok(low), Ok(mid), Ok(high)) =
            (mul_div(a, b, d, Rounding::Floor), mul_div(a, b, d, Rounding::HalfEven), mul_div(a, b, d, Rounding::Ceil))
        {
            prop_assert!(low <= mid && mid <= high && high - low <= 1);
        }
    }

    #[test]
    fn no_divisor_below_one(a in micro(), b in micro(), d in i64::MIN..=0, r in rounding()) {
        prop_assert_eq!(mul_div(a, b, d, r), Err(MoneyError::Overflow("division")));
    }

    #[test]
    fn sums_are_exact_or_refused(a in micro(), b in micro()) {
        let sum = i64::try_from(i128::from(a) + i128::from(b)).ok();
        let difference = i64::try_from(i128::from(a) - i128::from(b)).ok();
        prop_assert_eq!(Cash(a).plus(Cash(b)).ok().map(|c| c.0), sum);
        prop_assert_eq!(Size(a).plus(Size(b)).ok().map(|c| c.0), sum);
        prop_assert_eq!(Cash(a).minus(Cash(b)).ok().map(|c| c.0), difference);
        prop_assert_eq!(Price(a).minus(Price(b)).ok().map(|c| c.0), difference);
    }

    #[test]
    fn amounts_survive_text_and_decimals(v in micro()) {
        let exact = Decimal::new(v, 6);
        prop_assert_eq!(Cash(v).to_string().parse::<Cash>(), Ok(Cash(v)));
        prop_assert_eq!(Cash(v).to_decimal(), exact);
        prop_assert_eq!(Price::from_decimal(exact), Ok(Price(v)));
        prop_assert_eq!(Cash(v).to_string(), exact.normalize().to_string());
        prop_assert_eq!(format!("{:.2}", Cash(v)).parse::<Decimal>().unwrap(), exact.round_dp(2));
    }

    #[test]
    fn digits_beyond_the_sixth_decimal_are_refused(v in any::<i64>(), scale in 7..=18u32) {
        let d = Decimal::new(v, scale);
        let expected = if v % 10i64.pow(scale - 6) == 0 { Some(v / 10i64.pow(scale - 6)) } else { None };
        prop_assert_eq!(Cash::from_decimal(d).ok().map(|c| c.0), expected);
        prop_assert_eq!(d.to_string().parse::<Size>().ok().map(|c| c.0), expected);
    }

    #[test]
    fn decimals_too_large_are_refused(whole in any::<i128>(), scale in 0..=28u32) {
        let Ok(d) = Decimal::try_from_i128_with_scale(whole >> 32, scale) else { return Ok(()) };
        match Cash::from_decimal(d) {
            Ok(cash) => prop_assert_eq!(cash.to_decimal(), d),
            Err(MoneyError::TooFine(_)) => prop_assert!(d.normalize().scale() > 6),
            Err(_) => prop_assert!(d.abs() > Decimal::new(i64::MAX, 6)),
        }
    }

    #[test]
    fn parsing_never_panics(text in "(?s).{0,40}", digits in "[-+0-9._eE ]{0,60}") {
        for text in [&text, &digits] {
            if let Ok(cash) = text.parse::<Cash>() {
                prop_assert_eq!(cash.to_string().parse::<Cash>(), Ok(cash));
            }
            if let Ok(p) = text.parse::<Prob>() {
                prop_assert!(p <= Prob::ONE);
            }
        }
    }

    #[test]
    fn probabilities_stay_between_zero_and_one(v in micro(), p in prob(), low in any::<u32>()) {
        let inside = (0..=MICRO).contains(&v);
        prop_assert_eq!(Prob::from_ppm(v).map(|p| i64::from(p.0)), inside.then_some(v));
        prop_assert_eq!(Price(v).to_string().parse::<Prob>().is_ok(), inside);
        prop_assert_eq!(p.to_string().parse::<Prob>(), Ok(p));
        prop_assert_eq!(p.complement().complement(), p);
        prop_assert_eq!(p.as_price().complement(), p.complement().as_price());
        let clamped = p.clamped(low);
        let low = low.min(Prob::HALF.0);
        prop_assert!(clamped.0 >= low && clamped.complement().0 >= low);
    }

    #[test]
    fn shares_bought_are_never_more_than_the_cash(cash in 0..i64::MAX / MICRO, price in 1..=MICRO) {
        let shares = Cash(cash).shares_at(Price(price)).unwrap();
        let paid = Price(price).notional(shares, Rounding::Ceil).unwrap();
        prop_assert!(paid <= Cash(cash));
        let one_more = Price(price).to_decimal() * Size(shares.0 + 1).to_decimal();
        prop_assert!(one_more > Cash(cash).to_decimal(), "{} more would have been affordable", Size(1));
    }

    #[test]
    fn grids_enclose(price in -10 * MICRO..1_000_000 * MICRO, tick in 1..=MICRO) {
        let (p, tick) = (Price(price), Price(tick));
        let (down, up) = (p.floor_to(tick), p.ceil_to(tick));
        prop_assert!(down <= p && p <= up && up.0 - down.0 <= tick.0);
        prop_assert_eq!((down.0.rem_euclid(tick.0), up.0.rem_euclid(tick.0)), (0, 0));
        prop_assert_eq!(down == p, up == p);
        prop_assert_eq!(Size(price).floor_to(Size(tick.0)).0, down.0);
        prop_assert_eq!(p.on_grid(tick), price % tick.0 == 0 && tick.0 <= price && price <= MICRO - tick.0);
    }

    #[test]
    fn grids_do_not_panic_at_the_edges(price in micro(), tick in micro()) {
        let (p, tick) = (Price(price), Price(tick));
        let (_, _, _) = (p.floor_to(tick), p.ceil_to(tick), p.on_grid(tick));
        let _ = Size(price).floor_to(Size(tick.0));
    }

    #[test]
    fn less_never_goes_below_zero(a in micro(), b in micro()) {
        let expected = (i128::from(a) - i128::from(b)).clamp(0, i128::from(i64::MAX));
        prop_assert_eq!(i128::from(Size(a).less(Size(b)).0), expected);
    }
}
