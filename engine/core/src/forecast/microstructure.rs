//! Where the book leans, the price tends to go: the size-weighted price at the touch, the depth of the next levels, and
//! the flow of trades. Short-lived, so it only ever shifts a little.

use super::{Opinion, View, evidence};
use schemas::event::Confidence;
use schemas::{Prob, Side};

/// Levels a side that count as depth.
const LEVELS: usize = 5;
/// Logits of shift for a book that stands on one side only.
const DEPTH_GAIN: f64 = 0.12;
/// Logits of shift when all recent trades went one way.
const FLOW_GAIN: f64 = 0.12;

pub(super) fn opinion(view: &View<'_>, price: Prob) -> Option<Opinion> {
    let book = view.book?;
    let depth = |side| -> i128 { book.levels(side).take(LEVELS).map(|l| i128::from(l.size.0)).sum() };
    let (bids, asks) = (depth(Side::Buy), depth(Side::Sell));
    if bids <= 0 || asks <= 0 || view.quote.bid_size.0 <= 0 || view.quote.ask_size.0 <= 0 {
        return None;
    }
    let lean = (bids - asks) as f64 / (bids + asks) as f64;
    let (at_bid, at_ask) = (view.quote.bid_size.0 as f64, view.quote.ask_size.0 as f64);
    let touch = (at_bid - at_ask) / (at_bid + at_ask);
    let flow = match view.indicator.volume {
        0 => 0.0,
        volume => view.indicator.flow as f64 / volume as f64,
    };
    let shift = DEPTH_GAIN * (0.5 * lean + 0.5 * touch) + FLOW_GAIN * flow;
    let agree = lean * flow > 0.0 && shift.abs() > 0.1;
    let claim = format!("depth {bids} against {asks}, trades lean {flow:.3} at {price}");
    Some(Opinion {
        shift,
        spread: 0.3,
        confidence: if agree { Confidence::Medium } else { Confidence::Low },
        evidence: vec![evidence("book", claim, shift)],
    })
}
