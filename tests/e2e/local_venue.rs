//! An `arena sandbox` for commands that need a venue, and wallets that trade there.

use super::command::{arena, command, fixture};
use super::purse::Purse;
use super::world::World;
use polymarket::auth::{Credentials, l1_digest, l1_headers, l2_headers};
use polymarket::{Address, Chain, Domain, Generation, Order, OrderType, SignDigest, SignatureType, Terms};
use schemas::{Bytes32, Side};
use serde_json::{Value, json};
use signer::WalletKey;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// Account 0 of Anvil.
pub const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// A child that does not outlive its test.
pub struct Kept(pub Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A recorded game as a log.
pub fn recording() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("recording").display().to_string();
    let input = fixture("polymarket-l2-nhl/ticks.csv.zst");
    arena(&format!("import --format polymarket-l2 --input {input} --log {log}")).expect_code(0);
    (dir, log)
}

/// A venue on loopback.
pub struct Sandbox {
    _child: Kept,
    pub url: String,
    token: String,
}

impl Sandbox {
    /// With a recording, and more arguments.
    pub fn start(recording: &str, more: &[&str]) -> Self {
        let mut command = command("arena");
        command.args(["sandbox", "--log", recording, "--port", "0", "--warm-up", "120", "--json"]);
        if !more.contains(&"--speed") {
            command.args(["--speed", "20"]);
        }
        let mut child = command.args(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        Self { _child: Kept(child), url: text("url"), token: text("admin_token") }
    }

    /// An answer to a request: its status and its JSON.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body.trim()).unwrap_or_else(|_| Value::String(body.to_owned())))
    }

    /// The body of an answer to a plain request.
    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path, &[], "").1
    }

    /// Changes how the venue is.
    pub fn change(&self, what: &Value) {
        self.administer("/sandbox/state", what);
    }

    /// How the venue is, with every account.
    pub fn state(&self) -> Value {
        self.administer("/sandbox/state", &Value::Object(serde_json::Map::new()))
    }

    /// Changes what goes wrong; what is not named is off.
    pub fn faults(&self, what: &Value) {
        self.administer("/sandbox/faults", what);
    }

    fn administer(&self, path: &str, what: &Value) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let (status, answer) = self.ask("POST", path, &[("Authorization", &bearer)], &what.to_string());
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A configuration that trades here, with more lines of it, by section.
    pub fn config(&self, wallet: &str, more: &str) -> String {
        let url = &self.url;
        format!(
            "mode = \"live\"\n{more}\n[wallet]\nrpc_url = \"{url}/rpc\"\n{wallet}\n[venue]\nclob_url = \"{url}\"\n\
             gamma_url = \"{url}/gamma-api\"\ndata_url = \"{url}/data-api\"\nsocket_url = \"{}/ws\"\n\
             geoblock_url = \"{url}/api/geoblock\"\nmin_liquidity_usdc = \"0\"\nmin_volume_usdc = \"0\"\n",
            url.replacen("http", "ws", 1),
        )
    }

    /// A wallet with a keystore, a policy, and a configuration that trades the game here.
    pub fn trader(&self) -> Purse {
        self.trader_with(KEY, |purse| format!("policy = \"{}\"", policy(purse).display()))
    }

    /// The same with this key, and what more `[wallet]` says.
    pub fn trader_with(&self, key: &str, wallet: impl Fn(&Purse) -> String) -> Purse {
        let purse = self.purse("");
        purse.wallet("import", key).expect_code(0);
        let wallet = format!("{}\npassword_file = \"{}\"", wallet(&purse), purse.path("password").display());
        let game = std::fs::read_to_string(fixture("../../engine/live/src/cmd/demo/nhl.toml")).unwrap();
        purse.private("arena.toml", &self.config(&wallet, &game));
        purse
    }

    /// A wallet whose key is in a file that only the test reads, which costs no second; and more lines of `[wallet]`.
    pub fn purse(&self, wallet: &str) -> Purse {
        let purse = Purse::of("eoa", World::polygon());
        let policy = policy(&purse);
        let lines = format!("policy = \"{}\"\nsource = \"environment\"\n{wallet}", policy.display());
        purse.private("arena.toml", &self.config(&lines, ""));
        purse
    }
}

/// The shipped policy with room for a game.
fn policy(purse: &Purse) -> std::path::PathBuf {
    let text = std::fs::read_to_string(fixture("../../ops/signer-policy.toml")).unwrap();
    let text = text.replace("max_order_usdc = 25", "max_order_usdc = 100");
    purse.private("policy.toml", &text.replace("max_day_usdc = 500", "max_day_usdc = 50000"))
}

/// Another client of the same account: what a person does on the venue's own pages.
pub struct Client<'a> {
    sandbox: &'a Sandbox,
    key: WalletKey,
    pub credentials: Credentials,
    salt: u64,
}

impl<'a> Client<'a> {
    /// Makes the API key of the account, or gets it again.
    pub fn new(sandbox: &'a Sandbox) -> Self {
        Self::of(sandbox, KEY)
    }

    /// The same for another account.
    pub fn of(sandbox: &'a Sandbox, key: &str) -> Self {
        let key = WalletKey::from_hex(key, "the test").unwrap();
        let now = sandbox.get("/time").as_u64().unwrap();
        let Ok(signature) = key.sign(&l1_digest(137, &key.address(), now, 0));
        let headers = l1_headers(&key.address(), &signature, now, 0);
        let headers: Vec<_> = headers.iter().collect();
        let (mut status, mut answer) = sandbox.ask("POST", "/auth/api-key", &headers, "");
        if status != 200 {
            (status, answer) = sandbox.ask("GET", "/auth/derive-api-key", &headers, "");
        }
        assert_eq!(status, 200, "{answer}");
        let credentials = polymarket::wire::rest::credentials(&answer.to_string()).unwrap();
        Self { sandbox, key, credentials, salt: 7 }
    }

    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let now = self.sandbox.get("/time").as_u64().unwrap();
        let signed = (!body.is_empty()).then_some(body.as_bytes());
        let headers = l2_headers(&self.credentials, &self.key.address(), now, method, path, signed).unwrap();
        let headers: Vec<_> = headers.iter().collect();
        self.sandbox.ask(method, path, &headers, body)
    }

    /// How many orders of the account are open.
    pub fn open(&self) -> usize {
        self.ask("GET", "/data/orders", "").1["data"].as_array().unwrap().len()
    }

    /// Wants five shares of the first market's first outcome at a cent, which rests.
    pub fn rest(&mut self) -> String {
        self.buy(50_000, "live")
    }

    /// Buys five shares of the first market's first outcome at whatever they cost.
    pub fn take(&mut self) {
        self.buy(4_950_000, "matched");
    }

    /// Orders five shares for so much at the most, micro-dollars, which has to become of it.
    fn buy(&mut self, micro: u64, becomes: &str) -> String {
        let market = &self.sandbox.get("/gamma-api/markets/keyset?closed=false&limit=1")["markets"][0];
        let (neg_risk, v3) = (market["negRisk"] == json!(true), market["version"] == "v2");
        let field = if v3 { &market["positionIds"] } else { &market["clobTokenIds"] };
        let ids: Vec<String> = match field.as_str() {
            Some(text) => serde_json::from_str(text).unwrap(),
            None => serde_json::from_value(field.clone()).unwrap(),
        };
        self.salt += 1;
        let owner: Address = self.key.address();
        let order = Order {
            salt: self.salt,
            maker: owner,
            signer: owner,
            token: polymarket::token::from_decimal(&ids[0]).unwrap(),
            maker_amount: micro,
            taker_amount: 5_000_000,
            side: Side::Buy,
            signature_type: SignatureType::Eoa,
            timestamp_ms: self.sandbox.get("/time").as_u64().unwrap() * 1_000,
            metadata: Bytes32::ZERO,
            builder: Bytes32::ZERO,
        };
        let generation = if v3 { Generation::V3 } else { Generation::V2 };
        let domain = Domain::exchange(&Chain::POLYGON, generation, neg_risk).unwrap();
        let Ok(signature) = polymarket::order_signature(&order, &domain, &self.key);
        let terms = Terms { order_type: OrderType::Gtc, ..Terms::GTC };
        let body = polymarket::post_body(&order, &signature, &self.credentials.api_key, &terms);
        let (status, answer) = self.ask("POST", "/order", std::str::from_utf8(&body).unwrap());
        assert_eq!((status, answer["status"].as_str()), (200, Some(becomes)), "{answer}");
        answer["orderID"].as_str().unwrap().to_owned()
    }
}

/// Runs `arena` as that purse, with the key in the environment.
pub fn arena_as(purse: &Purse, words: &str, typed: &str) -> super::command::Done {
    purse.arena_with(&words.split_whitespace().collect::<Vec<_>>(), typed, &[("ARENA_WALLET_PRIVATE_KEY", KEY)])
}
