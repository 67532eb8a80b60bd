//! The recorded hockey game.

use projections::Projection;
use projections::books::Books;
use schemas::event::{BookSnapshot, MarketEvent};
use schemas::{Envelope, Event, Seq, Side, TokenId, UtcNanos};
use std::path::{Path, PathBuf};
use venues::recording::{Format, Input, Recording};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The game from its second minute on: in the first one the recorder lost messages, and a live engine that misses something
/// asks the venue where paper trading has nobody to ask.
pub fn recording() -> Vec<(UtcNanos, MarketEvent)> {
    let files = ["ticks.csv.zst", "tokens.json"].map(|f| Input::path(fixture("polymarket-l2-nhl").join(f)));
    let recording = Recording::open(Format::PolymarketL2, files.into()).unwrap();
    let all: Vec<_> = recording.filter_map(Result::ok).map(|t| (t.time, t.event)).collect();
    let begins = all[0].0.plus_secs(60);
    // Time to find the markets and to agree on the account before there is anything to decide.
    let listed = all[0].0.plus_secs(50);
    let (mut books, mut out) = (Books::default(), Vec::new());
    let (before, after): (Vec<_>, Vec<_>) = all.into_iter().partition(|(time, _)| *time < begins);
    for (time, event) in before {
        let envelope = Envelope { seq: Seq::FIRST, time, cause: None, cycle: None, event: Event::Market(event) };
        books.apply(&envelope, ());
        if let Event::Market(event @ MarketEvent::Listed(_)) = envelope.event {
            out.push((listed, event));
        }
    }
    for (token, book) in (0..).map(TokenId).zip(books.iter()) {
        let (bids, asks) = (book.levels(Side::Buy).collect(), book.levels(Side::Sell).collect());
        let snapshot = BookSnapshot { token, bids, asks, source_time: begins };
        out.push((begins, MarketEvent::BookSnapshot(Box::new(snapshot))));
    }
    out.extend(after);
    out
}

/// What the venue has before anybody listens.
pub fn is_before_the_game(event: &MarketEvent) -> bool {
    matches!(event, MarketEvent::Listed(_))
}
