//! The price that a market order needs.

use crate::OrderType;
use schemas::{MoneyError, Price, Size, money::MICRO};

/// How much a market order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Dollars, of a purchase.
    Dollars(schemas::Cash),
    /// Shares, of a sale.
    Shares(Size),
}

/// Walks the other side of the book from its best level until the target is reached; that level's price is the order's.
/// If there is not enough, FOK has no price and the others take the worst level.
///
/// `levels` come best first; the venue's REST answers have the best last.
pub fn market_price(
    levels: impl IntoIterator<Item = (Price, Size)>,
    target: Target,
    order_type: OrderType,
) -> Result<Option<Price>, MoneyError> {
    let (mut sum, mut worst) = (0i128, None);
    let goal = match target {
        Target::Dollars(dollars) => i128::from(dollars.0) * i128::from(MICRO),
        Target::Shares(shares) => i128::from(shares.0),
    };
    for (price, size) in levels {
        let here = match target {
            Target::Dollars(_) => i128::from(price.0) * i128::from(size.0),
            Target::Shares(_) => i128::from(size.0),
        };
        sum = sum.checked_add(here).ok_or(MoneyError::Overflow("depth"))?;
        worst = Some(price);
        if sum >= goal {
            return Ok(worst);
        }
    }
    Ok(worst.filter(|_| order_type != OrderType::Fok))
}
