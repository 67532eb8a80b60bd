//! A little of Polygon: JSON-RPC that reads the sandbox's balances and allowances, and takes the transactions that wallets
//! send. Each is mined at once.

use crate::answer::{Request, Response};
use crate::base::{derived, hash_text};
use crate::rlp;
use crate::settings::Settings;
use crate::venue::Venue;
use polymarket::hash::{word, word128};
use polymarket::tx::{Transaction, transaction_hash};
use polymarket::{Address, Contract, Generation};
use schemas::{Bytes32, Cash, Rounding, Size};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a transaction left behind.
#[derive(Clone, Copy, Debug)]
struct Receipt {
    from: Address,
    to: Address,
    succeeded: bool,
    block: u64,
}

/// Allowances, nonces and receipts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// pUSD that a spender may move for an owner. All ones is without end.
    allowances: BTreeMap<(Address, Address), Bytes32>,
    /// Whether an operator may move an owner's tokens of one of the two contracts.
    operators: BTreeMap<(Address, Address, Address), bool>,
    nonces: BTreeMap<Address, u64>,
    receipts: BTreeMap<Bytes32, Receipt>,
    /// USDC and USDC.e, which are nothing at the exchange.
    other: BTreeMap<(Address, Address), u64>,
    block: u64,
    known: BTreeSet<Bytes32>,
}

/// 2^256 - 1 as text.
pub(crate) fn unlimited_text() -> String {
    polymarket::token::to_decimal(&polymarket::calldata::UNLIMITED)
}

impl Chain {
    fn allowance_word(&self, owner: Address, spender: Address, settings: &Settings) -> Bytes32 {
        let stated = self.allowances.get(&(owner, spender)).copied();
        stated.unwrap_or(if settings.approved { polymarket::calldata::UNLIMITED } else { Bytes32::ZERO })
    }

    pub fn allowance(&self, owner: Address, spender: Address, settings: &Settings) -> Cash {
        let allowed = self.allowance_word(owner, spender, settings);
        let high = allowed.0[..24].iter().any(|b| *b != 0) || allowed.0[24] >= 0x80;
        let low = allowed.0[24..].iter().fold(0i64, |n, b| n << 8 | i64::from(*b));
        Cash(if high { i64::MAX } else { low })
    }

    pub fn allowance_text(&self, owner: Address, spender: Address, settings: &Settings) -> String {
        polymarket::token::to_decimal(&self.allowance_word(owner, spender, settings))
    }

    pub fn is_operator(&self, generation: Generation, owner: Address, spender: Address, settings: &Settings) -> bool {
        let ledger = settings.chain.positions(generation);
        ledger.is_ok_and(|ledger| self.operators.get(&(ledger, owner, spender)).copied().unwrap_or(settings.approved))
    }
}

/// The arguments of a call, word by word.
struct Call<'a> {
    selector: [u8; 4],
    words: Vec<&'a [u8; 32]>,
}

impl<'a> Call<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let (selector, rest) = data.split_first_chunk::<4>()?;
        Some(Self { selector: *selector, words: rest.as_chunks::<32>().0.iter().collect() })
    }

    fn address(&self, at: usize) -> Option<Address> {
        let word = self.words.get(at)?;
        let mut out = [0; 20];
        out.copy_from_slice(&word[12..]);
        word[..12].iter().all(|b| *b == 0).then_some(Address(out))
    }

    fn word(&self, at: usize) -> Option<Bytes32> {
        self.words.get(at).map(|w| Bytes32(**w))
    }

    fn amount(&self, at: usize) -> Option<i64> {
        let word = self.words.get(at)?;
        let low = word[24..].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        (word[..24].iter().all(|b| *b == 0)).then(|| i64::try_from(low).ok()).flatten()
    }
}

const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const ALLOWANCE: [u8; 4] = [0xdd, 0x62, 0xed, 0x3e];
const TOKEN_BALANCE: [u8; 4] = [0x00, 0xfd, 0xd5, 0x8e];
const TOKEN_BALANCES: [u8; 4] = [0x4e, 0x12, 0x73, 0xf4];
const APPROVE_ALL: [u8; 4] = [0xa2, 0x2c, 0xb4, 0x65];
const IS_APPROVED: [u8; 4] = [0xe9, 0x85, 0xe9, 0xc5];
const REDEEM: [u8; 4] = [0x01, 0xb7, 0x03, 0x7c];
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

/// The first four bytes of the hash of a signature, taken from calldata that the protocol writes.
fn selector_of(data: &[u8]) -> [u8; 4] {
    data.first_chunk().copied().unwrap_or_default()
}

/// 0x and the shortest hex of a number.
fn quantity(n: u128) -> Value {
    json!(format!("{n:#x}"))
}

impl Venue {
    /// A JSON-RPC request, or a list of them.
    pub(crate) fn polygon(&mut self, request: &Request) -> Response {
        match request.json() {
            Some(Value::Array(calls)) => {
                let all: Vec<Value> = calls.iter().map(|call| self.rpc(call)).collect();
                Response::ok(&Value::Array(all))
            }
            Some(call) => Response::ok(&self.rpc(&call)),
            None => Response::bad("not JSON-RPC"),
        }
    }

    fn rpc(&mut self, call: &Value) -> Value {
        let id = call.get("id").cloned().unwrap_or_default();
        let method = call.get("method").and_then(Value::as_str).unwrap_or_default();
        let none = Vec::new();
        let params = call.get("params").and_then(Value::as_array).unwrap_or(&none);
        match self.rpc_result(method, params) {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err((code, message)) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
        }
    }

    fn rpc_result(&mut self, method: &str, params: &[Value]) -> Result<Value, (i64, String)> {
        let text = |at: usize| params.get(at).and_then(Value::as_str).unwrap_or_default();
        let bad = || (-32_602, "invalid params".to_owned());
        Ok(match method {
            "eth_chainId" => quantity(u128::from(self.settings.chain.id)),
            "net_version" => json!(self.settings.chain.id.to_string()),
            "eth_blockNumber" => quantity(u128::from(self.chain.block)),
            "eth_gasPrice" => quantity(30_000_000_000),
            "eth_maxPriorityFeePerGas" => quantity(30_000_000_000),
            "eth_feeHistory" => json!({
                "oldestBlock": "0x0", "baseFeePerGas": ["0x6fc23ac00", "0x6fc23ac00"], "gasUsedRatio": [0.5],
                "reward": [["0x6fc23ac00"]],
            }),
            "eth_estimateGas" => quantity(120_000),
            // Gas costs nothing here, but wallets look whether they could pay it.
            "eth_getBalance" => quantity(10_000_000_000_000_000_000),
            "eth_getCode" => {
                let address: Address = text(0).parse().map_err(|_| bad())?;
                let is_contract = self.settings.chain.contracts().any(|(_, known)| known == address);
                let is_wallet = self.clients.account(address).is_some() && !self.clients.is_owner(address);
                json!(if is_contract || is_wallet { "0x60" } else { "0x" })
            }
            "eth_getTransactionCount" => {
                let address: Address = text(0).parse().map_err(|_| bad())?;
                quantity(u128::from(self.chain.nonces.get(&address).copied().unwrap_or(0)))
            }
            "eth_call" => {
                let call = params.first().ok_or_else(bad)?;
                let field = |name| call.get(name).and_then(Value::as_str);
                let to: Address = field("to").and_then(|t| t.parse().ok()).ok_or_else(bad)?;
                let data = field("data").or(field("input")).and_then(polymarket::from_hex).ok_or_else(bad)?;
                let answer = Call::read(&data).and_then(|call| self.view(to, &call));
                json!(polymarket::hex(&answer.ok_or((3, "execution reverted".to_owned()))?))
            }
            "eth_sendRawTransaction" => json!(hash_text(&self.send_raw(text(0))?)),
            "eth_getTransactionReceipt" => {
                let hash = Bytes32::from_hex(text(0)).ok_or_else(bad)?;
                self.chain.receipts.get(&hash).map_or(Value::Null, |r| receipt(&hash, r))
            }
            _ => return Err((-32_601, format!("the method {} does not exist here", method.escape_debug()))),
        })
    }

    /// Whether a wallet contract is there, as the relayer sees it.
    fn is_deployed(&self, address: Address) -> bool {
        self.settings.deployed || self.clients.account(address).is_some()
    }

    fn contract(&self, address: Address) -> Option<Contract> {
        self.settings.chain.contracts().find(|(_, known)| *known == address).map(|(c, _)| c)
    }

    fn cash_of(&self, wallet: Address) -> u64 {
        let cash = self.clients.account(wallet).and_then(|id| self.exchange.account(id)).map_or(0, |a| a.cash.0);
        u64::try_from(cash).unwrap_or(0)
    }

    fn shares_of(&self, wallet: Address, id: &Bytes32) -> u64 {
        let held = self.clients.account(wallet).and_then(|id| self.exchange.account(id));
        let shares = held.zip(self.catalogue.token_of(id)).map_or(0, |(a, token)| a.shares(token).0);
        u64::try_from(shares).unwrap_or(0)
    }

    /// What a call that changes nothing returns. `None`: it reverts.
    fn view(&self, to: Address, call: &Call<'_>) -> Option<Vec<u8>> {
        let one = |n: u64| Some(word(n).0.to_vec());
        match (self.contract(to)?, call.selector) {
            (Contract::Pusd, BALANCE_OF) => one(self.cash_of(call.address(0)?)),
            (Contract::Usdc | Contract::UsdcE, BALANCE_OF) => {
                one(self.chain.other.get(&(to, call.address(0)?)).copied().unwrap_or(0))
            }
            (Contract::Pusd | Contract::Usdc | Contract::UsdcE, DECIMALS) => one(6),
            (Contract::Pusd, ALLOWANCE) => {
                Some(self.chain.allowance_word(call.address(0)?, call.address(1)?, &self.settings).0.to_vec())
            }
            (Contract::Usdc | Contract::UsdcE, ALLOWANCE) => Some(
                self.chain
                    .allowances
                    .get(&(call.address(0)?, call.address(1)?))
                    .copied()
                    .unwrap_or_default()
                    .0
                    .to_vec(),
            ),
            (Contract::Ctf | Contract::PositionManager, TOKEN_BALANCE) => {
                one(self.shares_of(call.address(0)?, &call.word(1)?))
            }
            (Contract::Ctf | Contract::PositionManager, TOKEN_BALANCES) => {
                let count = usize::try_from(call.amount(2)?).ok().filter(|n| *n <= 1_000)?;
                let mut out = [word(32).0, word128(count as u128).0].concat();
                for i in 0..count {
                    let (owner, id) = (call.address(3 + i)?, call.word(4 + count + i)?);
                    out.extend_from_slice(&word(self.shares_of(owner, &id)).0);
                }
                Some(out)
            }
            (Contract::Ctf | Contract::PositionManager, IS_APPROVED) => {
                let key = (to, call.address(0)?, call.address(1)?);
                one(u64::from(self.chain.operators.get(&key).copied().unwrap_or(self.settings.approved)))
            }
            (Contract::DepositWalletFactory, s) if s == selector_of(&polymarket::calldata::factory_beacon()) => {
                let beacon = self.settings.chain.address(Contract::DepositWalletBeacon).ok()?;
                Some(polymarket::hash::address_word(&beacon).0.to_vec())
            }
            _ => None,
        }
    }

    /// A signed transaction: checked, applied, mined.
    fn send_raw(&mut self, text: &str) -> Result<Bytes32, (i64, String)> {
        let raw = polymarket::from_hex(text).ok_or((-32_602, "invalid params".to_owned()))?;
        let (transaction, from) = rlp::read(&raw).map_err(|e| (-32_000, e.to_string()))?;
        let hash = transaction_hash(&raw);
        if self.chain.receipts.contains_key(&hash) {
            return Err((-32_000, "already known".to_owned()));
        }
        let (chain_id, nonce, to, data) = match &transaction {
            Transaction::Eip1559(t) => (t.chain_id, t.nonce, t.to, &t.data),
            Transaction::Legacy(t) => (t.chain_id, t.nonce, t.to, &t.data),
        };
        if chain_id != self.settings.chain.id {
            return Err((-32_000, "invalid chain id for signer".to_owned()));
        }
        let expected = self.chain.nonces.entry(from).or_insert(0);
        if nonce != *expected {
            let word = if nonce < *expected { "low" } else { "high" };
            return Err((-32_000, format!("nonce too {word}: next nonce {expected}, tx nonce {nonce}")));
        }
        *expected += 1;
        let succeeded = Call::read(data).is_some_and(|call| self.execute(from, to, &call).is_some());
        self.chain.block += 1;
        let receipt = Receipt { from, to, succeeded, block: self.chain.block };
        self.chain.receipts.insert(hash, receipt);
        self.chain.known.insert(derived(&[b"block", &self.chain.block.to_be_bytes()]));
        Ok(hash)
    }

    /// What a transaction does. `None`: it reverts and changes nothing.
    fn execute(&mut self, from: Address, to: Address, call: &Call<'_>) -> Option<()> {
        let contract = self.contract(to)?;
        let unwrap = selector_of(&polymarket::calldata::offramp_unwrap(&from, &from, 0));
        let wrap = selector_of(&polymarket::calldata::onramp_wrap(&from, &from, 0));
        let router = selector_of(&polymarket::calldata::router_redeem(&[0; 31], 0, 0));
        match (contract, call.selector) {
            (Contract::Pusd, TRANSFER) => {
                let (to, amount) = (call.address(0)?, call.amount(1)?);
                self.take_cash(from, amount)?;
                self.fund(to, Cash(amount));
            }
            (Contract::Pusd | Contract::Usdc | Contract::UsdcE, APPROVE) => {
                self.chain.allowances.insert((from, call.address(0)?), call.word(1)?);
            }
            (Contract::Usdc | Contract::UsdcE, TRANSFER) => {
                let amount = u64::try_from(call.amount(1)?).ok()?;
                self.move_other(to, from, call.address(0)?, amount)?;
            }
            (Contract::Ctf | Contract::PositionManager, APPROVE_ALL) => {
                self.chain.operators.insert((to, from, call.address(0)?), call.amount(1)? == 1);
            }
            (Contract::Offramp, s) if s == unwrap => {
                let (asset, to, amount) = (call.address(0)?, call.address(1)?, call.amount(2)?);
                matches!(self.contract(asset)?, Contract::Usdc | Contract::UsdcE).then_some(())?;
                self.take_cash(from, amount)?;
                *self.chain.other.entry((asset, to)).or_default() += u64::try_from(amount).ok()?;
            }
            (Contract::Onramp, s) if s == wrap => {
                let (asset, to, amount) = (call.address(0)?, call.address(1)?, call.amount(2)?);
                let held = self.chain.other.get_mut(&(asset, from))?;
                *held = held.checked_sub(u64::try_from(amount).ok()?)?;
                self.fund(to, Cash(amount));
            }
            (Contract::CollateralAdapter | Contract::NegRiskCollateralAdapter | Contract::Ctf, REDEEM) => {
                let listing = self.catalogue.of_condition(&call.word(2)?)?;
                let market = listing.market;
                self.redeem(from, market.yes(), None)?;
                self.redeem(from, market.no(), None)?;
            }
            (Contract::Router, s) if s == router => {
                let (condition, outcome, amount) = (call.word(0)?, call.amount(1)?, call.amount(2)?);
                let mut id = condition;
                id.0[31] = u8::try_from(outcome).ok()?;
                let token = self.catalogue.token_of(&id)?;
                self.redeem(from, token, Some(Size(amount)))?;
            }
            _ => return None,
        }
        Some(())
    }

    fn take_cash(&mut self, from: Address, amount: i64) -> Option<()> {
        let id = self.clients.account(from)?;
        self.exchange.withdraw(id, Cash(amount)).then_some(())?;
        self.cancel_uncovered(id);
        Some(())
    }

    fn move_other(&mut self, asset: Address, from: Address, to: Address, amount: u64) -> Option<()> {
        let held = self.chain.other.get_mut(&(asset, from))?;
        *held = held.checked_sub(amount)?;
        let got = self.chain.other.entry((asset, to)).or_default();
        *got = got.checked_add(amount)?;
        Some(())
    }

    /// Pays out shares of an ended market; all of them if `size` is none.
    fn redeem(&mut self, owner: Address, token: schemas::TokenId, size: Option<Size>) -> Option<()> {
        let end = self.markets.get(token.market())?.resolved?;
        let id = self.clients.account(owner)?;
        let held = self.exchange.account(id)?.shares(token);
        let size = size.unwrap_or(held);
        self.exchange.take(id, token, size).then_some(())?;
        self.exchange.fund(id, end.payout(token).notional(size, Rounding::Floor).ok()?);
        Some(())
    }

    /// `GET /deployed` of the relayer.
    pub(crate) fn deployed(&self, request: &Request) -> Response {
        let address: Option<Address> = request.param("address").and_then(|a| a.parse().ok());
        match address {
            Some(address) => Response::ok(&json!({ "deployed": self.is_deployed(address) })),
            None => Response::bad("address is required"),
        }
    }
}

fn receipt(hash: &Bytes32, r: &Receipt) -> Value {
    let mut out = Map::new();
    let block = derived(&[b"block", &r.block.to_be_bytes()]);
    for (name, value) in [
        ("transactionHash", json!(hash_text(hash))),
        ("blockHash", json!(hash_text(&block))),
        ("blockNumber", quantity(u128::from(r.block))),
        ("transactionIndex", json!("0x0")),
        ("from", json!(r.from)),
        ("to", json!(r.to)),
        ("status", json!(if r.succeeded { "0x1" } else { "0x0" })),
        ("gasUsed", json!("0xea60")),
        ("cumulativeGasUsed", json!("0xea60")),
        ("effectiveGasPrice", json!("0x6fc23ac00")),
        ("contractAddress", Value::Null),
        ("logs", json!([])),
        ("logsBloom", json!(format!("0x{}", "0".repeat(512)))),
        ("type", json!("0x2")),
    ] {
        out.insert(name.to_owned(), value);
    }
    Value::Object(out)
}
