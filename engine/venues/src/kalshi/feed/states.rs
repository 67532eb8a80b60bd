//! How markets stand: whether they trade, what their grid is, how they ended.

use super::discovery::TICKERS_MAX;
use super::{Feed, Purpose};
use crate::http::encoded;
use crate::kalshi::wire::rest::{self, Market, Phase, Ruling};
use crate::wire::Answer;
use projections::State;
use schemas::event::{MarketChange, MarketEvent, MarketStatus, Resolution};
use schemas::money::MICRO;
use schemas::{MarketId, Outcome, Price};

/// Distance of two questions how the markets stand, s.
const STATES_EVERY_S: u64 = 60;
/// Distance of two questions what series cost, s.
const TERMS_EVERY_S: u64 = 3_600;

impl Feed {
    pub(super) fn look_at_states(&mut self) {
        if self.followed.is_empty() {
            return;
        }
        if self.now >= self.next_states {
            self.next_states = self.now.plus_secs(STATES_EVERY_S);
            self.due.push_back((Purpose::Exchange, "/exchange/status".to_owned()));
            let tickers: Vec<String> = self.followed.values().map(|f| encoded(&f.ticker)).collect();
            for some in tickers.chunks(TICKERS_MAX) {
                let target = format!("/markets?limit={TICKERS_MAX}&tickers={}", some.join(","));
                self.due.push_back((Purpose::States, target));
            }
        }
        if self.now >= self.next_terms {
            // What was listed before a restart has its fee in the log, and may have another one now.
            self.next_terms = self.now.plus_secs(TERMS_EVERY_S);
            let series: std::collections::BTreeSet<String> = self.followed.values().map(|f| f.series.clone()).collect();
            series.into_iter().for_each(|ticker| self.ask_series(ticker));
        }
    }

    pub(super) fn exchange_answered(&mut self, answer: Option<Answer>) {
        let Some(answer) = answer else { return };
        match rest::exchange_status(&answer.body) {
            Ok(status) => {
                let active = status.exchange_active && status.trading_active;
                if active != self.trading_active {
                    self.trading_active = active;
                    self.next_states = self.now;
                }
            }
            Err(e) => self.voice.undecoded("exchange", &e.to_string(), &answer.body, self.now),
        }
    }

    pub(super) fn states_answered(&mut self, answer: Option<Answer>, state: &State) {
        let Some(answer) = answer else { return };
        match rest::markets(&answer.body) {
            Ok(page) => {
                for entry in page.entries {
                    match entry {
                        Ok(market) => self.state_said(&market, state),
                        Err((e, raw)) => self.voice.undecoded("market", &e.to_string(), raw, self.now),
                    }
                }
            }
            Err(e) => self.voice.undecoded("markets", &e.to_string(), &answer.body, self.now),
        }
    }

    fn state_said(&mut self, market: &Market, state: &State) {
        let Some(id) = self.known.get(&market.ticker).copied().filter(|id| self.followed.contains_key(id)) else {
            return;
        };
        let Some(known) = state.markets.get(id) else { return };
        let status = match market.phase {
            Phase::Open if self.trading_active => MarketStatus::Open,
            Phase::Open | Phase::Waiting => MarketStatus::Paused,
            Phase::Closed | Phase::Settled => MarketStatus::Closed,
        };
        if known.tick != market.tick {
            self.voice.say(MarketEvent::Changed { market: id, change: MarketChange::Tick(market.tick) });
            self.restate(id);
        }
        if known.status != status {
            self.voice.say(MarketEvent::Changed { market: id, change: MarketChange::Status(status) });
        }
        if market.phase == Phase::Settled {
            self.settled(id, market);
        }
    }

    fn settled(&mut self, id: MarketId, market: &Market) {
        let resolution = match (&market.result, market.settlement) {
            (Some(Ruling::For(Outcome::Yes)), _) => Some(Resolution::Yes),
            (Some(Ruling::For(Outcome::No)), _) => Some(Resolution::No),
            (_, Some(Price::ONE)) => Some(Resolution::Yes),
            (_, Some(Price::ZERO)) => Some(Resolution::No),
            (_, Some(Price(half))) if half * 2 == MICRO => Some(Resolution::Split),
            _ => None,
        };
        match resolution {
            Some(resolution) => self.voice.say(MarketEvent::Resolved { market: id, resolution }),
            // It stays closed: no resolution of the log says that it paid 0.37.
            None => {
                let result = match &market.result {
                    Some(Ruling::Other(word)) => word.as_str(),
                    _ => "nothing",
                };
                let paid = market.settlement.map_or_else(|| "not said".to_owned(), |price| price.to_string());
                let text = format!("it was settled as {result}, YES paid {paid}; it stays closed here, unresolved");
                self.voice.complain(&market.ticker, &text, self.now);
            }
        }
        self.followed.remove(&id);
    }
}
