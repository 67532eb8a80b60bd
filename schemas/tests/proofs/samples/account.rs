//! What the venue says about our account.

use schemas::event::AccountEvent;
use schemas::{Cash, Event, Size, TokenId};

/// Four kinds.
pub fn samples() -> Vec<Event> {
    let events = [
        AccountEvent::BalanceObserved { cash: Cash(1_000_000_000) },
        AccountEvent::AllowanceObserved {
            spender: "0x1111111111111111111111111111111111111111".to_owned(),
            amount: Cash(i64::MAX),
        },
        AccountEvent::PositionObserved { token: TokenId(4), size: Size(12_500_000) },
        AccountEvent::ReconcileMismatch { what: "cash".to_owned(), expected: -1, observed: 995_137_500 },
    ];
    events.into_iter().map(Event::Account).collect()
}
