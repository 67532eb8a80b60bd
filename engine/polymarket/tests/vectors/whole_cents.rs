//! Purchases that take, as they are planned: the venue wants whole cents, so the shares are those that whole cents buy.

use polymarket::OrderType;
use polymarket::amounts::{AmountError, CENT, LOT, Tick, exact, limit, taking};
use schemas::money::MICRO;
use schemas::{Price, Rounding, Side, Size};

#[test]
fn what_takes_is_named_in_shares_that_make_the_same_order_again() {
    for (tick, step) in [(100_000, 1), (10_000, 1), (5_000, 1), (2_500, 3), (1_000, 7), (100, 83)] {
        let grid = Tick::new(Price(tick)).unwrap();
        for n in (1..MICRO / tick).step_by(step) {
            let price = Price(n * tick);
            for size in [1, 99, 2_562, 4_566, 12_345, 1_000_000, 99_999_999].map(|lots| Size(lots * LOT.0)) {
                let Ok(named) = taking(grid, price, size) else {
                    // Less than a cent.
                    assert!(price.notional(size, Rounding::Floor).unwrap() < CENT, "{price} {size}");
                    continue;
                };
                assert!(named <= size, "{price} {size}");
                // Less is left out than a cent buys, and the part of a share that is cut.
                let left_out = price.notional(Size(size.0 - named.0), Rounding::Ceil).unwrap();
                assert!(left_out.0 <= CENT.0 + 1_000, "{price} {size}: {left_out}");
                let amounts = exact(grid, Side::Buy, price, named, OrderType::Fak).unwrap();
                assert_eq!(amounts, limit(grid, Side::Buy, price, size, OrderType::Fak).unwrap());
                assert_eq!(amounts.maker % 10_000, 0, "whole cents");
            }
        }
    }
}

#[test]
fn a_size_that_the_venue_would_cut_is_refused() {
    let grid = Tick::new(Price(10_000)).unwrap();
    let price = Price(540_000);
    let named = taking(grid, price, Size(45_660_000)).unwrap();
    assert_eq!(named, Size(45_648_100));
    for wrong in [Size(45_660_000), Size(named.0 - 100), Size(named.0 + 100)] {
        assert_eq!(exact(grid, Side::Buy, price, wrong, OrderType::Fok), Err(AmountError::Inexact(wrong)));
    }
    // What rests, and what is sold, is in hundredths.
    assert!(exact(grid, Side::Buy, price, Size(45_660_000), OrderType::Gtc).is_ok());
    assert!(exact(grid, Side::Sell, price, named, OrderType::Fak).is_err());
    assert!(exact(grid, Side::Sell, price, Size(45_640_000), OrderType::Fak).is_ok());
}
