//! Who asks: signatures of wallets (L1) and of API keys (L2), and what is done about keys.

use crate::answer::{Request, Response};
use crate::base::seconds;
use crate::clients::Key;
use crate::standing::Standing;
use crate::venue::Venue;
use polymarket::auth::{l1_verify, l2_verify};
use polymarket::{Address, Signature65};
use serde_json::json;

/// The venue's word for whoever it does not know.
pub(crate) fn unauthorized() -> Response {
    Response::error(401, "Unauthorized/Invalid api key")
}

impl Venue {
    /// What the venue's clock shows, Unix seconds.
    pub(crate) fn clock_s(&self) -> i64 {
        seconds(self.now).saturating_add(self.settings.clock_ahead_s)
    }

    /// Whether a signed time is near enough.
    fn is_recent(&self, timestamp_s: u64) -> bool {
        let Some(window) = self.settings.time_window_s else { return true };
        let stamped = i64::try_from(timestamp_s).unwrap_or(i64::MAX);
        stamped.abs_diff(self.clock_s()) <= window
    }

    /// The account and nonce of an L1 request.
    fn l1(&self, request: &Request) -> Result<(Address, u64), Response> {
        let refused = || Response::error(401, "Invalid L1 Request headers");
        let header = |name| request.header(name).ok_or_else(refused);
        let address: Address = header("POLY_ADDRESS")?.parse().map_err(|_| refused())?;
        let timestamp: u64 = header("POLY_TIMESTAMP")?.parse().map_err(|_| refused())?;
        let nonce: u64 = request.header("POLY_NONCE").unwrap_or("0").parse().map_err(|_| refused())?;
        let bytes = polymarket::from_hex(header("POLY_SIGNATURE")?).and_then(|b| <[u8; 65]>::try_from(b).ok());
        let signature = Signature65(bytes.ok_or_else(refused)?);
        let valid = l1_verify(self.settings.chain.id, &address, timestamp, nonce, &signature).is_ok();
        if valid && self.is_recent(timestamp) { Ok((address, nonce)) } else { Err(refused()) }
    }

    /// The API key of an L2 request.
    pub(crate) fn l2(&self, request: &Request) -> Result<(String, Key), Response> {
        let header = |name| request.header(name).ok_or_else(unauthorized);
        let id = header("POLY_API_KEY")?;
        let key = self.clients.key(id).ok_or_else(unauthorized)?;
        let address: Address = header("POLY_ADDRESS")?.parse().map_err(|_| unauthorized())?;
        let timestamp: u64 = header("POLY_TIMESTAMP")?.parse().map_err(|_| unauthorized())?;
        let body = Some(request.body.as_slice()).filter(|body| !body.is_empty());
        let signature = header("POLY_SIGNATURE")?;
        let signed = l2_verify(&key.secret, timestamp, &request.method, &request.path, body, signature);
        let known = address == key.owner && header("POLY_PASSPHRASE")? == key.passphrase.expose();
        if known && signed == Ok(true) && self.is_recent(timestamp) {
            return Ok((id.to_owned(), key.clone()));
        }
        Err(unauthorized())
    }

    /// `POST /auth/api-key`.
    pub(crate) fn create_key(&mut self, request: &Request) -> Result<Response, Response> {
        let (owner, nonce) = self.l1(request)?;
        self.meet(owner);
        let made = self.clients.create(owner, nonce, false).ok_or_else(|| Response::bad("Could not create api key"))?;
        Ok(shown(&made))
    }

    /// `GET /auth/derive-api-key`.
    pub(crate) fn derive_key(&mut self, request: &Request) -> Result<Response, Response> {
        let (owner, nonce) = self.l1(request)?;
        let found = self.clients.derive(owner, nonce);
        Ok(shown(&found.ok_or_else(|| Response::bad("Could not derive api key!"))?))
    }

    /// Everything else about keys, for who has one.
    pub(crate) fn about_keys(&mut self, request: &Request, id: &str, key: &Key) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/auth/api-keys") => Response::ok(&json!({ "apiKeys": self.clients.of(key.owner, false) })),
            ("DELETE", "/auth/api-key") => {
                self.clients.delete(id);
                Response::ok(&json!("OK"))
            }
            ("GET", "/auth/ban-status/closed-only") => {
                let closed_only = self.standing(key.owner, key.owner) == Standing::ClosedOnly;
                Response::ok(&json!({ "closed_only": closed_only }))
            }
            ("POST", "/auth/readonly-api-key") => {
                let nonce = self.count();
                match self.clients.create(key.owner, nonce, true) {
                    Some((id, _)) => Response::ok(&json!({ "apiKey": id })),
                    None => Response::bad("Could not create api key"),
                }
            }
            ("GET", "/auth/readonly-api-keys") => {
                Response::ok(&json!({ "readonlyApiKeys": self.clients.of(key.owner, true) }))
            }
            ("DELETE", "/auth/readonly-api-key") => {
                let body = request.json().unwrap_or_default();
                let named = body.get("key").and_then(|k| k.as_str()).unwrap_or_default();
                if self.clients.of(key.owner, true).iter().any(|k| k == named) {
                    self.clients.delete(named);
                    return Response::ok(&json!("OK"));
                }
                Response::missing("api key not found")
            }
            _ => Response::missing("not found"),
        }
    }

    /// Opens the account's own wallet when it first comes.
    fn meet(&mut self, owner: Address) {
        self.account_of(owner);
    }
}

fn shown((id, key): &(String, Key)) -> Response {
    let (secret, passphrase) = (key.secret.expose(), key.passphrase.expose());
    Response::ok(&json!({ "apiKey": id, "secret": secret, "passphrase": passphrase }))
}
