//! Logging in: from a wallet to an API key that the venue takes, and requests signed with it.
//!
//! The API key is kept between runs, encrypted like the wallet's key and beside it, and asked for anew when the venue refuses
//! it, when it is another wallet's or another venue's, or when its file cannot be opened. Nothing is lost with the file: the
//! same wallet and nonce get the same key from the venue.

use super::talk::{Talk, good, refusal, unreachable};
use super::wallet::{Keys, sign_failure};
use crate::engine::{Clock, WallClock};
use crate::exit::{Code, Failure};
use polymarket::Address;
use polymarket::auth::{Credentials, l1_headers, l2_headers};
use polymarket::wire::rest::{self, CURSOR_START};
use polymarket::wire::user::OrderState;
use schemas::time::NANOS_PER_SEC;
use signer::KeyError;
use signer::keystore::ApiCredentials;
use venues::wire::{Answer, Call, CallId, Host, Method, NoAnswer};

/// Gets the same API key each time.
const KEY_NONCE: u64 = 0;
/// Pages of open orders that are read: the venue lists hundreds a page.
const PAGES_MAX: usize = 200;

/// Where the API key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the file beside the keystore.
    Stored,
    /// From the venue, for a signature of the wallet.
    Derived,
}

/// An account at the venue, logged in.
pub(super) struct Login {
    /// Whose API key it is: the key's own account.
    pub address: Address,
    /// The API key.
    pub credentials: Credentials,
    /// Where it came from.
    pub origin: Origin,
    clock: VenueClock,
}

/// The venue's clock, as far as whole seconds tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VenueClock {
    /// The venue's time less this machine's, ns.
    pub ahead: i64,
    /// How long the answer took, ns.
    pub took: i64,
}

impl VenueClock {
    /// Asks the venue what time it is.
    pub fn ask(talk: &mut Talk) -> Result<Self, Failure> {
        let before = WallClock.now();
        let text = talk.get(Host::Clob, "/time")?;
        let took = WallClock.now().since(before).max(0);
        let venue = rest::server_time(&text)
            .map_err(|e| Failure::new(Code::Error, format!("the venue's time cannot be read: {e}")))?;
        // Whole seconds: on average half of one is gone.
        Ok(Self { ahead: venue.0 + NANOS_PER_SEC / 2 - (before.0 + took / 2), took })
    }

    /// The venue's Unix seconds.
    fn seconds(self) -> u64 {
        u64::try_from(WallClock.now().0.saturating_add(self.ahead) / NANOS_PER_SEC).unwrap_or(0)
    }
}

impl Login {
    /// Logs in, with the stored API key if there is one that the venue takes.
    pub fn new(talk: &mut Talk, keys: &mut Keys<'_>) -> Result<Self, Failure> {
        let clock = VenueClock::ask(talk)?;
        if let Some(login) = Self::stored(talk, keys, clock)? {
            return Ok(login);
        }
        let signer = keys.login_signer()?;
        let seconds = clock.seconds();
        let signature = signer.sign_l1(seconds, KEY_NONCE).map_err(sign_failure)?;
        let address = signer.address();
        let headers = || Some(l1_headers(&address, &signature, seconds, KEY_NONCE));
        let mut ask = |method, target: &str| talk.ask(Host::Clob, method, target, headers(), Vec::new());
        let mut answer = ask(Method::Post, "/auth/api-key").map_err(|e| unreachable(&e))?;
        if answer.status != 200 {
            // It exists already.
            answer = ask(Method::Get, "/auth/derive-api-key").map_err(|e| unreachable(&e))?;
        }
        if answer.status != 200 {
            let what = format!("the venue gives {address} no API key: {}", refusal(&answer));
            return Err(Failure::new(Code::Error, what).next(
                "`arena doctor` looks for the cause; `arena wallet show` says which address asks: is it registered?",
            ));
        }
        let credentials = rest::credentials(&answer.body)
            .map_err(|e| Failure::new(Code::Error, format!("the venue's API key cannot be read: {e}")))?;
        keep(keys, &talk.clob_url, address, &credentials);
        Ok(Self { address, credentials, origin: Origin::Derived, clock })
    }

    /// The stored API key, if it is this wallet's and this venue's and the venue takes it.
    fn stored(talk: &mut Talk, keys: &mut Keys<'_>, clock: VenueClock) -> Result<Option<Self>, Failure> {
        let path = keys.credentials_file();
        if !path.exists() {
            return Ok(None);
        }
        let Some(password) = keys.password()? else { return Ok(None) };
        let found = match ApiCredentials::open(&path, &password) {
            Ok(found) => found,
            // The key beside it has the same password: that one then says what is wrong.
            Err(KeyError::WrongPassword { .. }) => return Ok(None),
            Err(e) => {
                keys.say(&format!("the stored API key is of no use, the venue is asked again: {e}"));
                return Ok(None);
            }
        };
        let other = keys.known_address().is_some_and(|known| known != found.address());
        if other || found.venue() != talk.clob_url {
            return Ok(None);
        }
        let credentials = found.credentials().clone();
        let login = Self { address: found.address(), credentials, origin: Origin::Stored, clock };
        let answer = login.ask(talk, Method::Get, "/auth/api-keys", Vec::new()).map_err(|e| unreachable(&e))?;
        match answer.status {
            401 => {
                keys.say("the venue refuses the stored API key; it is asked for another");
                Ok(None)
            }
            _ => good(Ok(answer), "/auth/api-keys").map(|_| Some(login)),
        }
    }

    /// A request in the account's name, complete.
    pub fn call(&self, id: CallId, method: Method, target: &str, body: Vec<u8>) -> Result<Call, NoAnswer> {
        let signed = (!body.is_empty()).then_some(&body[..]);
        let headers =
            l2_headers(&self.credentials, &self.address, self.clock.seconds(), method.as_str(), target, signed)
                .map_err(|e| NoAnswer::NotSent(e.to_string()))?;
        let target = target.to_owned();
        Ok(Call { id, host: Host::Clob, method, target, headers: Some(headers), body, timeout_ms: 10_000 })
    }

    /// Asks in the account's name, and waits.
    pub fn ask(&self, talk: &mut Talk, method: Method, target: &str, body: Vec<u8>) -> Result<Answer, NoAnswer> {
        let call = self.call(CallId(0), method, target, body)?;
        talk.ask(call.host, call.method, &call.target, call.headers, call.body)
    }

    /// The same, for an answer that must be 200.
    pub fn get(&self, talk: &mut Talk, target: &str) -> Result<String, Failure> {
        good(self.ask(talk, Method::Get, target, Vec::new()), target)
    }

    /// Every open order of the account, of one market if it is named.
    pub fn open_orders(&self, talk: &mut Talk, market: Option<&schemas::Bytes32>) -> Result<Vec<OrderState>, Failure> {
        let mut found = Vec::new();
        let mut cursor = CURSOR_START.to_owned();
        for _ in 0..PAGES_MAX {
            let market = market.map(|m| format!("market=0x{m}&")).unwrap_or_default();
            let text = self.get(talk, &format!("/data/orders?{market}next_cursor={cursor}"))?;
            let bad = |e: String| Failure::new(Code::Error, format!("the list of open orders cannot be read: {e}"));
            let page = rest::page::<OrderState>(&text).map_err(|e| bad(e.to_string()))?;
            for entry in page.entries {
                found.push(entry.map_err(|e| bad(e.error.to_string()))?);
            }
            match page.next {
                Some(next) => cursor = next,
                None => return Ok(found),
            }
        }
        Err(Failure::new(Code::Error, "the list of open orders has no end"))
    }
}

/// Stores an API key for the next start. Without it that one asks the venue, as this one did.
fn keep(keys: &mut Keys<'_>, venue: &str, address: Address, credentials: &Credentials) {
    let Ok(Some(password)) = keys.password() else { return };
    let path = keys.credentials_file();
    let kept = ApiCredentials::new(address, venue, credentials.clone()).and_then(|c| c.replace(&path, &password));
    if let Err(e) = kept {
        keys.say(&format!("the API key is not kept for the next start: {e}"));
    }
}
