//! The account: its key, its policy, its API key, and what the venue says of it.

use super::{Doctor, Known, State};
use crate::cmd::login::{Login, Origin};
use crate::cmd::talk::Talk;
use crate::cmd::wallet::Keys;
use crate::config::KeyFrom;
use polymarket::Address;
use polymarket::wire::rest::{ClosedOnly, read};
use signer::PolicyFile;

impl Doctor<'_> {
    /// Whether the key can be had. Returns its account.
    pub(super) fn key(&mut self, keys: &mut Keys<'_>) -> Option<Address> {
        let config = &self.loaded.config.wallet;
        let own_file = config.signer.is_none() && config.source == KeyFrom::Keystore;
        if !self.live && own_file && !keys.keystore().exists() {
            self.skip("key", "there is none, and paper trading needs none");
            return None;
        }
        let source = match (&config.signer, config.source) {
            (Some(socket), _) => format!("the signer at {}", socket.display()),
            (None, KeyFrom::Keystore) => format!("the keystore {}", keys.keystore().display()),
            (None, KeyFrom::Credential) => format!("the systemd credential {}", config.entry),
            (None, KeyFrom::Keyring) => format!("the keyring's entry {}", config.entry),
            (None, KeyFrom::Environment) => "the environment".to_owned(),
        };
        match keys.login_signer() {
            Ok(signer) if config.signer.is_none() && config.source == KeyFrom::Environment => {
                let what = format!(
                    "the key of {} is in the environment, where every process of this user reads it",
                    signer.address()
                );
                self.warn("key", what, "`arena wallet import` moves it into a keystore");
                Some(signer.address())
            }
            Ok(signer) => {
                self.ok("key", format!("{source} has the key of {}", signer.address()));
                Some(signer.address())
            }
            Err(e) => {
                self.failed("key", e);
                None
            }
        }
    }

    /// Whether this process knows what it may sign. A separate signer has its own policy.
    pub(super) fn policy(&mut self) {
        let config = &self.loaded.config.wallet;
        if config.signer.is_some() {
            return self.skip("policy", "the separate signer has its own");
        }
        let Some(path) = &config.policy else {
            let next = "set wallet.policy (ops/signer-policy.toml is one), or run `arena signer` and set wallet.signer";
            return match self.live {
                true => self.fail("policy", "there is no policy of what may be signed", next),
                false => self.skip("policy", "paper trading signs nothing"),
            };
        };
        let policy = match PolicyFile::read(path) {
            Ok(file) => file.policy,
            Err(e) => return self.fail_live("policy", e.to_string(), "ops/signer-policy.toml has every key"),
        };
        let kind = config.account.signature_type();
        if policy.chain_id != config.chain {
            let what = format!("{} is for chain {}, wallet.chain is {}", path.display(), policy.chain_id, config.chain);
            return self.fail_live("policy", what, "set one of the two");
        }
        if !policy.account_types.contains(&u8::from(kind)) {
            let what = format!(
                "{} lets no order of account type {} be signed",
                path.display(),
                console::words::word(&config.account)
            );
            return self.fail_live("policy", what, "add the type to account_types, or correct wallet.account");
        }
        if !policy.logins {
            let what = format!("{} lets no login be signed", path.display());
            return self.fail_live("policy", what, "set logins = true: without an API key nothing can be sent");
        }
        self.ok("policy", format!("{} allows this account type", path.display()));
    }

    /// From the key to an API key that the venue takes.
    pub(super) fn login(&mut self, talk: &mut Talk, keys: &mut Keys<'_>, owner: Address, there: bool) -> Option<Known> {
        if !there {
            self.skip("login", "the order book cannot be reached");
            return None;
        }
        let login = match Login::new(talk, keys) {
            Ok(login) => login,
            Err(e) => {
                self.failed("login", e);
                return None;
            }
        };
        let open = match login.open_orders(talk, None) {
            Ok(open) => open.len(),
            Err(e) => {
                self.failed("login", e);
                return None;
            }
        };
        let how = match login.origin {
            Origin::Stored => "the stored API key is taken",
            Origin::Derived => "the venue gave an API key",
        };
        self.ok("login", format!("{how}; {open} orders are open"));
        Some(Known { login, owner })
    }

    /// Whether the venue lets the account trade.
    pub(super) fn standing(&mut self, talk: &mut Talk, known: &Known) {
        let body = known.login.get(talk, "/auth/ban-status/closed-only");
        match body.map(|body| read::<ClosedOnly>(&body)) {
            Ok(Ok(ClosedOnly { closed_only: true })) => {
                let what = format!("the venue lets {} only close positions", known.owner);
                self.fail_live("standing", what, "ask the venue's support why; exits and cancels still work");
            }
            Ok(Ok(_)) => self.ok("standing", "the account may open positions"),
            Ok(Err(e)) => self.warn("standing", format!("the venue's answer cannot be read: {e}"), "try again"),
            Err(e) => self.add("standing", State::Warn, e.what, e.next),
        }
    }
}
