//! `arena wallet new`, `import` and `show`.

use super::open::Wallet;
use super::{key_failure, prompt};
use crate::config::{AccountType, KeyFrom};
use crate::exit::{Code, Failure, Outcome};
use console::output::{Format, Table};
use console::print;
use polymarket::wallet::{deposit, deposit_legacy, proxy, safe};
use serde_json::json;
use signer::{KeyError, WalletKey, keystore};

/// A new key.
pub(super) fn new(wallet: &Wallet<'_>) -> Outcome {
    prepare(wallet)?;
    let password = wallet.new_password()?;
    let key = WalletKey::generate().map_err(key_failure)?;
    keep(wallet, &key, &password)
}

/// A key that a person has.
pub(super) fn import(wallet: &Wallet<'_>) -> Outcome {
    prepare(wallet)?;
    let text = prompt::private_key()?;
    let key = WalletKey::from_hex(&text, "what was typed").map_err(key_failure)?;
    drop(text);
    let password = wallet.new_password()?;
    keep(wallet, &key, &password)
}

/// Everything that can be wrong is found before a person types anything.
fn prepare(wallet: &Wallet<'_>) -> Result<(), Failure> {
    if wallet.keystore.exists() {
        return Err(key_failure(KeyError::Exists { path: wallet.keystore.clone() }));
    }
    if let Some(folder) = wallet.keystore.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::new(Code::Error, format!("cannot create {}: {e}", folder.display())))?;
    }
    signer::hardening::harden().map_err(|e| Failure::new(Code::Error, e.to_string()))
}

fn keep(wallet: &Wallet<'_>, key: &WalletKey, password: &signer::Password) -> Outcome {
    keystore::create(&wallet.keystore, key, password).map_err(key_failure)?;
    if !wallet.global.quiet {
        eprintln!("the key is in {}, readable by you alone, and nowhere else.", wallet.keystore.display());
        eprintln!(
            "Back up this file and its password, in two different places. Who loses one of them loses the wallet."
        );
    }
    addresses(wallet, key.address())
}

/// The addresses.
pub(super) fn show(wallet: &Wallet<'_>) -> Outcome {
    addresses(wallet, wallet.owner()?)
}

fn addresses(wallet: &Wallet<'_>, owner: polymarket::Address) -> Outcome {
    let maker = wallet.config.maker(owner);
    if wallet.global.format() == Format::Json {
        let source = match (&wallet.config.signer, wallet.config.source) {
            (Some(_), _) => "signer",
            (None, KeyFrom::Keystore) => "keystore",
            (None, KeyFrom::Credential) => "credential",
            (None, KeyFrom::Keyring) => "keyring",
            (None, KeyFrom::Environment) => "environment",
        };
        return print(
            &json!({
                "address": owner, "proxy": proxy(owner), "safe": safe(owner), "deposit": deposit(owner),
                "deposit_legacy": deposit_legacy(owner), "account": wallet.config.account, "maker": maker,
                "chain": wallet.chain.id, "source": source,
            })
            .to_string(),
        );
    }
    let used = |kind: AccountType| if wallet.config.account == kind { "orders draw on this one" } else { "" };
    let mut table = Table::new(&["account", "address", "note"]);
    let mut row = |name: &str, address: polymarket::Address, note: &str| {
        table.row(vec![name.to_owned(), address.to_string(), note.to_owned()]);
    };
    let named = wallet.config.funder.is_some();
    row("eoa (the key's own)", owner, used(AccountType::Eoa));
    row("proxy", proxy(owner), if named { "" } else { used(AccountType::Proxy) });
    row("safe", safe(owner), if named { "" } else { used(AccountType::Safe) });
    row("deposit", deposit(owner), if named { "" } else { used(AccountType::Deposit) });
    row("deposit, older kind", deposit_legacy(owner), "");
    if named {
        row("funder", maker, "orders draw on this one, as wallet.funder says");
    }
    print(&table.render(wallet.global.format()))
}
