//! What the venue takes at the moment: windows in which the matching engine restarts, or only some requests are taken.

use crate::answer::Response;
use crate::base::seconds;
use crate::faults::Faults;
use schemas::UtcNanos;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything.
    #[default]
    Normal,
    /// Nothing: 425 until the matching engine is back.
    Restarting,
    /// Post-only orders and cancels.
    PostOnly,
    /// Cancels.
    CancelOnly,
    /// Nothing: 503.
    Disabled,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Order { post_only: bool },
    Cancel,
}

/// A window that comes round: whether `at` lies in it, and for how many seconds still.
fn within(at: i64, every: u64, from: u64, length: u64) -> Option<i64> {
    let every = i64::try_from(every).ok().filter(|e| *e > 0)?;
    let (from, length) = (i64::try_from(from).ok()?, i64::try_from(length).ok()?);
    // The first comes after one full interval, not at once.
    let since = (at >= every).then(|| at.rem_euclid(every))?.checked_sub(from)?;
    (since >= 0 && since < length).then(|| length - since)
}

/// The mode that the faults' windows say, and how many seconds it lasts.
pub(crate) fn window(faults: &Faults, began: UtcNanos, now: UtcNanos) -> (Mode, i64) {
    let at = seconds(now) - seconds(began);
    let f = faults;
    if let Some(left) = within(at, f.disabled_every_s, 0, f.disabled_for_s) {
        return (Mode::Disabled, left);
    }
    if let Some(left) = within(at, f.restart_every_s, 0, f.restart_for_s) {
        return (Mode::Restarting, left);
    }
    if let Some(left) = within(at, f.restart_every_s, f.restart_for_s, f.post_only_for_s) {
        return (Mode::PostOnly, left);
    }
    if let Some(left) = within(at, f.cancel_only_every_s, 0, f.cancel_only_for_s) {
        return (Mode::CancelOnly, left);
    }
    (Mode::Normal, 0)
}

/// The refusal of what is not taken in this mode.
pub(crate) fn refusal(mode: Mode, left_s: i64, asked: Asked) -> Option<Response> {
    let is_order = matches!(asked, Asked::Order { .. });
    match mode {
        Mode::Restarting => Some(Response::error(425, "the matching engine is restarting").with("Retry-After", 1)),
        Mode::Disabled => Some(Response::error(503, "Trading is currently disabled. Check polymarket.com for updates")),
        Mode::CancelOnly if is_order => Some(Response::error(
            503,
            "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
        )),
        Mode::PostOnly if asked == (Asked::Order { post_only: false }) => {
            let body = json!({
                "error": "post-only mode: only post-only orders and cancels are allowed",
                "code": "post_only_mode",
                "retry_after_seconds": left_s.max(1),
            });
            let response = Response { status: 503, headers: Vec::new(), body: body.to_string() };
            Some(response.with("Retry-After", left_s.max(1)))
        }
        Mode::Normal | Mode::PostOnly | Mode::CancelOnly => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_come_round() {
        let faults = Faults { restart_every_s: 1_000, cancel_only_every_s: 700, ..Faults::default() };
        let began = UtcNanos::from_secs(50).unwrap();
        let mode = |s| window(&faults, began, began.plus_secs(s));
        assert_eq!(mode(0), (Mode::Normal, 0));
        assert_eq!(mode(700), (Mode::CancelOnly, 60));
        assert_eq!(mode(1_000), (Mode::Restarting, 90));
        assert_eq!(mode(1_089), (Mode::Restarting, 1));
        assert_eq!(mode(1_100), (Mode::PostOnly, 110));
        assert_eq!(mode(1_210), (Mode::Normal, 0));
    }

    #[test]
    fn what_is_refused_in_each() {
        let (any, post) = (Asked::Order { post_only: false }, Asked::Order { post_only: true });
        let status = |mode, asked| refusal(mode, 79, asked).map(|r| r.status);
        assert_eq!([any, post, Asked::Cancel].map(|a| status(Mode::Normal, a)), [None; 3]);
        assert_eq!([any, post, Asked::Cancel].map(|a| status(Mode::PostOnly, a)), [Some(503), None, None]);
        assert_eq!([any, post, Asked::Cancel].map(|a| status(Mode::CancelOnly, a)), [Some(503), Some(503), None]);
        assert_eq!([any, post, Asked::Cancel].map(|a| status(Mode::Restarting, a)), [Some(425); 3]);
        assert!(refusal(Mode::PostOnly, 79, any).unwrap().body.contains("\"retry_after_seconds\":79"));
    }
}
