//! The log that trades with the wallet: its books have to hear of what a person takes out.

use crate::cmd::account::{command_of, record};
use crate::cmd::{Global, query, who};
use crate::config::RunMode;
use crate::engine::{CashMove, Request, ask};
use console::output::plain;
use console::words::word;
use polymarket::Address;
use schemas::event::MoveKind;
use schemas::{Bytes32, Cash};
use std::path::PathBuf;

/// The log of live trading, while money goes out of its wallet.
pub(super) struct Books {
    log: PathBuf,
    running: bool,
    open_orders: usize,
    reserved: Cash,
}

impl Books {
    /// Of the configured live log, if there is one and it trades with this wallet. A log that cannot be read stops no
    /// withdrawal: it may be the reason for it.
    pub fn of(global: &Global, owner: Address) -> Option<Self> {
        let live = global.load().ok().filter(|loaded| loaded.config.mode == RunMode::Live)?;
        let log = global.data_dir(&live).ok()?.join(RunMode::Live.log_name());
        if !eventlog::exists(&log) {
            return None;
        }
        let running = ask(&log, &Request::View).is_ok();
        match query::fold(&log) {
            Ok(state) => {
                let ours = state.run.started.as_ref().is_some_and(|run| run.wallet == owner.to_string());
                let (open_orders, reserved) = (state.orders.open().count(), state.orders.reserved());
                ours.then_some(Self { log, running, open_orders, reserved })
            }
            Err(e) => {
                eprintln!("WARNING: {} cannot be read: {}", log.display(), plain(&e.what));
                Some(Self { log, running, open_orders: 0, reserved: Cash::ZERO })
            }
        }
    }

    /// What a person should know before money goes.
    pub fn warn(&self) {
        let log = self.log.display();
        if self.running {
            eprintln!("WARNING: an engine trades with this wallet (log {log}); `arena kill on` stops it");
        }
        if self.open_orders > 0 {
            let (orders, reserved) = (self.open_orders, self.reserved);
            eprintln!(
                "WARNING: {orders} open orders may take {reserved} of the cash: the venue cancels what is not covered"
            );
        }
    }

    /// Tells the books that money has gone, or a person how to do it.
    pub fn record(&self, global: &Global, amount: u64, to: &Address, transaction: &Bytes32) {
        let amount = Cash(i64::try_from(amount).map_or(i64::MIN, |n| -n));
        let (kind, note) = (MoveKind::Withdrawal, format!("to {to} by 0x{transaction}"));
        let said = CashMove { who: who(), amount, kind, note };
        match record(global, &self.log, &said) {
            Ok(moved) if !global.quiet => {
                eprintln!("recorded in {}: {:+}, {} of cash is left", self.log.display(), said.amount, moved.cash);
            }
            Ok(_) => {}
            Err(e) => {
                let command = command_of(&self.log, said.amount, &word(&said.kind), &said.note);
                eprintln!("WARNING: the money has gone, and {} does not know it: {e}", self.log.display());
                eprintln!("  record it, or trading halts at the next comparison: {command}");
            }
        }
    }
}
