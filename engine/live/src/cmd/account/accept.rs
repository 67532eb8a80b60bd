//! The difference that the venue last showed, as something a person says.

use super::AcceptArgs;
use crate::engine::CashMove;
use crate::exit::{Code, Failure};
use eventlog::{LogReader, Selection};
use schemas::event::{AccountEvent, MoveKind};
use schemas::{Cash, Event, EventKind, UtcNanos};
use std::path::Path;

/// What the books and the venue said when they were last found to differ.
struct Difference {
    time: UtcNanos,
    expected: Cash,
    observed: Cash,
    /// What was recorded since.
    moved: Cash,
}

/// Finds it in the log. What was recorded since is no part of it any more.
fn last(log: &Path) -> Result<Option<Difference>, Failure> {
    let kinds = vec![EventKind::ReconcileMismatch, EventKind::CashMoved];
    let mut stream = LogReader::open(log)?.select(&Selection { kinds, ..Selection::default() })?;
    let (mut found, mut events) = (None::<Difference>, Vec::new());
    while stream.next_frame(&mut events)? {
        for envelope in &events {
            let Event::Account(event) = &envelope.event else { continue };
            if let Some((expected, observed)) = event.cash_mismatch() {
                found = Some(Difference { time: envelope.time, expected, observed, moved: Cash::ZERO });
            } else if let (Some(found), AccountEvent::CashMoved { amount, .. }) = (&mut found, event) {
                found.moved = found.moved.plus(*amount).map_err(|e| Failure::new(Code::Integrity, e.to_string()))?;
            }
        }
    }
    Ok(found)
}

/// Shows it and has it typed.
pub(super) fn ask(log: &Path, args: &AcceptArgs) -> Result<CashMove, Failure> {
    let found = last(log)?.ok_or_else(|| {
        Failure::new(Code::Usage, format!("no cash of the venue's ever differed from that of {}", log.display()))
            .next("`arena account move` records what the venue has not been asked about yet")
    })?;
    let Difference { time, expected, observed, moved } = found;
    let amount = observed.minus(expected).and_then(|all| all.minus(moved));
    let amount = amount.map_err(|e| Failure::new(Code::Integrity, e.to_string()))?;
    eprintln!("at {time} the books had {expected} of cash, the venue {observed}: {:+}", Cash(observed.0 - expected.0));
    if moved != Cash::ZERO {
        eprintln!("recorded since: {moved:+}");
    }
    if amount == Cash::ZERO {
        return Err(Failure::new(Code::Usage, "that difference is recorded already; nothing is left of it")
            .next("the next comparison shows whether anything else differs; `arena kill off` releases the switch"));
    }
    let kind = match args.kind {
        Some(kind) => kind.into(),
        None if amount < Cash::ZERO => MoveKind::Withdrawal,
        None => MoveKind::Deposit,
    };
    if !args.yes {
        let word = console::words::word(&kind);
        let what = format!("record {amount:+} as cash that moved without a trade ({word})");
        if !crate::cmd::wallet::typed(&format!("{amount:+}"), &what)? {
            return Err(Failure::new(Code::Usage, "that is not what was asked for; nothing was recorded"));
        }
    }
    Ok(CashMove { who: crate::cmd::who(), amount, kind, note: args.note.clone() })
}
