//! A client without a network, and a venue with one market to trade on.

use k256::ecdsa::SigningKey;
use polymarket::auth::{Credentials, l1_digest, l1_headers, l2_headers};
use polymarket::{Address, Chain, Domain, Generation, Order, OrderType, SignDigest, SignatureType, Terms, wallet};
use sandbox::{Answer, Faults, Request, Response, Settings, Venue};
use schemas::event::{BookSnapshot, FeeSchedule, Level, MarketEvent, MarketListed, Resolution, Trade, Venue as At};
use schemas::money::{MICRO, mul_div};
use schemas::{Bytes32, Cash, MarketId, Price, Rounding, Side, Size, TokenId, UtcNanos};
use serde_json::Value;

/// The start of every story: 2026-11-22T00:00:00Z.
pub const START: UtcNanos = UtcNanos(1_795_305_600_000_000_000);
pub const MARKET: MarketId = MarketId(0);

pub fn cents(n: i64) -> Price {
    Price(n * 10_000)
}

pub fn shares(n: i64) -> Size {
    Size(n * MICRO)
}

pub fn dollars(n: i64) -> Cash {
    Cash(n * MICRO)
}

pub fn at_s(s: u64) -> UtcNanos {
    START.plus_secs(s)
}

pub fn listed(protocol: u8, neg_risk: bool) -> MarketListed {
    MarketListed {
        market: MARKET,
        venue: At::Polymarket,
        condition: Bytes32([0xbd; 32]),
        tokens: [Bytes32([0x11; 32]), Bytes32([0x22; 32])],
        slug: "rain".to_owned(),
        question: "Will it rain?".to_owned(),
        group: "weather".to_owned(),
        category: "weather".to_owned(),
        tick: cents(1),
        min_size: shares(5),
        fee: FeeSchedule { rate_ppm: 50_000, exponent: 1, taker_only: true },
        ends: UtcNanos::ZERO,
        neg_risk,
        protocol,
    }
}

pub fn level(price: i64, size: i64) -> Level {
    Level { price: cents(price), size: shares(size) }
}

pub fn snapshot(bids: &[Level], asks: &[Level]) -> MarketEvent {
    MarketEvent::BookSnapshot(Box::new(BookSnapshot {
        token: MARKET.yes(),
        bids: bids.to_vec(),
        asks: asks.to_vec(),
        source_time: UtcNanos::ZERO,
    }))
}

pub fn traded(token: TokenId, aggressor: Side, price: i64, size: i64) -> MarketEvent {
    MarketEvent::Trade(Trade { token, aggressor, price: cents(price), size: shares(size), source_time: UtcNanos::ZERO })
}

pub fn resolved(resolution: Resolution) -> MarketEvent {
    MarketEvent::Resolved { market: MARKET, resolution }
}

/// YES is bid 48 and 49, offered 52 and 54.
pub fn venue_with(settings: Settings, faults: Faults) -> Venue {
    let mut venue = Venue::new(settings, faults);
    venue.feed(START, &MarketEvent::Listed(Box::new(listed(2, false))));
    venue.feed(START, &snapshot(&[level(48, 30), level(49, 20)], &[level(54, 25), level(52, 60)]));
    venue
}

pub fn venue() -> Venue {
    venue_with(Settings { welcome: dollars(1_000), ..Settings::default() }, Faults::default())
}

/// What of an order matters.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub token: TokenId,
    pub side: Side,
    pub price: Price,
    pub size: Size,
    pub kind: OrderType,
    pub post_only: bool,
    pub expiration_s: u64,
}

pub fn buy(price: i64, size: i64) -> Ask {
    Ask {
        token: MARKET.yes(),
        side: Side::Buy,
        price: cents(price),
        size: shares(size),
        kind: OrderType::Gtc,
        post_only: false,
        expiration_s: 0,
    }
}

pub fn sell(price: i64, size: i64) -> Ask {
    Ask { side: Side::Sell, ..buy(price, size) }
}

/// Somebody with a key.
pub struct Bot {
    pub key: SigningKey,
    pub kind: SignatureType,
    pub credentials: Credentials,
    pub domain: Domain,
    salt: u64,
}

pub fn answered(answer: &Answer) -> (u16, Value) {
    let response: &Response = answer.response().expect("an answer");
    (response.status, serde_json::from_str(&response.body).expect("JSON"))
}

impl Bot {
    pub fn new(venue: &mut Venue, seed: u8) -> Self {
        Self::with_wallet(venue, seed, SignatureType::Eoa)
    }

    pub fn with_wallet(venue: &mut Venue, seed: u8, kind: SignatureType) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let (status, body) = answered(&make_key(venue, &key, "POST", "/auth/api-key"));
        assert_eq!(status, 200, "{body}");
        let domain = Domain::exchange(&Chain::POLYGON, Generation::V2, false).unwrap();
        Self { key, kind, credentials: serde_json::from_value(body).unwrap(), domain, salt: 0 }
    }

    pub fn wallet(&self) -> Address {
        let eoa = self.key.address();
        match self.kind {
            SignatureType::Eoa => eoa,
            SignatureType::Proxy => wallet::proxy(eoa),
            SignatureType::Safe => wallet::safe(eoa),
            SignatureType::DepositWallet => wallet::deposit(eoa),
        }
    }

    /// The order, new each time.
    pub fn order(&mut self, venue: &Venue, ask: Ask) -> Order {
        let cash = ask.price.notional(ask.size, Rounding::Floor).unwrap();
        let (maker, taker) = match ask.side {
            Side::Buy => (cash.0, ask.size.0),
            Side::Sell => (ask.size.0, cash.0),
        };
        self.salt += 1;
        let (_, ids) = venue.ids(ask.token.market()).unwrap();
        let id = &ids[usize::from(ask.token == ask.token.market().no())];
        Order {
            salt: self.salt,
            maker: self.wallet(),
            signer: if self.kind == SignatureType::DepositWallet { self.wallet() } else { self.key.address() },
            token: Bytes32::from_decimal(id).unwrap(),
            maker_amount: u64::try_from(maker).unwrap(),
            taker_amount: u64::try_from(taker).unwrap(),
            side: ask.side,
            signature_type: self.kind,
            timestamp_ms: u64::try_from(venue.now().as_millis()).unwrap(),
            metadata: Bytes32::ZERO,
            builder: Bytes32::ZERO,
        }
    }

    pub fn body(&mut self, venue: &Venue, ask: Ask) -> Vec<u8> {
        let order = self.order(venue, ask);
        self.body_of(&order, ask)
    }

    pub fn body_of(&self, order: &Order, ask: Ask) -> Vec<u8> {
        let signature = polymarket::order_signature(order, &self.domain, &self.key).unwrap();
        let terms =
            Terms { order_type: ask.kind, expiration_s: ask.expiration_s, post_only: ask.post_only, defer_exec: false };
        polymarket::post_body(order, &signature, &self.credentials.api_key, &terms)
    }

    /// A signed request.
    pub fn request(&self, venue: &Venue, method: &str, path: &str, query: &str, body: &[u8]) -> Request {
        let signed = Some(body).filter(|b| !b.is_empty());
        let now = u64::try_from(venue.now().as_millis() / 1_000).unwrap();
        let headers = l2_headers(&self.credentials, &self.key.address(), now, method, path, signed).unwrap();
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            body: body.to_vec(),
        }
    }

    pub fn ask(&self, venue: &mut Venue, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = self.request(venue, method, path, query, body);
        let now = venue.now();
        answered(&venue.handle(&request, now))
    }

    pub fn post(&mut self, venue: &mut Venue, ask: Ask) -> (u16, Value) {
        let body = self.body(venue, ask);
        self.ask(venue, "POST", "/order", &body)
    }

    /// Posts an order that must be taken; its id.
    pub fn place(&mut self, venue: &mut Venue, ask: Ask) -> String {
        let (status, body) = self.post(venue, ask);
        assert_eq!((status, body["success"].as_bool()), (200, Some(true)), "{body}");
        body["orderID"].as_str().unwrap().to_owned()
    }

    /// Posts an order that must be refused; the text.
    pub fn refused(&mut self, venue: &mut Venue, ask: Ask) -> (u16, String) {
        let (status, body) = self.post(venue, ask);
        assert_ne!(status, 200, "{body}");
        (status, body["error"].as_str().unwrap().to_owned())
    }

    pub fn cash(&self, venue: &Venue) -> Cash {
        let wallet = self.wallet();
        venue.accounts().into_iter().find(|a| a.wallet == wallet).map_or(Cash::ZERO, |a| a.cash)
    }

    pub fn held(&self, venue: &Venue, token: TokenId) -> Size {
        let (_, ids) = venue.ids(token.market()).unwrap();
        let id = &ids[usize::from(token == token.market().no())];
        let own = venue.accounts().into_iter().find(|a| a.wallet == self.wallet());
        own.and_then(|a| a.shares.get(id).copied()).unwrap_or_default()
    }
}

pub fn make_key(venue: &mut Venue, key: &SigningKey, method: &str, path: &str) -> Answer {
    let address = key.address();
    let now = u64::try_from(venue.now().as_millis() / 1_000).unwrap();
    let signature = key.sign(&l1_digest(137, &address, now, 0)).unwrap();
    let headers = l1_headers(&address, &signature, now, 0);
    let headers = headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let request = Request { method: method.to_owned(), path: path.to_owned(), headers, ..Request::default() };
    let now = venue.now();
    venue.handle(&request, now)
}

/// What anybody may ask.
pub fn get(venue: &mut Venue, path: &str) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request =
        Request { method: "GET".to_owned(), path: path.to_owned(), query: query.to_owned(), ..Request::default() };
    let now = venue.now();
    answered(&venue.handle(&request, now))
}

/// A fee of the market at a price, rounded up to 0.00001 dollars.
pub fn fee(price: i64, size: i64) -> Cash {
    let per_share = mul_div(50_000 * price * (100 - price), 1, 10_000, Rounding::Ceil).unwrap();
    Cash(per_share * size)
}
