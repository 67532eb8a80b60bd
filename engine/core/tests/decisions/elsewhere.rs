//! Markets of other venues: they are in the log to be compared with, and nothing is ever ordered there.

use super::floor::Floor;
use super::market::{M, YES, book, cents, listing, shares};
use super::settings::{eager, watchful};
use engine_core::{AccountConfig, Config, risk};
use polymarket::SignatureType;
use schemas::event::{
    Action, Confidence, Limit, LimitCheck, MarketEvent, Proposal, Purpose, RiskVerdict, Style, Venue, Verdict,
};
use schemas::{Bytes32, MarketId, Price, Prob, Side, UtcNanos};

fn listed_at(venue: Venue, market: MarketId) -> MarketEvent {
    let listed = schemas::event::MarketListed { venue, ..listing(market, 0) };
    MarketEvent::Listed(Box::new(listed))
}

/// A book that makes everyone want to buy.
fn tempting(market: MarketId) -> MarketEvent {
    book(market.yes(), (49, 10_000), (51, 100))
}

fn proposal(purpose: Purpose) -> Proposal {
    Proposal {
        market: M,
        action: Action { token: YES, side: if purpose == Purpose::Entry { Side::Buy } else { Side::Sell } },
        purpose,
        style: Style::Taker,
        estimate: Prob(600_000),
        market_price: Prob::HALF,
        blended: Prob(600_000),
        price: cents(51),
        cost: Price(515_000),
        edge: Price(85_000),
        size: shares(10),
        kelly_ppm: 100_000,
        confidence: Confidence::High,
    }
}

fn with_account() -> Config {
    let mut config = watchful();
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse().unwrap();
    config.account = Some(AccountConfig {
        chain_id: 137,
        signature_type: SignatureType::Eoa,
        signer: address,
        maker: address,
        builder: Bytes32::ZERO,
    });
    config
}

fn judged(config: &Config, venue: Venue, purpose: Purpose) -> RiskVerdict {
    let mut f = Floor::scripted(config);
    f.tick(0, listed_at(venue, M));
    f.tick(0, tempting(M));
    risk::judge(f.state(), f.core.config().unwrap(), f.now(), &proposal(purpose))
}

#[test]
fn no_cycle_starts_where_nothing_is_traded() {
    for venue in [Venue::Kalshi, Venue::Manifold] {
        let mut f = Floor::open(&eager());
        f.tick(1, listed_at(venue, M));
        for minute in 0..5 {
            f.tick(60, book(YES, (49 + minute, 10_000), (51 + minute, 100)));
            f.tick(1, MarketEvent::Probability { market: M, probability: Prob(990_000), source_time: UtcNanos::ZERO });
        }
        let kinds = f.kinds(0);
        assert!(!kinds.contains(&"cycle_started") && !kinds.contains(&"order_intended"), "{venue:?}: {kinds:?}");
        assert_eq!(f.state().health.anomalies, 0);
        // The same prices where it trades.
        let other = MarketId(1);
        f.tick(1, listed_at(Venue::Synthetic, other));
        f.tick(1, tempting(other));
        let kinds = f.kinds(0);
        assert!(kinds.contains(&"order_intended"), "{kinds:?}");
    }
}

#[test]
fn the_gate_lets_no_order_through_to_another_venue() {
    let open = |v: &RiskVerdict| v.checks.iter().find(|c| c.limit == Limit::MarketStatus).copied().unwrap();
    let refused = LimitCheck { limit: Limit::MarketStatus, observed: 0, allowed: 1, pass: false };
    for venue in [Venue::Kalshi, Venue::Manifold] {
        for config in [watchful(), with_account()] {
            for purpose in [Purpose::Entry, Purpose::Exit(schemas::event::ExitReason::Stop)] {
                let verdict = judged(&config, venue, purpose);
                assert_eq!((verdict.verdict, open(&verdict)), (Verdict::Veto, refused), "{venue:?} {purpose:?}");
            }
        }
    }
    // An account is one of a single venue; the simulated exchange takes orders for whatever was recorded.
    for venue in [Venue::PolymarketUs, Venue::Binance, Venue::Synthetic] {
        assert!(!open(&judged(&with_account(), venue, Purpose::Entry)).pass, "{venue:?}");
        assert!(open(&judged(&watchful(), venue, Purpose::Entry)).pass, "{venue:?}");
    }
    assert!(open(&judged(&with_account(), Venue::Polymarket, Purpose::Entry)).pass);
}

#[test]
fn what_is_heard_elsewhere_does_not_make_our_prices_fresh() {
    let config = watchful();
    let other = MarketId(1);
    let mut f = Floor::scripted(&config);
    f.tick(0, listed_at(Venue::Synthetic, M));
    f.tick(0, listed_at(Venue::Kalshi, other));
    f.tick(0, tempting(M));
    for _ in 0..60 {
        f.tick(1, tempting(other));
    }
    let verdict = risk::judge(f.state(), f.core.config().unwrap(), f.now(), &proposal(Purpose::Entry));
    let stale = verdict.checks.iter().find(|c| c.limit == Limit::StaleData).unwrap();
    assert_eq!((stale.pass, stale.observed), (false, 60_000));
}
