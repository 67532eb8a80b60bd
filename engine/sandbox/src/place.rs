//! Placing orders: what is checked, in which order, and what is answered.

use crate::answer::{Request, Response};
use crate::base::hash_text;
use crate::buckets::Kind;
use crate::clients::{Key, wallets_of};
use crate::faults::Fault;
use crate::gate::Asked;
use crate::orders::{Placed, Status};
use crate::parse::{Posted, invalid};
use crate::venue::{Timer, Venue};
use exchange::{AccountId, Incoming};
use polymarket::{OrderType, SignatureError, SignatureType, verify_order};
use schemas::event::{Action, OrderEvent, OrderIntended, OrderPlan, Purpose, Style, TimeInForce};
use schemas::money::MICRO;
use schemas::{Bytes32, Cash, Event, OrderId, Price, Rounding, Side, Size, TokenId, UtcNanos};
use serde_json::{Value, json};

/// Orders in one `POST /orders`.
const BATCH_MAX: usize = polymarket::BATCH_MAX;
/// A marketable purchase is at least a dollar.
const MARKETABLE_MIN: i64 = MICRO;

impl Venue {
    /// `POST /order`.
    pub(crate) fn post_order(&mut self, request: &Request, id: &str, key: &Key) -> Response {
        let level = match self.buckets.take(key.owner, Kind::Order, 1, &self.settings, self.now) {
            Ok(level) => level,
            Err(level) => return level.refusal(),
        };
        let body = request.json().unwrap_or_default();
        let response = match self.place(&body, id, key) {
            Ok(answer) => Response::ok(&answer),
            Err(refusal) => refusal,
        };
        level.on(response)
    }

    /// `POST /orders`: each leg has its own answer; a refused one has its text and no id.
    pub(crate) fn post_orders(&mut self, request: &Request, id: &str, key: &Key) -> Response {
        let Some(Value::Array(legs)) = request.json() else { return invalid() };
        if legs.len() > BATCH_MAX {
            let text = format!("Too many orders in payload: {}, max allowed: {BATCH_MAX}", legs.len());
            return Response::bad(&text);
        }
        let level = match self.buckets.take(key.owner, Kind::Order, legs.len(), &self.settings, self.now) {
            Ok(level) => level,
            Err(level) => return level.refusal(),
        };
        let mut answers = Vec::new();
        for leg in &legs {
            match self.place(leg, id, key) {
                Ok(answer) => answers.push(answer),
                Err(refusal) if matches!(refusal.status, 425 | 503) => return level.on(refusal),
                Err(refusal) => {
                    let parsed: Value = serde_json::from_str(&refusal.body).unwrap_or_default();
                    let text = parsed.get("error").cloned().unwrap_or_default();
                    answers.push(json!({
                        "success": true, "errorMsg": text, "orderID": "", "status": "",
                        "takingAmount": "", "makingAmount": "",
                    }));
                }
            }
        }
        level.on(Response::ok(&Value::Array(answers)))
    }

    /// One order: checked, matched, answered.
    fn place(&mut self, body: &Value, id: &str, key: &Key) -> Result<Value, Response> {
        let post_only = body.get("postOnly").and_then(Value::as_bool).unwrap_or(false);
        if self.settings.geoblocked {
            // The venue's words are not documented; the status is.
            return Err(Response::error(403, "Trading restricted in your region"));
        }
        self.gate(Asked::Order { post_only })?;
        let posted = Posted::read(body)?;
        self.may_trade(key.owner, posted.order.maker, posted.order.side)?;
        if posted.owner != id {
            return Err(Response::bad("the order owner has to be the owner of the API KEY"));
        }
        let Some(token) = self.catalogue.token_of(&posted.order.token) else {
            return Err(Response::missing("No orderbook exists for the requested token id"));
        };
        let hash = self.check_signature(&posted, token, key)?;
        let (price, size) = self.check_terms(&posted, token, &hash)?;
        let account = self.account_of(posted.order.maker);
        let number = self.orders.next();
        let incoming = self.incoming(&posted, token, price, size, (account, number, hash));
        self.check_market(&posted, &incoming)?;
        self.refuses_anyway(&incoming)?;
        self.record_intent(&posted, &incoming);
        self.orders.add(Placed {
            number,
            hash,
            order: posted.order,
            terms: posted.terms,
            key: id.to_owned(),
            account,
            token,
            price,
            size,
            matched: Size::ZERO,
            dollars: Cash::ZERO,
            status: Status::Delayed,
            hidden: false,
            created: self.now,
            trades: Vec::new(),
        });
        if !posted.terms.post_only && self.dice.hits(Fault::match_delayed, &self.faults) {
            self.delay(number);
            return Err(Response::bad("order match delayed due to market conditions"));
        }
        if !posted.terms.post_only && self.dice.hits(Fault::delayed, &self.faults) {
            self.delay(number);
            return Ok(answer(&hash, "delayed", None));
        }
        self.submit(number, incoming)?;
        Ok(self.placed_answer(number))
    }

    /// Sends a checked order to the exchange, and tells what came of it.
    fn submit(&mut self, number: OrderId, incoming: Incoming) -> Result<(), Response> {
        self.orders.change(number, |o| o.status = Status::Live);
        let now = self.now;
        self.with_exchange(|exchange, market| {
            exchange.submit(incoming, now);
            exchange.advance(now, market);
        });
        let traded = self.take_reports(Some(number));
        let refused = self.refusals.remove(&number);
        if let Some(text) = refused {
            self.orders.forget(number);
            let full = text.replace(&incoming.hash.short(8), &hash_text(&incoming.hash));
            return Err(Response::bad(&full));
        }
        let Some(placed) = self.orders.get(number) else { return Err(invalid()) };
        let (matched, status) = (placed.matched, placed.status);
        self.tell_order(number, "PLACEMENT");
        if matched.0 > 0 {
            self.tell_order(number, "UPDATE");
        }
        if matches!(status, Status::Ended(_)) {
            self.tell_order(number, "CANCELLATION");
        }
        self.publish_changes(traded);
        Ok(())
    }

    /// An order that was taken waits before it is matched.
    fn delay(&mut self, number: OrderId) {
        let hidden = self.dice.hits(Fault::hidden_while_delayed, &self.faults);
        self.orders.change(number, |o| o.hidden = hidden);
        self.wait(self.faults.delayed_ms, Timer::Match(number));
        self.tell_order(number, "PLACEMENT");
    }

    /// An order finds nobody when its delay is over: one that may rest is tried again, another is over.
    fn leave_unmatched(&mut self, number: OrderId, rests: bool) {
        if !rests {
            return self.end_order(number, "UNMATCHED");
        }
        self.orders.change(number, |o| o.status = Status::Unmatched);
        self.wait(self.faults.delayed_ms, Timer::Match(number));
        self.tell_order(number, "UPDATE");
    }

    /// The delay of an order is over.
    pub(crate) fn match_delayed(&mut self, number: OrderId) {
        let Some(placed) = self.orders.get(number).filter(|o| o.status.waits()).cloned() else { return };
        if placed.status == Status::Delayed && self.dice.hits(Fault::unmatched, &self.faults) {
            return self.leave_unmatched(number, placed.terms.order_type.rests());
        }
        let posted =
            Posted { order: placed.order, signature: Vec::new(), owner: placed.key.clone(), terms: placed.terms };
        let name = (placed.account, number, placed.hash);
        let incoming = self.incoming(&posted, placed.token, placed.price, placed.size, name);
        self.orders.change(number, |o| o.status = Status::Live);
        let now = self.now;
        self.with_exchange(|exchange, market| {
            exchange.submit(incoming, now);
            exchange.advance(now, market);
        });
        let traded = self.take_reports(Some(number));
        if self.refusals.remove(&number).is_some() {
            self.orders.change(number, |o| o.status = Status::Ended("INVALID"));
        }
        let open = self.orders.get(number).is_some_and(|o| o.status.is_open() || o.matched.0 > 0);
        self.tell_order(number, if open { "UPDATE" } else { "CANCELLATION" });
        self.publish_changes(traded);
    }

    /// Who signed, for whom, and whether this very order is known already. Returns the order's id.
    fn check_signature(&self, posted: &Posted, token: TokenId, key: &Key) -> Result<Bytes32, Response> {
        let order = &posted.order;
        let listing = self.catalogue.get(token.market()).ok_or_else(invalid)?;
        let is_deposit = order.signature_type == SignatureType::DepositWallet;
        let signer = if is_deposit { order.maker } else { key.owner };
        if order.signer != signer {
            return Err(Response::bad("the order signer address has to be the address of the API KEY"));
        }
        let not_allowed = || Response::bad("maker address not allowed, please use the deposit wallet flow");
        if self.settings.deposit_wallets_only && !is_deposit {
            return Err(not_allowed());
        }
        if !wallets_of(key.owner).contains(&order.maker) {
            return Err(not_allowed());
        }
        match verify_order(order, &listing.domain, &posted.signature, Some(key.owner)) {
            Ok(()) => {}
            Err(SignatureError::Maker { .. }) => return Err(not_allowed()),
            Err(_) => return Err(invalid()),
        }
        let hash = order.id(&listing.domain);
        if self.orders.by_hash(&hash).is_some() {
            return Err(Response::bad(&format!("order {} is invalid. Duplicated.", hash_text(&hash))));
        }
        Ok(hash)
    }

    /// Time, price and size. Returns the last two.
    fn check_terms(&self, posted: &Posted, token: TokenId, hash: &Bytes32) -> Result<(Price, Size), Response> {
        let terms = &posted.terms;
        let lead = i64::try_from(self.settings.gtd_lead_s).unwrap_or(i64::MAX);
        let soonest = crate::base::seconds(self.now).saturating_add(lead);
        let is_early = i64::try_from(terms.expiration_s).unwrap_or(i64::MAX) < soonest;
        let is_gtd = terms.order_type == OrderType::Gtd;
        if (is_gtd && is_early) || (!is_gtd && terms.expiration_s != 0) {
            return Err(Response::bad("invalid expiration"));
        }
        if terms.post_only && !terms.order_type.rests() {
            return Err(invalid());
        }
        let Some(market) = self.markets.get(token.market()) else { return Err(invalid()) };
        if !market.is_open() {
            return Err(Response::bad("the market is not yet ready to process new orders"));
        }
        let order = &posted.order;
        let (shares, dollars) = match order.side {
            Side::Buy => (order.taker_amount, order.maker_amount),
            Side::Sell => (order.maker_amount, order.taker_amount),
        };
        let size = i64::try_from(shares).map(Size).map_err(|_| invalid())?;
        let dollars = i64::try_from(dollars).map(Cash).map_err(|_| invalid())?;
        let price = price_on_grid(dollars, size, market.tick).map_err(|asked| {
            let id = hash_text(hash);
            let text = format!("order {id} is invalid. Price ({asked}) breaks minimum tick size rule: {}", market.tick);
            Response::bad(&text)
        })?;
        if terms.order_type.rests() && size < market.min_size {
            let id = hash_text(hash);
            let text = format!("order {id} is invalid. Size ({size}) lower than the minimum: {}", market.min_size);
            return Err(Response::bad(&text));
        }
        Ok((price, size))
    }

    /// What depends on the book and on what the client has.
    fn check_market(&mut self, posted: &Posted, incoming: &Incoming) -> Result<(), Response> {
        let takes = self.exchange.takes(incoming, self.market());
        if posted.terms.post_only && takes.0 > 0 {
            return Err(Response::bad("invalid post-only order: order crosses book"));
        }
        let dollars = i64::try_from(posted.order.maker_amount).unwrap_or(i64::MAX);
        if incoming.side == Side::Buy && takes.0 > 0 && dollars < MARKETABLE_MIN {
            let text = format!("invalid amount for a marketable BUY order (${:.2}), min size: 1", Cash(dollars));
            return Err(Response::bad(&text));
        }
        let listing = self.catalogue.get(incoming.token.market());
        let Some((generation, spender)) = listing.map(|l| (l.domain.generation(), l.domain.contract())) else {
            return Err(invalid());
        };
        let allowed = match incoming.side {
            Side::Buy => self.chain.allowance(posted.order.maker, spender, &self.settings).0 >= dollars,
            Side::Sell => self.chain.is_operator(generation, posted.order.maker, spender, &self.settings),
        };
        if !allowed {
            return Err(Response::bad("not enough balance / allowance"));
        }
        Ok(())
    }

    fn incoming(
        &self,
        posted: &Posted,
        token: TokenId,
        price: Price,
        size: Size,
        (account, order, hash): (AccountId, OrderId, Bytes32),
    ) -> Incoming {
        let terms = &posted.terms;
        let ends = terms.expiration_s.saturating_sub(self.settings.gtd_early_s);
        let expires = i64::try_from(ends).ok().and_then(UtcNanos::from_secs).unwrap_or(UtcNanos(i64::MAX));
        Incoming {
            account,
            order,
            hash,
            token,
            side: posted.order.side,
            price,
            size,
            tif: match terms.order_type {
                OrderType::Gtc => TimeInForce::Gtc,
                OrderType::Gtd => TimeInForce::Gtd,
                OrderType::Fok => TimeInForce::Fok,
                OrderType::Fak => TimeInForce::Fak,
            },
            post_only: terms.post_only,
            expires: if terms.order_type == OrderType::Gtd { expires } else { UtcNanos::ZERO },
            cause: None,
            cycle: None,
        }
    }

    fn record_intent(&mut self, posted: &Posted, incoming: &Incoming) {
        let plan = OrderPlan {
            action: Action { token: incoming.token, side: incoming.side },
            purpose: Purpose::Entry,
            style: if incoming.post_only { Style::Maker } else { Style::Taker },
            price: incoming.price,
            size: incoming.size,
            tif: incoming.tif,
            post_only: incoming.post_only,
            expires: incoming.expires,
            stop: Price::ZERO,
            target: Price::ZERO,
        };
        let intended = OrderIntended {
            order: incoming.order,
            market: incoming.token.market(),
            plan,
            worst_case_loss: incoming.price.notional(incoming.size, Rounding::Ceil).unwrap_or_default(),
            salt: posted.order.salt,
            hash: incoming.hash,
            signed: posted.signature.clone(),
        };
        self.record(Event::Order(OrderEvent::Intended(Box::new(intended))));
    }

    /// The answer to an order that was taken.
    fn placed_answer(&mut self, number: OrderId) -> Value {
        let Some(placed) = self.orders.get(number) else { return Value::Null };
        if placed.matched.0 == 0 {
            return answer(&placed.hash, "live", None);
        }
        let (dollars, shares) = (placed.dollars.to_string(), placed.matched.to_string());
        let amounts = match placed.order.side {
            Side::Buy => (dollars, shares),
            Side::Sell => (shares, dollars),
        };
        let (hash, trades) = (placed.hash, placed.trades.clone());
        let hides = self.dice.hits(Fault::late_hash, &self.faults);
        let hashes = trades.iter().filter_map(|id| self.trades.get(id)).filter(|_| !hides);
        let hashes: Vec<String> = hashes.filter_map(|t| t.transaction.as_ref().map(hash_text)).collect();
        let mut out = answer(&hash, "matched", Some(amounts));
        out["tradeIDs"] = json!(trades);
        out["transactionsHashes"] = json!(hashes);
        out
    }
}

fn answer(hash: &Bytes32, status: &str, amounts: Option<(String, String)>) -> Value {
    let (making, taking) = amounts.unwrap_or_default();
    json!({
        "success": true, "errorMsg": "", "orderID": hash_text(hash), "status": status,
        "makingAmount": making, "takingAmount": taking,
    })
}

/// The price on the grid that two amounts mean. Amounts are rounded to the decimals that the grid allows, so the price may
/// be off by what that rounding makes; more is another price, which is returned as the error.
fn price_on_grid(dollars: Cash, size: Size, tick: Price) -> Result<Price, Price> {
    let exact = i128::from(dollars.0) * i128::from(MICRO) / i128::from(size.0.max(1));
    let asked = Price(i64::try_from(exact).unwrap_or(i64::MAX));
    let half = Price(asked.0.saturating_add(tick.0 / 2));
    let near = half.floor_to(tick);
    if near < tick || near > Price(MICRO - tick.0) {
        return Err(asked);
    }
    // One unit of the coarsest amount that the official clients round to for this grid: 10^-(decimals of the tick + 2).
    let mut unit = 10_000;
    let mut grid = tick.0;
    while grid % MICRO != 0 && unit > 1 {
        grid = grid.saturating_mul(10);
        unit /= 10;
    }
    let fits = near.notional(size, Rounding::Floor).is_ok_and(|d| d.0.abs_diff(dollars.0) <= unit + 1);
    if fits { Ok(near) } else { Err(asked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_mean_a_price_on_the_grid() {
        let cent = Price(10_000);
        let of = |dollars, size| price_on_grid(Cash(dollars), Size(size), cent);
        assert_eq!(of(5_486_000, 10_550_000), Ok(Price(520_000)));
        // A market order for 10 dollars at 0.57: shares are cut to four decimals.
        assert_eq!(of(10_000_000, 17_543_800), Ok(Price(570_000)));
        assert_eq!(of(5_650_000, 10_000_000), Err(Price(565_000)));
        assert_eq!(of(10_000_000, 10_000_000), Err(Price(1_000_000)));
        assert_eq!(of(0, 10_000_000), Err(Price(0)));
        assert_eq!(price_on_grid(Cash(5_650_000), Size(10_000_000), Price(5_000)), Ok(Price(565_000)));
    }
}
