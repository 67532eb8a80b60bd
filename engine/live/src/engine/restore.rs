//! From a log to a state that can go on: the newest usable snapshot, and the events behind it.

use engine_core::{Chain, Core, Mismatch};
use eventlog::{LogError, LogReader};
use exchange::{Divergence, Exchange};
use projections::State;
use schemas::Seq;
use schemas::event::Mode;
use schemas::frame::Check;
use std::path::Path;

/// What a log adds up to.
pub struct Restored {
    /// State and configuration.
    pub core: Core,
    /// Decisions that are owed.
    pub chain: Chain,
    /// The simulated exchange.
    pub exchange: Exchange,
}

/// A log cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// This build decides otherwise than the build that wrote it.
    #[error("{0}; this build does not decide as the one that wrote the log: see `replay check`")]
    Mismatch(#[from] Mismatch),
    /// This build's exchange answers otherwise.
    #[error("{0}; this build's simulated exchange is not the one that wrote the log: see `replay check`")]
    Exchange(#[from] Divergence),
}

/// Folds a log. Every recorded decision and every report of the simulated exchange is held against what this build makes
/// of the same events, so a run never goes on from a state it would not have reached itself.
pub fn restore(dir: &Path) -> Result<Restored, RestoreError> {
    let reader = LogReader::open(dir)?;
    let (mut core, mut exchange) = from_snapshot(&reader)?.unwrap_or_default();
    let mut chain = Chain::default();
    let mut drafts = Vec::new();
    let mut events = Vec::new();
    let from = Seq::new(core.state().seq + 1).unwrap_or(Seq::FIRST);
    let mut stream = reader.events(from, Check::Full)?;
    while stream.next_frame(&mut events)? {
        for envelope in &events {
            chain.check(envelope)?;
            core.apply(envelope);
            core.decide(envelope, &mut drafts);
            chain.owe(&mut drafts);
            if core.state().run.mode() != Some(Mode::Live) {
                exchange.apply(envelope, core.state().into())?;
            }
        }
    }
    Ok(Restored { core, chain, exchange })
}

/// The newest snapshot, if it can be used. One that cannot is only a lost shortcut.
fn from_snapshot(reader: &LogReader) -> Result<Option<(Core, Exchange)>, LogError> {
    let Some(snapshot) = reader.latest_snapshot(None)?.newest else { return Ok(None) };
    let state = snapshot.section("state").and_then(|bytes| State::from_snapshot(bytes).ok());
    let exchange = snapshot.section("exchange").and_then(|bytes| {
        let decoded: Result<(Option<Exchange>, usize), _> =
            bincode::serde::decode_from_slice(bytes, bincode::config::standard());
        decoded.ok().and_then(|(e, _)| e)
    });
    Ok(match (state, exchange) {
        (Some(state), Some(exchange)) if state.seq == snapshot.head.seq => Some((Core::from_state(state), exchange)),
        _ => None,
    })
}
