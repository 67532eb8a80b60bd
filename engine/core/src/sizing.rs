//! How much: a fraction of the Kelly stake on the cost with fees, within the caps of one order.

use crate::config::Config;
use crate::exits::LOT;
use schemas::event::Proposal;
use schemas::money::{MICRO, mul_div};
use schemas::{Cash, MoneyError, Outcome, Price, Prob, Rounding, Size, TokenId};

/// The full Kelly stake on a binary contract, as a part of equity in millionths: `(p - c) / (1 - c)` for a chance `p` and a
/// cost `c` with fees. 0 without an edge. Source: Kelly 1956 for a bet that pays 1 at price c.
pub fn kelly_ppm(chance: Prob, cost: Price) -> u32 {
    let (p, c) = (i64::from(chance.0), cost.0);
    if c <= 0 || c >= MICRO || p <= c {
        return 0;
    }
    mul_div(p - c, MICRO, MICRO - c, Rounding::Floor).map_or(0, |f| u32::try_from(f).unwrap_or(0))
}

/// The chance of a token, from the chance of YES.
pub(crate) fn chance_of(token: TokenId, yes: Prob) -> Prob {
    match token.outcome() {
        Outcome::Yes => yes,
        Outcome::No => yes.complement(),
    }
}

/// The size of an entry on the venue's grid, and the full Kelly fraction behind it.
pub fn entry_size(equity: Cash, proposal: &Proposal, config: &Config) -> Result<(Size, u32), MoneyError> {
    let chance = chance_of(proposal.action.token, proposal.blended);
    let full = kelly_ppm(chance, proposal.cost);
    let stake = Cash(equity.0.max(0))
        .part(i64::from(full), MICRO, Rounding::Floor)?
        .part(i64::from(config.risk.kelly_fraction.0), MICRO, Rounding::Floor)?
        .min(config.risk.max_single_trade_usdc);
    Ok((stake.shares_at(proposal.cost)?.floor_to(LOT), full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kelly_by_hand() {
        // p = 0.6, c = 0.5: (0.6 - 0.5) / 0.5 = 0.2.
        assert_eq!(kelly_ppm(Prob(600_000), Price(500_000)), 200_000);
        // The fee counts as cost: c = 0.52 gives 0.08 / 0.48.
        assert_eq!(kelly_ppm(Prob(600_000), Price(520_000)), 166_666);
        assert_eq!(kelly_ppm(Prob(500_000), Price(500_000)), 0);
        assert_eq!(kelly_ppm(Prob(400_000), Price(500_000)), 0);
        assert_eq!(kelly_ppm(Prob(999_000), Price(1_000_000)), 0);
    }
}
