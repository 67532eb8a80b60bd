//! Section `[wallet]`: whose money it is, where its key is, and how the chain is asked.

use polymarket::{Address, Chain, SignatureType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The kind of account that holds the money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// The key's own account.
    #[default]
    Eoa,
    /// A proxy wallet of the venue (logins by e-mail).
    Proxy,
    /// A Safe.
    Safe,
    /// A deposit wallet: what accounts have that were made after May 2026.
    Deposit,
}

impl AccountType {
    /// How its orders are signed.
    pub fn signature_type(self) -> SignatureType {
        match self {
            Self::Eoa => SignatureType::Eoa,
            Self::Proxy => SignatureType::Proxy,
            Self::Safe => SignatureType::Safe,
            Self::Deposit => SignatureType::DepositWallet,
        }
    }

    /// The wallet of this kind that belongs to a key's account.
    pub fn wallet_of(self, owner: Address) -> Address {
        match self {
            Self::Eoa => owner,
            Self::Proxy => polymarket::wallet::proxy(owner),
            Self::Safe => polymarket::wallet::safe(owner),
            Self::Deposit => polymarket::wallet::deposit(owner),
        }
    }
}

/// Where the key comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyFrom {
    /// An encrypted file.
    #[default]
    Keystore,
    /// A systemd credential.
    Credential,
    /// The desktop's keyring, in builds with the feature `keyring`.
    Keyring,
    /// The environment: `ARENA_WALLET_PRIVATE_KEY`. For trying things out.
    Environment,
}

/// The wallet. Addresses are written with `0x`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WalletConfig {
    /// The chain: 137 Polygon, 80002 Amoy.
    pub chain: u64,
    /// The kind of account that holds the money.
    pub account: AccountType,
    /// The address of the key's account. If it is set, another key is refused.
    pub address: Option<String>,
    /// The wallet that holds the money, if it is not the one that derives from the key.
    pub funder: Option<String>,
    /// Socket of a separate signer. If it is set, this process never has the key.
    pub signer: Option<PathBuf>,
    /// Where the key comes from, without a separate signer.
    pub source: KeyFrom,
    /// The encrypted file; `wallet.age` in the data directory if not set.
    pub keystore: Option<PathBuf>,
    /// Name of the systemd credential, or of the keyring's entry.
    pub entry: String,
    /// A file whose first line is the keystore's password; asked for if not set. The venue's API key is kept with the same
    /// password; with a separate signer only if this is set.
    pub password_file: Option<PathBuf>,
    /// What may be signed, without a separate signer: see ops/signer-policy.toml.
    pub policy: Option<PathBuf>,
    /// A node of the chain. Addresses of nodes often hold a key: errors and logs show its host alone, backups nothing.
    pub rpc_url: String,
    /// How long the node may take to answer, seconds.
    #[schemars(range(min = 1, max = 300))]
    pub rpc_timeout_seconds: u32,
}

impl Default for WalletConfig {
    fn default() -> Self {
        Self {
            chain: Chain::POLYGON.id,
            account: AccountType::Eoa,
            address: None,
            funder: None,
            signer: None,
            source: KeyFrom::Keystore,
            keystore: None,
            entry: "arena-wallet".to_owned(),
            password_file: None,
            policy: None,
            rpc_url: "https://polygon.drpc.org".to_owned(),
            rpc_timeout_seconds: 20,
        }
    }
}

impl WalletConfig {
    /// What is wrong with it, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if Chain::by_id(self.chain).is_none() {
            faults.push(format!("wallet.chain is {}; 137 is Polygon, 80002 its test network Amoy", self.chain));
        }
        for (key, text) in [("address", &self.address), ("funder", &self.funder)] {
            if let Some(Err(e)) = text.as_deref().map(str::parse::<Address>) {
                faults.push(format!("wallet.{key}: {e}"));
            }
        }
        if self.account == AccountType::Eoa && self.funder.is_some() {
            faults.push("wallet.funder is set, but an eoa account is its own wallet; set wallet.account".to_owned());
        }
        if let Err(e) = venues::http::endpoint(&self.rpc_url) {
            faults.push(format!("wallet.rpc_url: {e}"));
        }
        if !(1..=300).contains(&self.rpc_timeout_seconds) {
            faults.push("wallet.rpc_timeout_seconds must be from 1 to 300".to_owned());
        }
        faults
    }

    /// The chain.
    pub fn chain(&self) -> Option<&'static Chain> {
        Chain::by_id(self.chain)
    }

    /// The key's account, if it is known beforehand.
    pub fn known_address(&self) -> Option<Address> {
        self.address.as_deref().and_then(|text| text.parse().ok())
    }

    /// The wallet that holds the money of a key's account.
    pub fn maker(&self, owner: Address) -> Address {
        let named = self.funder.as_deref().and_then(|text| text.parse().ok());
        named.unwrap_or_else(|| self.account.wallet_of(owner))
    }

    /// The encrypted file.
    pub fn keystore_in(&self, data_dir: &Path) -> PathBuf {
        self.keystore.clone().unwrap_or_else(|| data_dir.join("wallet.age"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_their_key_and_repeat_no_address_of_a_node() {
        assert_eq!(WalletConfig::default().faults(), Vec::<String>::new());
        let with = |f: fn(&mut WalletConfig)| {
            let mut config = WalletConfig::default();
            f(&mut config);
            config.faults().join("; ")
        };
        assert!(with(|c| c.chain = 1).starts_with("wallet.chain"));
        assert!(with(|c| c.address = Some("0x12".to_owned())).starts_with("wallet.address"));
        assert!(with(|c| c.funder = Some(format!("0x{}", "1".repeat(40)))).starts_with("wallet.funder"));
        let fault = with(|c| c.rpc_url = "http://host/SECRET".to_owned());
        assert!(fault.starts_with("wallet.rpc_url") && !fault.contains("SECRET"), "{fault}");
        assert!(with(|c| c.rpc_timeout_seconds = 0).starts_with("wallet.rpc_timeout_seconds"));
    }
}
