//! What the venue says about our account.

use super::super::variants::MOVE_KINDS;
use schemas::event::AccountEvent;
use schemas::{Cash, Event, Size, TokenId};

/// Five kinds.
pub fn samples() -> Vec<Event> {
    let mut events = vec![
        AccountEvent::BalanceObserved { cash: Cash(1_000_000_000) },
        AccountEvent::AllowanceObserved {
            spender: "0x1111111111111111111111111111111111111111".to_owned(),
            amount: Cash(i64::MAX),
        },
        AccountEvent::PositionObserved { token: TokenId(4), size: Size(12_500_000) },
        AccountEvent::ReconcileMismatch { what: "cash".to_owned(), expected: -1, observed: 995_137_500 },
    ];
    events.extend(MOVE_KINDS.iter().map(|kind| AccountEvent::CashMoved {
        amount: Cash(-12_500_000),
        kind: *kind,
        who: "ada@desk-3".to_owned(),
        note: "to the cold wallet".to_owned(),
    }));
    events.into_iter().map(Event::Account).collect()
}
