//! What an answer means for what was asked (section 5 of the protocol notes, "Error texts" and "Outcome classes").
//!
//! # Rules
//!
//! An order is *refused* if the answer to its first attempt is 400, 401, 403 or 404, or if an answer 200 says so; it
//! was
//! *stopped at the gate* by a 429 that counts requests (`Poly-RateLimit-*`). Everything else leaves its fate *unknown*:
//! no
//! answer, 425, other 429s, 5xx whatever their text, and a 200 that cannot be read or speaks of another order. A refusal of
//! a repeated attempt is *refused again*: this attempt did nothing, but an earlier one may have been taken. One refusal
//! proves that: "Duplicated" says that the venue has the order. And one is none: "match delayed" says that the venue may
//! still match it.

use super::OrderAnswer;
use schemas::Bytes32;
use serde::Deserialize;

/// An HTTP answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// Its headers, names of any case.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body.
    pub body: &'a str,
}

/// Whether the same bytes may have reached the venue before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Never.
    First,
    /// An earlier attempt ended without an answer.
    Repeated,
}

/// What became of what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// Done.
    Done(T),
    /// The venue already has the order: its id is known there.
    Duplicate,
    /// Not done, and it never will be.
    Rejected(Rejection),
    /// This attempt was refused; what became of earlier ones it does not say. Look for the order by its id.
    RefusedAgain(Rejection),
    /// Not done: the request was one too many. Ask again later, with the same bytes.
    Limited(RateLimit),
    /// Perhaps done. Keep what is reserved for it, and find out by the order's id.
    Unknown(Unknown),
}

/// Why the venue refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status.
    pub status: u16,
    /// What the text means.
    pub reason: Reason,
    /// The venue's words, cut and escaped.
    pub text: String,
}

impl Rejection {
    /// Whether the venue looked at the order, and not only at who asks.
    pub fn speaks_of_order(&self) -> bool {
        !matches!(self.status, 401 | 403) && !matches!(self.reason, Reason::Unauthorized | Reason::Other)
    }
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say what the texts in TEXTS say")]
pub enum Reason {
    Payload,
    OwnerNotKey,
    SignerNotKey,
    DepositWalletNeeded,
    OldVersion,
    Banned,
    ClosedOnly,
    PostOnlyCrosses,
    TickSize,
    MinimumSize,
    Duplicate,
    Crosses,
    MarketableMinimum,
    Balance,
    Expiration,
    CanceledOnChain,
    Delayed,
    MarketNotReady,
    FokUnfilled,
    FakUnmatched,
    TooMany,
    InvalidOrderId,
    Unauthorized,
    NoOrderBook,
    MarketNotFound,
    Other,
}

/// Parts of the venue's texts, in lower case; the first that occurs decides.
const TEXTS: [(&str, Reason); 28] = [
    ("invalid order payload", Reason::Payload),
    ("the order owner has to be the owner of the api key", Reason::OwnerNotKey),
    ("the order signer address has to be the address of the api key", Reason::SignerNotKey),
    ("please use the deposit wallet flow", Reason::DepositWalletNeeded),
    ("order_version_mismatch", Reason::OldVersion),
    ("invalid order version", Reason::OldVersion),
    ("address banned", Reason::Banned),
    ("in closed only mode", Reason::ClosedOnly),
    ("invalid post-only order", Reason::PostOnlyCrosses),
    ("breaks minimum tick size rule", Reason::TickSize),
    ("lower than the minimum", Reason::MinimumSize),
    ("duplicated", Reason::Duplicate),
    ("crosses the book", Reason::Crosses),
    ("invalid amount for a marketable", Reason::MarketableMinimum),
    ("not enough balance", Reason::Balance),
    ("invalid expiration", Reason::Expiration),
    ("order canceled in the ctf exchange contract", Reason::CanceledOnChain),
    ("order match delayed", Reason::Delayed),
    ("not yet ready to process new orders", Reason::MarketNotReady),
    ("fok orders are fully filled or killed", Reason::FokUnfilled),
    ("no orders found to match with fak", Reason::FakUnmatched),
    ("too many orders in payload", Reason::TooMany),
    ("invalid orderid", Reason::InvalidOrderId),
    ("unauthorized", Reason::Unauthorized),
    ("invalid api key", Reason::Unauthorized),
    ("invalid l1 request headers", Reason::Unauthorized),
    ("no orderbook exists", Reason::NoOrderBook),
    ("market not found", Reason::MarketNotFound),
];

impl Reason {
    /// What a text of the venue means.
    pub fn of(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        TEXTS.iter().find(|(part, _)| lower.contains(part)).map_or(Self::Other, |(_, reason)| *reason)
    }
}

/// Why it is not known what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The HTTP status.
    pub status: u16,
    /// A state of the venue that explains it.
    pub mode: Option<Mode>,
    /// Seconds after which to ask again, if the venue said.
    pub retry_after_s: Option<u64>,
    /// The venue's words, cut and escaped; or what is wrong with its answer.
    pub text: String,
}

/// A state of the venue in which it does not do all it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The matching engine restarts: weekly, for about 90 s. About 2 minutes of [`Mode::PostOnly`] follow.
    Restarting,
    /// Only post-only orders and cancels.
    PostOnly,
    /// Only cancels.
    CancelOnly,
    /// Nothing, not even cancels.
    Disabled,
}

/// What the venue says about the rate of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens left; below zero after a large cancel.
    pub remaining: Option<i64>,
    /// Unix seconds at which the bucket is full again.
    pub reset_s: Option<u64>,
    /// The signer's tier.
    pub tier: Option<String>,
    /// That the limit would have been enforced.
    pub warning: Option<String>,
    /// Seconds to wait.
    pub retry_after_s: Option<u64>,
}

impl RateLimit {
    /// Whether it is a signer's bucket that was counted.
    pub fn is_counted(&self) -> bool {
        self.remaining.is_some() || self.reset_s.is_some() || self.tier.is_some()
    }
}

/// What the headers of any answer say about the rate. Values that cannot be read are left out.
pub fn rate_limit(headers: &[(&str, &str)]) -> RateLimit {
    let get = |name: &str| {
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    let short = |text: &str| text.chars().take(64).collect::<String>().escape_debug().to_string();
    RateLimit {
        remaining: get("Poly-RateLimit-Remaining").and_then(|text| text.parse().ok()),
        reset_s: get("Poly-RateLimit-Reset").and_then(|text| text.parse().ok()),
        tier: get("Poly-RateLimit-Tier").map(short),
        warning: get("Poly-RateLimit-Warning").map(short),
        retry_after_s: get("Retry-After").and_then(|text| text.parse().ok()),
    }
}

/// The body of a refusal.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Option<String>,
    #[serde(default, rename = "errorMsg")]
    error_message: Option<String>,
    #[serde(default)]
    error_msg: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    retry_after_seconds: Option<u64>,
}

/// Reads any answer. What it gave is for the caller to read; a body that cannot be read is [`Outcome::Unknown`] too.
pub fn classify(answer: &Answer<'_>, attempt: Attempt) -> Outcome<()> {
    if (200..300).contains(&answer.status) {
        return Outcome::Done(());
    }
    let refusal: Refusal = serde_json::from_str(answer.body).unwrap_or_default();
    let text = refusal.error.or(refusal.error_message).or(refusal.error_msg);
    let text = text.unwrap_or_else(|| answer.body.to_owned());
    let limit = rate_limit(answer.headers);
    let reason = Reason::of(&text);
    match answer.status {
        429 if limit.is_counted() => Outcome::Limited(limit),
        400 if reason == Reason::Duplicate => Outcome::Duplicate,
        400 | 401 | 403 | 404 if reason != Reason::Delayed => {
            refusal_at(attempt, Rejection { status: answer.status, reason, text: shown(&text) })
        }
        status => Outcome::Unknown(Unknown {
            status,
            mode: mode(status, &text, refusal.code.as_deref()),
            retry_after_s: limit.retry_after_s.or(refusal.retry_after_seconds),
            text: shown(&text),
        }),
    }
}

/// The state of the venue that an error speaks of.
fn mode(status: u16, text: &str, code: Option<&str>) -> Option<Mode> {
    let lower = text.to_ascii_lowercase();
    match status {
        425 => Some(Mode::Restarting),
        503 if code == Some("post_only_mode") || lower.contains("post-only mode") => Some(Mode::PostOnly),
        503 if lower.contains("cancel-only") => Some(Mode::CancelOnly),
        503 if lower.contains("trading is currently disabled") => Some(Mode::Disabled),
        _ => None,
    }
}

/// Reads the answer to `POST /order` of the order with this id.
pub fn classify_post(answer: &Answer<'_>, attempt: Attempt, id: &Bytes32) -> Outcome<OrderAnswer> {
    match classify(answer, attempt) {
        Outcome::Done(()) => match super::read::<OrderAnswer>(answer.body) {
            Ok(leg) => classify_leg(leg, answer.status, attempt, id),
            Err(e) => unknown(answer.status, &format!("the answer cannot be read: {e}")),
        },
        Outcome::Duplicate => Outcome::Duplicate,
        Outcome::Rejected(rejection) => Outcome::Rejected(rejection),
        Outcome::RefusedAgain(rejection) => Outcome::RefusedAgain(rejection),
        Outcome::Limited(limit) => Outcome::Limited(limit),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    }
}

/// Reads the answer to `POST /orders` of orders with these ids, one outcome for each, in their order.
pub fn classify_batch(answer: &Answer<'_>, attempt: Attempt, ids: &[Bytes32]) -> Vec<Outcome<OrderAnswer>> {
    let all = |outcome: Outcome<OrderAnswer>| ids.iter().map(|_| outcome.clone()).collect();
    match classify(answer, attempt) {
        Outcome::Done(()) => match super::read::<Vec<OrderAnswer>>(answer.body) {
            Ok(legs) if legs.len() == ids.len() => {
                let each = legs.into_iter().zip(ids);
                each.map(|(leg, id)| classify_leg(leg, answer.status, attempt, id)).collect()
            }
            Ok(legs) => all(unknown(answer.status, &format!("{} answers to {} orders", legs.len(), ids.len()))),
            Err(e) => all(unknown(answer.status, &format!("the answer cannot be read: {e}"))),
        },
        Outcome::Duplicate => {
            all(unknown(answer.status, "an order of the batch is known to the venue; which, it does not say"))
        }
        Outcome::Rejected(rejection) => all(Outcome::Rejected(rejection)),
        Outcome::RefusedAgain(rejection) => all(Outcome::RefusedAgain(rejection)),
        Outcome::Limited(limit) => all(Outcome::Limited(limit)),
        Outcome::Unknown(why) => all(Outcome::Unknown(why)),
    }
}

fn classify_leg(leg: OrderAnswer, status: u16, attempt: Attempt, id: &Bytes32) -> Outcome<OrderAnswer> {
    if let Some(accepted) = leg.accepted() {
        return if accepted == *id {
            Outcome::Done(leg)
        } else {
            unknown(status, &format!("the answer is about order 0x{accepted}"))
        };
    }
    let reason = Reason::of(&leg.error);
    if reason == Reason::Duplicate {
        return Outcome::Duplicate;
    }
    // An id beside an error says two things; so does success beside nothing at all.
    let clear = leg.id.is_none() && (!leg.success || !leg.error.is_empty());
    if clear && reason != Reason::Delayed {
        return refusal_at(attempt, Rejection { status, reason, text: shown(&leg.error) });
    }
    unknown(status, &leg.error)
}

fn refusal_at<T>(attempt: Attempt, rejection: Rejection) -> Outcome<T> {
    match attempt {
        Attempt::First => Outcome::Rejected(rejection),
        Attempt::Repeated => Outcome::RefusedAgain(rejection),
    }
}

fn unknown<T>(status: u16, text: &str) -> Outcome<T> {
    Outcome::Unknown(Unknown { status, mode: None, retry_after_s: None, text: shown(text) })
}

/// Text from outside, cut and escaped.
fn shown(text: &str) -> String {
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}
