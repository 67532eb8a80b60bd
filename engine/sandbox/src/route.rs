//! Which path is what, and what can go wrong on the way there and back.

use crate::answer::{Answer, Loss, Request, Response};
use crate::faults::Fault;
use crate::gate::{Asked, Mode, refusal, window};
use crate::venue::{Timer, Venue};
use schemas::UtcNanos;
use serde_json::json;

/// Paths under which the other services answer, beside the CLOB at the root.
const GAMMA: &str = "/gamma-api";
const DATA: &str = "/data-api";
const RELAYER: &str = "/relayer";
const POLYGON: &str = "/rpc";

impl Venue {
    /// A request that arrives now.
    pub fn handle(&mut self, request: &Request, now: UtcNanos) -> Answer {
        self.pass(now);
        match Sort::of(request) {
            Sort::Trading => self.trading(request),
            Sort::Read => self.reading(request),
            Sort::Heartbeat => self.beating(request),
            Sort::Other => Answer::Now(self.route(request)),
        }
    }

    fn hits(&mut self, fault: Fault) -> bool {
        self.dice.hits(fault, &self.faults)
    }

    fn trading(&mut self, request: &Request) -> Answer {
        if self.hits(Fault::lost_request) {
            return Answer::Never(Loss::Request);
        }
        if self.hits(Fault::late_request) {
            let late_ms = self.faults.late_request_ms;
            self.wait(late_ms, Timer::Request(Box::new(request.clone())));
            return Answer::Never(Loss::Late { arrives: self.now.plus_millis(late_ms) });
        }
        if self.hits(Fault::too_many) {
            return Answer::Now(Response::error(429, "Too Many Requests"));
        }
        if self.hits(Fault::error_before) {
            return Answer::Now(Response::error(500, "there are no matching orders"));
        }
        let response = self.route(request);
        if self.hits(Fault::lost_answer) {
            return Answer::Never(Loss::Answer);
        }
        if self.hits(Fault::error_after) {
            return Answer::Now(Response::error(500, "internal server error"));
        }
        self.answered(response, Fault::slow_answer)
    }

    fn reading(&mut self, request: &Request) -> Answer {
        if self.hits(Fault::read_lost) {
            return Answer::Never(Loss::Request);
        }
        if self.hits(Fault::read_error) {
            return Answer::Now(self.broken());
        }
        let response = self.route(request);
        self.answered(response, Fault::read_slow)
    }

    fn beating(&mut self, request: &Request) -> Answer {
        if self.hits(Fault::heartbeat_lost) {
            return Answer::Never(Loss::Request);
        }
        if self.hits(Fault::heartbeat_error) {
            return Answer::Now(self.broken());
        }
        let response = self.route(request);
        if self.hits(Fault::heartbeat_unanswered) {
            return Answer::Never(Loss::Answer);
        }
        self.answered(response, Fault::heartbeat_slow)
    }

    fn answered(&mut self, response: Response, slow: Fault) -> Answer {
        if self.hits(slow) {
            return Answer::Later { at: self.now.plus_millis(self.faults.slow_answer_ms), response };
        }
        Answer::Now(response)
    }

    /// What stands in front of the venue says when it cannot reach it.
    fn broken(&mut self) -> Response {
        let (status, text) = if self.dice.next().is_multiple_of(2) {
            (500, "internal server error")
        } else {
            (503, "service unavailable")
        };
        Response::error(status, text)
    }

    /// Whether something is taken in the present mode.
    pub(crate) fn gate(&self, asked: Asked) -> Result<(), Response> {
        let (by_window, left) = window(&self.faults, self.began.unwrap_or(self.now), self.now);
        let (mode, left) = if self.mode == Mode::Normal { (by_window, left) } else { (self.mode, 60) };
        refusal(mode, left, asked).map_or(Ok(()), Err)
    }

    /// The answer to a request that has arrived.
    pub(crate) fn route(&mut self, request: &Request) -> Response {
        for (prefix, service) in [(GAMMA, Service::Gamma), (DATA, Service::Data), (RELAYER, Service::Relayer)] {
            if let Some(path) = request.path.strip_prefix(prefix) {
                let path = if path.is_empty() { "/" } else { path };
                let inner = Request { path: path.to_owned(), ..request.clone() };
                return self.service(&inner, service);
            }
        }
        if request.path == POLYGON || (request.path == "/" && request.method == "POST") {
            return self.polygon(request);
        }
        self.clob(request).unwrap_or_else(|refused| refused)
    }

    fn service(&mut self, request: &Request, service: Service) -> Response {
        let found = match service {
            Service::Gamma if request.path == "/markets" => Some(self.gamma_list(request)),
            Service::Gamma => self.gamma(request),
            Service::Data => self.data_api(request),
            Service::Relayer => (request.path == "/deployed").then(|| self.deployed(request)),
        };
        found.unwrap_or_else(|| Response::missing("not found"))
    }

    fn clob(&mut self, request: &Request) -> Result<Response, Response> {
        let path = request.path.as_str();
        let tail = |prefix: &str| path.strip_prefix(prefix).filter(|t| !t.is_empty() && !t.contains('/'));
        match (request.method.as_str(), path) {
            ("GET", "/" | "/ok") => return Ok(Response::ok(&json!("OK"))),
            ("GET", "/time") => return Ok(Response::ok(&json!(self.clock_s()))),
            ("GET", "/api/geoblock") => {
                let blocked = self.settings.geoblocked;
                return Ok(Response::ok(
                    &json!({ "blocked": blocked, "ip": "127.0.0.1", "country": "ZZ", "region": "" }),
                ));
            }
            ("GET", "/version") => return Ok(Response::ok(&json!({ "version": 2 }))),
            ("GET", "/markets" | "/simplified-markets" | "/sampling-markets" | "/sampling-simplified-markets") => {
                return Ok(self.list_markets(request));
            }
            (
                "GET",
                "/book" | "/price" | "/midpoint" | "/spread" | "/last-trade-price" | "/tick-size" | "/neg-risk"
                | "/fee-rate",
            ) => return self.of_token(request),
            ("POST", "/books" | "/prices" | "/midpoints" | "/spreads" | "/last-trades-prices") => {
                return self.of_tokens(request);
            }
            ("GET", "/prices-history") => return self.prices_history(request),
            ("POST", "/auth/api-key") => return self.create_key(request),
            ("GET", "/auth/derive-api-key") => return self.derive_key(request),
            ("GET", "/deployed") => return Ok(self.deployed(request)),
            _ => {}
        }
        if request.method == "GET" {
            if let Some(id) = tail("/markets/").filter(|id| id.starts_with("0x")) {
                return self.one_market(id);
            }
            if let Some(id) = tail("/markets-by-token/") {
                return self.market_by_token(id);
            }
            if let Some(id) = tail("/clob-markets/") {
                return self.clob_market(id);
            }
            if tail("/fees/builder-fees/").is_some() {
                let none = json!({ "builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0 });
                return Ok(Response::ok(&none));
            }
            if let Some(found) = self.gamma(request).or_else(|| self.data_api(request)) {
                return Ok(found);
            }
        }
        self.private(request)
    }

    /// What needs an API key.
    fn private(&mut self, request: &Request) -> Result<Response, Response> {
        let (id, key) = self.l2(request)?;
        let may_write = !key.readonly;
        Ok(match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/order") if may_write => self.post_order(request, &id, &key),
            ("POST", "/orders") if may_write => self.post_orders(request, &id, &key),
            ("DELETE", "/order" | "/orders" | "/cancel-all" | "/cancel-market-orders") if may_write => {
                self.cancel(request, &id, &key)
            }
            ("GET", "/data/orders") => self.list_orders(request, &id),
            ("GET", "/data/trades") => self.list_trades(request, &id),
            ("GET", "/balance-allowance" | "/balance-allowance/update") => self.balance(request, &key),
            ("POST", "/v1/heartbeats" | "/heartbeats") if may_write => self.heartbeat(&id, request),
            ("GET", "/notifications") => Response::ok(&json!([])),
            ("DELETE", "/notifications") => Response::ok(&json!("OK")),
            ("GET", "/order-scoring") | ("POST", "/orders-scoring") => self.scoring(request),
            (_, path) if path.starts_with("/auth/") => self.about_keys(request, &id, &key),
            ("GET", path) => match path.strip_prefix("/data/order/") {
                Some(order) => self.order(order, &id),
                None => Response::missing("not found"),
            },
            _ if !may_write => crate::auth::unauthorized(),
            _ => Response::missing("not found"),
        })
    }
}

#[derive(Clone, Copy)]
enum Service {
    Gamma,
    Data,
    Relayer,
}

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Orders and cancels.
    Trading,
    /// What changes nothing, and may be asked again.
    Read,
    Heartbeat,
    /// Keys, the relayer and the chain: nothing.
    Other,
}

impl Sort {
    fn of(request: &Request) -> Self {
        let path = request.path.as_str();
        let other = path.starts_with("/auth/") || [RELAYER, POLYGON].iter().any(|service| path.starts_with(service));
        match (request.method.as_str(), path) {
            ("POST", "/order" | "/orders") => Self::Trading,
            ("DELETE", "/order" | "/orders" | "/cancel-all" | "/cancel-market-orders") => Self::Trading,
            ("POST", "/v1/heartbeats" | "/heartbeats") => Self::Heartbeat,
            ("POST", "/books" | "/prices" | "/midpoints" | "/spreads" | "/last-trades-prices" | "/orders-scoring") => {
                Self::Read
            }
            ("GET", "/" | "/ok" | "/deployed") => Self::Other,
            ("GET", _) if !other => Self::Read,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_go_wrong_with_which_request() {
        let of = |method: &str, path: &str| {
            Sort::of(&Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() })
        };
        let reads = ["/data/orders", "/data/trades", "/data/order/0x1", "/balance-allowance", "/book", "/time"];
        assert!(reads.iter().chain(&["/gamma-api/markets", "/data-api/v2/trades"]).all(|p| of("GET", p) == Sort::Read));
        assert_eq!((of("POST", "/books"), of("POST", "/v1/heartbeats")), (Sort::Read, Sort::Heartbeat));
        assert_eq!((of("POST", "/order"), of("DELETE", "/cancel-all")), (Sort::Trading, Sort::Trading));
        let others = ["/", "/ok", "/auth/api-keys", "/auth/derive-api-key", "/relayer/deployed", "/rpc"];
        assert!(others.iter().all(|p| of("GET", p) == Sort::Other));
        assert_eq!(of("POST", "/auth/api-key"), Sort::Other);
    }
}
