//! Who trades here: API keys of accounts, and the wallets that hold the funds.

use crate::base::{base64url, derived, uuid};
use exchange::AccountId;
use polymarket::auth::Secret;
use polymarket::{Address, SignatureType, wallet};
use std::collections::BTreeMap;

/// An API key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The account that signed for it.
    pub owner: Address,
    pub secret: Secret,
    pub passphrase: Secret,
    /// Lists only.
    pub readonly: bool,
}

/// All keys and wallets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    seed: u64,
    keys: BTreeMap<String, Key>,
    /// The keys of an account by the nonce they were made with.
    by_nonce: BTreeMap<(Address, u64), String>,
    /// How often each was made: one that was deleted does not come back.
    made: BTreeMap<(Address, u64), u64>,
    wallets: BTreeMap<Address, AccountId>,
}

impl Clients {
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub fn key(&self, uuid: &str) -> Option<&Key> {
        self.keys.get(uuid)
    }

    /// Makes the key of an account and nonce. `None` if there is one.
    pub fn create(&mut self, owner: Address, nonce: u64, readonly: bool) -> Option<(String, Key)> {
        if !readonly && self.by_nonce.contains_key(&(owner, nonce)) {
            return None;
        }
        let made = self.made.entry((owner, nonce)).or_default();
        *made += 1;
        let part = |what: &[u8]| {
            derived(&[b"key", what, &self.seed.to_be_bytes(), &owner.0, &nonce.to_be_bytes(), &made.to_be_bytes()])
        };
        let id = uuid(&part(b"id"));
        let key = Key {
            owner,
            secret: Secret::new(base64url(&part(b"secret").0)),
            passphrase: Secret::new(part(b"passphrase").to_string()),
            readonly,
        };
        self.keys.insert(id.clone(), key.clone());
        if !readonly {
            self.by_nonce.insert((owner, nonce), id.clone());
        }
        Some((id, key))
    }

    /// The key of an account and nonce, if it was made.
    pub fn derive(&self, owner: Address, nonce: u64) -> Option<(String, Key)> {
        let id = self.by_nonce.get(&(owner, nonce))?;
        Some((id.clone(), self.keys.get(id)?.clone()))
    }

    pub fn delete(&mut self, uuid: &str) {
        self.keys.remove(uuid);
        self.by_nonce.retain(|_, id| id != uuid);
    }

    /// The keys of an account.
    pub fn of(&self, owner: Address, readonly: bool) -> Vec<String> {
        let own = self.keys.iter().filter(|(_, k)| k.owner == owner && k.readonly == readonly);
        own.map(|(id, _)| id.clone()).collect()
    }

    /// Whether this is the account of somebody who has a key.
    pub fn is_owner(&self, address: Address) -> bool {
        self.keys.values().any(|k| k.owner == address)
    }

    /// The exchange's account of a wallet, if it has one.
    pub fn account(&self, wallet: Address) -> Option<AccountId> {
        self.wallets.get(&wallet).copied()
    }

    /// The exchange's account of a wallet, opened if need be, and whether it is new. 0 is nobody's.
    pub fn open(&mut self, wallet: Address) -> (AccountId, bool) {
        let next = AccountId(u32::try_from(self.wallets.len() + 1).unwrap_or(u32::MAX));
        let is_new = !self.wallets.contains_key(&wallet);
        (*self.wallets.entry(wallet).or_insert(next), is_new)
    }

    /// The wallet of an account under a signature type. Of the two deposit wallets it is the older one if that is in use.
    pub fn wallet_of(&self, owner: Address, kind: SignatureType) -> Address {
        match kind {
            SignatureType::Eoa => owner,
            SignatureType::Proxy => wallet::proxy(owner),
            SignatureType::Safe => wallet::safe(owner),
            SignatureType::DepositWallet => {
                let older = wallet::deposit_legacy(owner);
                if self.wallets.contains_key(&older) { older } else { wallet::deposit(owner) }
            }
        }
    }

    pub fn wallets(&self) -> impl Iterator<Item = (Address, AccountId)> + '_ {
        self.wallets.iter().map(|(w, id)| (*w, *id))
    }
}

/// Every wallet an account can trade from.
pub(crate) fn wallets_of(owner: Address) -> [Address; 5] {
    [owner, wallet::proxy(owner), wallet::safe(owner), wallet::deposit(owner), wallet::deposit_legacy(owner)]
}
