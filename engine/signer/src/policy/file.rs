//! A policy as an operator writes it. Every limit must be there: a limit that somebody forgot is no limit.

use super::{Policy, TransactionRules, TxKind, exchanges_of};
use crate::private_file::io_error;
use polymarket::{Address, Chain, SignatureType};
use schemas::{Bytes32, Cash, Price};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml_edit::{DocumentMut, Item, TableLike, Value};

/// Longest policy file, bytes.
const LEN_MAX: u64 = 64 * 1024;
/// Wei in a millionth of a POL.
const WEI_PER_MICRO: u128 = 1_000_000_000_000;

/// A policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("{0}")]
    File(#[from] crate::error::KeyError),
    /// Others may change it.
    #[error("the policy {} has mode {mode:04o}: others than its owner may change it; chmod go-w it", path.display())]
    Writable {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not say what it should.
    #[error("the policy {}: {reason}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a policy file says: the policy, and who may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// What may be signed.
    pub policy: Policy,
    /// User ids that may ask, besides the signer's own.
    pub peer_uids: BTreeSet<u32>,
}

impl PolicyFile {
    /// Reads a file that nobody but its owner may change.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let wrong = |reason: String| PolicyError::Wrong { path: path.to_owned(), reason };
        let meta = std::fs::metadata(path).map_err(io_error("inspect", path))?;
        let mode = meta.mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(PolicyError::Writable { path: path.to_owned(), mode });
        }
        if meta.len() > LEN_MAX {
            return Err(wrong("it is longer than 64 KiB".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(io_error("read", path))?;
        Self::parse(&text).map_err(wrong)
    }

    /// Reads a text. Fails with what is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
        let mut top = Section::new("", document.as_table());
        let chain_id = top.number("chain")?.ok_or("chain is missing: 137 is Polygon")?;
        let chain = Chain::by_id(chain_id).ok_or_else(|| format!("chain {chain_id} is unknown; 137 is Polygon"))?;
        let exchanges = match top.list::<Address>("exchanges")? {
            Some(list) => list.into_iter().collect(),
            None => exchanges_of(chain),
        };
        let known = exchanges_of(chain);
        if let Some(strange) = exchanges.iter().find(|e: &&Address| !known.contains(e)) {
            return Err(format!("exchanges: {strange} is no exchange of the venue on chain {chain_id}"));
        }
        let peer_uids = top.numbers("peer_uids")?;
        let transactions = match top.section("transactions")? {
            Some(section) => transactions(section)?,
            None => TransactionRules::default(),
        };
        let policy = Policy {
            chain_id,
            exchanges,
            account_types: account_types(&mut top)?,
            funders: top.list("funders")?.unwrap_or_default().into_iter().collect(),
            builders: top.list::<Hash>("builders")?.unwrap_or_default().into_iter().map(|h| h.0).collect(),
            order_dollars_max: top.micro("max_order_usdc")?,
            order_shares_max: top.micro("max_order_shares")?,
            day_dollars_max: top.micro("max_day_usdc")?,
            day_shares_max: top.micro("max_day_shares")?,
            price_min: top.price("min_price")?,
            price_max: top.price("max_price")?,
            logins: top.flag("logins")?,
            transactions,
        };
        top.end()?;
        if policy.price_min > policy.price_max {
            return Err("min_price is above max_price".to_owned());
        }
        Ok(Self { policy, peer_uids })
    }
}

fn account_types(top: &mut Section<'_>) -> Result<BTreeSet<u8>, String> {
    let names = top.list::<String>("account_types")?.ok_or("account_types is missing: eoa, proxy, safe, deposit")?;
    let number = |name: &String| match name.as_str() {
        "eoa" => Ok(SignatureType::Eoa as u8),
        "proxy" => Ok(SignatureType::Proxy as u8),
        "safe" => Ok(SignatureType::Safe as u8),
        "deposit" => Ok(SignatureType::DepositWallet as u8),
        other => Err(format!("account_types: '{}' is none of eoa, proxy, safe, deposit", other.escape_debug())),
    };
    names.iter().map(number).collect()
}

fn transactions(mut section: Section<'_>) -> Result<TransactionRules, String> {
    let kind = |name: &String| {
        let found = TxKind::NAMES.iter().find(|(_, known)| known == name);
        let wrong =
            || format!("transactions.kinds: '{}' is none of approve, transfer, unwrap, redeem", name.escape_debug());
        found.map(|(kind, _)| *kind).ok_or_else(wrong)
    };
    let names = section.list::<String>("kinds")?.ok_or("transactions.kinds is missing")?;
    let rules = TransactionRules {
        kinds: names.iter().map(kind).collect::<Result<_, _>>()?,
        recipients: section.list("recipients")?.unwrap_or_default().into_iter().collect(),
        amount_max: section.micro("max_usdc")?,
        day_max: section.micro("max_day_usdc")?,
        fee_max: u128::from(section.micro("max_fee_pol")?) * WEI_PER_MICRO,
    };
    section.end()?;
    Ok(rules)
}

/// 32 bytes in hex.
struct Hash(Bytes32);

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Bytes32::from_hex(text).map(Self).ok_or("it is not 64 hex digits")
    }
}

/// A table whose keys are taken one by one; what is left at the end is a mistake.
struct Section<'a> {
    prefix: &'static str,
    table: &'a dyn TableLike,
    taken: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    fn new(prefix: &'static str, table: &'a dyn TableLike) -> Self {
        Self { prefix, table, taken: BTreeSet::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Item> {
        self.taken.insert(key);
        self.table.get(key)
    }

    fn wrong(&self, key: &str, why: impl std::fmt::Display) -> String {
        format!("{}{key}: {why}", self.prefix)
    }

    fn section(&mut self, key: &'static str) -> Result<Option<Section<'a>>, String> {
        let Some(item) = self.take(key) else { return Ok(None) };
        let table = item.as_table_like().ok_or_else(|| self.wrong(key, "a section is expected"))?;
        Ok(Some(Section::new("transactions.", table)))
    }

    fn number(&mut self, key: &'static str) -> Result<Option<u64>, String> {
        let Some(item) = self.take(key) else { return Ok(None) };
        let number = item.as_integer().and_then(|n| u64::try_from(n).ok());
        number.map(Some).ok_or_else(|| self.wrong(key, "a whole number is expected"))
    }

    fn numbers(&mut self, key: &'static str) -> Result<BTreeSet<u32>, String> {
        let Some(item) = self.take(key) else { return Ok(BTreeSet::new()) };
        let number = |v: &Value| v.as_integer().and_then(|n| u32::try_from(n).ok());
        let list: Option<_> = item.as_array().and_then(|list| list.iter().map(number).collect());
        list.ok_or_else(|| self.wrong(key, "a list of user ids is expected"))
    }

    fn list<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &'static str) -> Result<Option<Vec<T>>, String> {
        let Some(item) = self.take(key) else { return Ok(None) };
        let list = item.as_array().ok_or_else(|| self.wrong(key, "a list is expected"))?;
        let mut found = Vec::new();
        for value in list {
            let text = value.as_str().ok_or_else(|| self.wrong(key, "a list of texts is expected"))?;
            found.push(text.parse().map_err(|e| self.wrong(key, e))?);
        }
        Ok(Some(found))
    }

    /// The digits as written: a binary float would no longer be the number in the file.
    fn digits(&mut self, key: &'static str) -> Result<String, String> {
        let item = self.take(key).ok_or_else(|| self.wrong(key, "it is missing; every limit must be stated"))?;
        match item.as_value() {
            Some(Value::Integer(n)) => Ok(n.value().to_string()),
            Some(Value::Float(f)) => Ok(f.display_repr().trim().replace('_', "")),
            Some(Value::String(s)) => Ok(s.value().clone()),
            _ => Err(self.wrong(key, "a number is expected")),
        }
    }

    fn micro(&mut self, key: &'static str) -> Result<u64, String> {
        let amount: Cash = self.digits(key)?.parse().map_err(|e| self.wrong(key, e))?;
        u64::try_from(amount.0).map_err(|_| self.wrong(key, "it must not be negative"))
    }

    fn price(&mut self, key: &'static str) -> Result<Price, String> {
        let price: Price = self.digits(key)?.parse().map_err(|e| self.wrong(key, e))?;
        let inside = price.0 > 0 && price <= Price::ONE;
        if inside { Ok(price) } else { Err(self.wrong(key, "a price is above 0 and at most 1")) }
    }

    fn flag(&mut self, key: &'static str) -> Result<bool, String> {
        let Some(item) = self.take(key) else { return Ok(false) };
        item.as_bool().ok_or_else(|| self.wrong(key, "true or false is expected"))
    }

    fn end(&self) -> Result<(), String> {
        match self.table.iter().find(|(key, _)| !self.taken.contains(key)) {
            Some((key, _)) => Err(self.wrong(&key.escape_debug().to_string(), "this key is unknown")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../ops/signer-policy.toml");

    #[test]
    fn the_shipped_policy_is_valid_and_signs_no_transactions() {
        let file = PolicyFile::parse(SHIPPED).unwrap();
        assert_eq!(file.policy.chain_id, 137);
        assert_eq!(file.policy.exchanges.len(), 3);
        assert!(file.policy.transactions.kinds.is_empty());
        assert!(file.peer_uids.is_empty());
        assert!(file.policy.order_dollars_max <= file.policy.day_dollars_max);
    }

    /// `SHIPPED` with the first line of `key` replaced.
    fn with(key: &str, line: &str) -> String {
        let found = |l: &str| l.strip_prefix(key).is_some_and(|rest| rest.starts_with(" ="));
        let at = SHIPPED.lines().position(found).unwrap_or_else(|| panic!("{key} is not in the shipped policy"));
        let lines = SHIPPED.lines().enumerate().map(|(i, l)| if i == at { line } else { l });
        lines.fold(String::new(), |all, l| all + l + "\n")
    }

    #[test]
    fn every_limit_is_needed_and_every_mistake_is_named() {
        let limits =
            ["max_order_usdc", "max_order_shares", "max_day_usdc", "max_day_shares", "min_price", "max_price", "chain"];
        for key in limits {
            let fault = PolicyFile::parse(&with(key, "")).unwrap_err();
            assert!(fault.contains(key) && fault.contains("missing"), "{fault}");
        }
        for (key, line, word) in [
            ("max_order_usdc", "max_order_usdc = -1", "negative"),
            ("max_order_usdc", "max_order_usdc = 0.0000001", "6 decimals"),
            ("max_order_usdc", "max_order_usd = 25", "missing"),
            ("max_price", "max_price = 1.5", "at most 1"),
            ("min_price", "min_price = 0", "above 0"),
            ("min_price", "min_price = 1", "above max_price"),
            ("chain", "chain = 1", "unknown"),
            ("account_types", "account_types = [\"eao\"]", "eao"),
            ("logins", "logins = 1", "true or false"),
            ("logins", "unlimited = true", "unknown"),
            ("exchanges", "exchanges = [\"0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E\"]", "no exchange"),
        ] {
            let fault = PolicyFile::parse(&with(key, line)).unwrap_err();
            assert!(fault.contains(word), "{line}: {fault}");
        }
        let exact = PolicyFile::parse(&with("max_order_usdc", "max_order_usdc = 0.1")).unwrap();
        assert_eq!(exact.policy.order_dollars_max, 100_000);
    }

    #[test]
    fn a_file_that_others_may_change_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("policy.toml");
        std::fs::write(&path, SHIPPED).unwrap();
        for (mode, good) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(PolicyFile::read(&path).is_ok(), good, "{mode:o}");
        }
        assert!(PolicyFile::read(&dir.path().join("absent")).is_err());
    }
}
