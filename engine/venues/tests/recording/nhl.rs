//! The shipped hockey game: counts, the agreement that its README measured, and what is listed.

use super::reading::{Read, fixture, read};
use schemas::event::{MarketChange, MarketEvent, MarketListed, Venue};
use schemas::{MarketId, Price, Size, TokenId, UtcNanos};
use std::sync::OnceLock;
use venues::recording::{Agreement, Format, Input, Recording};

fn game() -> &'static Read {
    static GAME: OnceLock<Read> = OnceLock::new();
    GAME.get_or_init(|| {
        read(Format::PolymarketL2, vec![Input::path(fixture("polymarket-l2-nhl/ticks.csv.zst"))]).unwrap()
    })
}

fn listed(event: &MarketEvent) -> Option<MarketListed> {
    if let MarketEvent::Listed(l) = event { Some((**l).clone()) } else { None }
}

#[test]
fn every_row_is_an_event() {
    let r = &game().report;
    assert_eq!((r.rows, r.deltas, r.trades), (358_112, 357_274, 838));
    assert_eq!((r.bad_rows, r.ignored_rows, r.gaps, r.quotes, r.resolved), (0, 0, 0, 0, 0));
    assert_eq!((r.markets, r.tick_changes), (6, 1));
    assert_eq!(game().events.len(), 358_112 + 6 + 1);
    assert_eq!(r.first_time, UtcNanos::from_millis(1_780_795_851_472));
    assert_eq!(r.last_time, UtcNanos::from_millis(1_780_797_048_342));
}

#[test]
fn the_rebuilt_book_agrees_as_measured() {
    let a: Agreement = game().report.book_agreement.unwrap();
    println!("{a}");
    assert_eq!((a.checked, a.agreed), (357_274, 355_314));
    assert_eq!((a.heals, a.ghost_levels), (444, 546));
    assert_eq!(a.checked_after_first_minute, a.agreed_after_first_minute);
    assert!(a.checked_after_first_minute > 330_000, "{a}");
    assert!(a.to_string().contains("99.451 %") && a.to_string().contains("100.000 %"), "{a}");
}

#[test]
fn markets_are_listed_first_and_in_pairs() {
    assert!(game().events[..6].iter().all(|t| listed(&t.event).is_some()));
    let markets = game().only(listed);
    let first = &markets[0];
    assert_eq!((first.question.as_str(), first.group.as_str()), ("VGK wins", "Hurricanes vs. Golden Knights"));
    assert_eq!((first.venue, first.category.as_str()), (Venue::Polymarket, "sports"));
    assert_eq!((first.fee.rate_ppm, first.fee.exponent, first.fee.taker_only), (30_000, 1, true));
    assert_eq!((first.min_size, first.tick, first.protocol), (Size(5_000_000), Price(10_000), 2));
    assert_eq!(first.ends, UtcNanos::ZERO);
    assert_eq!(first.slug, format!("polymarket-l2-{}", first.tokens[0].short(8)));
    let questions: Vec<_> = markets.iter().map(|m| m.question.as_str()).collect();
    assert_eq!(questions, ["VGK wins", "token 1", "token 2", "token 4", "token 5", "token 7"]);
    assert!(markets.iter().all(|m| m.group == first.group && m.tokens[0] != m.tokens[1]));
    assert!(markets.iter().zip(0..).all(|(m, i)| m.market == MarketId(i)));
}

/// The first row of the recording is token 4 at 0.31, its mirror image token 11 at 0.69.
#[test]
fn rows_keep_their_values_and_find_their_tokens() {
    let deltas = game().only(|e| if let MarketEvent::BookDelta(d) = e { Some(*d) } else { None });
    let (a, b) = (deltas[0], deltas[1]);
    assert_eq!((a.token, b.token), (MarketId(3).yes(), MarketId(3).no()));
    assert_eq!((a.price, a.size), (Price(310_000), Size(198_000_000)));
    assert_eq!(a.price.complement(), b.price);
    let stated = a.stated.unwrap();
    assert_eq!((stated.bid, stated.ask), (Price(350_000), Price(390_000)));
}

#[test]
fn a_finer_grid_is_announced_just_before_the_first_price_on_it() {
    let events = game().said();
    let at = events.iter().position(|e| matches!(e, MarketEvent::Changed { .. })).unwrap();
    let expected = MarketEvent::Changed { market: MarketId(4), change: MarketChange::Tick(Price(1_000)) };
    assert_eq!(events[at], &expected);
    let MarketEvent::BookDelta(next) = events[at + 1] else { panic!("{:?}", events[at + 1]) };
    assert_eq!((next.token, next.price), (TokenId(9), Price(249_000)));
    let fine = |e: &&MarketEvent| matches!(e, MarketEvent::BookDelta(d) if d.price.0 % 10_000 != 0);
    assert_eq!(events[..at].iter().filter(|e| fine(e)).count(), 0);
    assert_eq!(events.iter().filter(|e| fine(e)).count(), 3_014);
}

#[test]
fn raw_stamps_step_back_and_are_kept() {
    let stamps = game().only(|e| match e {
        MarketEvent::BookDelta(d) => Some(d.source_time),
        MarketEvent::Trade(t) => Some(t.source_time),
        _ => None,
    });
    assert_eq!(stamps.windows(2).filter(|w| w[1] < w[0]).count(), 2_925);
}

#[test]
fn bytes_in_memory_read_like_files() {
    let ticks = std::fs::read(fixture("polymarket-l2-nhl/ticks.csv.zst")).unwrap();
    let tokens: &'static [u8] = std::fs::read(fixture("polymarket-l2-nhl/tokens.json")).unwrap().leak();
    let inputs = vec![Input::embedded("the tokens", tokens), Input::bytes("the ticks", ticks)];
    let recording = Recording::open(Format::PolymarketL2, inputs).unwrap();
    let same = recording.zip(&game().events).take(20_000).filter(|(a, b)| a.as_ref() == Ok(*b)).count();
    assert_eq!(same, 20_000);
}
