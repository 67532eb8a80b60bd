//! What an event says, in one line for people. Text from outside is made harmless here, once for all kinds.

mod agent;
mod market;
mod order;
mod system;

use crate::index::Index;
use console::output::plain;
use console::words::word;
use schemas::event::{AccountEvent, Action, ModelEvent, OrderPlan};
use schemas::{Cash, Event, TokenId};

pub use agent::{evidence, limit_check};

/// One event in one line.
pub fn event(event: &Event, index: &Index) -> String {
    plain(&match event {
        Event::Market(e) => market::describe(e),
        Event::Model(e) => model(e),
        Event::Agent(e) => agent::describe(e),
        Event::Order(e) => order::describe(e, index),
        Event::Account(e) => account(e),
        Event::System(e) => system::describe(e),
    })
}

fn model(event: &ModelEvent) -> String {
    match event {
        ModelEvent::Requested(r) => {
            let (call, role, model) = (r.call, &r.role, &r.model);
            let (attempt, bytes, reserve) = (r.attempt, r.body.len(), r.reserve);
            format!("call {call}: {role} asks {model}, attempt {attempt}, {bytes} bytes, ${reserve} reserved")
        }
        ModelEvent::Replied(r) => {
            let (call, status, bytes, tokens) = (r.call, r.status, r.body.len(), r.usage);
            let (read, wrote) = (tokens.input + tokens.cache_read + tokens.cache_write, tokens.output);
            format!("call {call}: {} answers {status}, {bytes} bytes, {read} tokens in, {wrote} out", r.served_model)
        }
        ModelEvent::Failed(f) => {
            let billed = if f.maybe_billed { ", may be billed" } else { "" };
            format!("call {}: no reply, {}{billed}", f.call, f.reason)
        }
        ModelEvent::Rejected { call, reasons } => format!("call {call}: reply refused, {}", reasons.join("; ")),
        ModelEvent::BreakerChanged { model, state } => format!("breaker of {model} is {}", word(state)),
        ModelEvent::BudgetAlert { period, spent, budget } => {
            format!("${spent} of the {} budget of ${budget} is spent", word(period))
        }
    }
}

fn account(event: &AccountEvent) -> String {
    match event {
        AccountEvent::BalanceObserved { cash } => format!("the venue reports ${cash} of cash"),
        AccountEvent::AllowanceObserved { spender, amount } => format!("{spender} may move ${amount}"),
        AccountEvent::PositionObserved { token, size } => format!("the venue reports {size} of {}", of_token(*token)),
        AccountEvent::ReconcileMismatch { what, expected, observed } => {
            format!("{what}: the books say {expected}, the venue {observed}")
        }
        AccountEvent::CashMoved { amount, kind, who, note } => {
            let (way, sum) =
                if *amount < Cash::ZERO { ("went out", amount.0.saturating_neg()) } else { ("came in", amount.0) };
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            format!("${} {way} without a trade ({}), says {who}{note}", Cash(sum), word(kind))
        }
    }
}

/// A token in words.
fn of_token(token: TokenId) -> String {
    format!("{} of market {}", token.outcome(), token.market())
}

/// What an action does, and to which outcome.
pub fn action(action: Action) -> String {
    format!("{} {}", action.side, action.token.outcome())
}

/// A plan in words.
pub fn plan(plan: &OrderPlan) -> String {
    let purpose = word(&plan.purpose);
    let mut text = format!(
        "{} {} {} at {} ({purpose}, {}, {})",
        plan.action.side,
        plan.size,
        plan.action.token.outcome(),
        plan.price,
        word(&plan.style),
        word(&plan.tif)
    );
    if plan.post_only {
        text.push_str(", post-only");
    }
    if plan.expires.0 > 0 {
        text.push_str(&format!(", until {}", plan.expires));
    }
    if plan.target.0 > 0 || plan.stop.0 > 0 {
        text.push_str(&format!(", target {}, stop {}", plan.target, plan.stop));
    }
    text
}
