//! The price grid of a market whose recording does not say it.
//!
//! A grid found by looking through the whole recording would tell a backtest something nobody knew at the time. So a
//! market starts on the common cent, or on what its table states, and is refined when the first finer price is seen:
//! just before that row, as the venue's own `tick_size_change` would come.

use schemas::Price;

/// The cent.
pub(super) const CENT: Price = Price(10_000);

/// The grid a market must be on for `price` to be possible: the current one, or the coarsest of the finer ones that
/// fits. `None` if the price fits none of them.
pub(super) fn refined(current: Price, finer: &[Price], price: Price) -> Option<Price> {
    let fits = |tick: Price| tick.is_positive() && price.0 % tick.0 == 0;
    if fits(current) {
        return Some(current);
    }
    finer.iter().copied().find(|tick| *tick < current && fits(*tick))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_only_becomes_finer() {
        let finer = [Price(5_000), Price(1_000), Price(100)];
        assert_eq!(refined(CENT, &finer, Price(310_000)), Some(CENT));
        assert_eq!(refined(CENT, &finer, Price(315_000)), Some(Price(5_000)));
        assert_eq!(refined(Price(1_000), &finer, Price(315_000)), Some(Price(1_000)));
        assert_eq!(refined(CENT, &finer, Price(311_150)), None);
    }
}
