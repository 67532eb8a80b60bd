//! Cash that a person says moved without a trade.

use super::step::{Engine, EngineError};
use projections::State;
use schemas::event::{AccountEvent, KillLevel, KillSource, Mode, MoveKind};
use schemas::{Cash, Event, UtcNanos};
use serde::{Deserialize, Serialize};

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMove {
    /// Who.
    pub who: String,
    /// How much; less than nothing if it went out.
    pub amount: Cash,
    /// Why.
    pub kind: MoveKind,
    /// Anything more.
    pub note: String,
}

/// What the books say behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What is at stake.
    pub mode: Option<Mode>,
    /// Cash.
    pub cash: Cash,
    /// What open orders may still take of it.
    pub reserved: Cash,
    /// Where the kill switch stands.
    pub kill: KillLevel,
    /// Who threw it.
    pub kill_source: Option<KillSource>,
}

/// The books cannot take it. Nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveRefused {
    /// An amount of nothing.
    #[error("an amount of 0 moves nothing")]
    Nothing,
    /// A deposit goes out, or a withdrawal comes in.
    #[error("{amount:+} is no {}: deposits and rewards come in (+), withdrawals go out (-)", console::words::word(.kind))]
    WrongWay {
        /// How much.
        amount: Cash,
        /// What it is called.
        kind: MoveKind,
    },
    /// No balance was seen so far; the first one will have what moved.
    #[error("the account is not open yet: the first balance that the venue shows has everything that moved before")]
    NotOpen,
    /// More than there is.
    #[error("the books have {cash} of cash, less than {amount}")]
    TooMuch {
        /// What there is.
        cash: Cash,
        /// What would go out.
        amount: Cash,
    },
    /// No account has so much.
    #[error("{0} does not fit the books")]
    Absurd(Cash),
}

impl CashMove {
    /// Whether it makes sense by itself.
    pub(crate) fn check(&self) -> Result<(), MoveRefused> {
        let (amount, kind) = (self.amount, self.kind);
        let fits = match kind {
            MoveKind::Deposit | MoveKind::Reward => amount > Cash::ZERO,
            MoveKind::Withdrawal => amount < Cash::ZERO,
            MoveKind::Other => true,
        };
        match (amount, fits) {
            (Cash::ZERO, _) => Err(MoveRefused::Nothing),
            (_, true) => Ok(()),
            (_, false) => Err(MoveRefused::WrongWay { amount, kind }),
        }
    }

    /// Whether the books can take it: the fold would count anything else as an event without sense.
    fn check_against(&self, state: &State) -> Result<(), MoveRefused> {
        self.check()?;
        let books = &state.positions;
        let opened = books.opened_with.ok_or(MoveRefused::NotOpen)?;
        let absurd = |_| MoveRefused::Absurd(self.amount);
        let cash = books.cash.plus(self.amount).map_err(absurd)?;
        books.moved.plus(self.amount).and_then(|moved| opened.plus(moved)).map_err(absurd)?;
        if self.amount < Cash::ZERO && cash < Cash::ZERO {
            return Err(MoveRefused::TooMuch { cash: books.cash, amount: Cash(self.amount.0.saturating_neg()) });
        }
        Ok(())
    }
}

/// Records it durably, if the books can take it.
pub(crate) fn move_cash(
    engine: &mut Engine,
    said: CashMove,
    now: UtcNanos,
) -> Result<Result<Moved, MoveRefused>, EngineError> {
    if let Err(refused) = said.check_against(engine.state()) {
        return Ok(Err(refused));
    }
    let CashMove { who, amount, kind, note } = said;
    engine.tell(Event::Account(AccountEvent::CashMoved { amount, kind, who, note }), now)?;
    engine.commit()?;
    let state = engine.state();
    Ok(Ok(Moved {
        mode: state.run.mode(),
        cash: state.positions.cash,
        reserved: state.orders.reserved(),
        kill: state.kill.level,
        kill_source: state.kill.source,
    }))
}
