//! `arena wallet`: the key's file, what the wallet has, and the few transactions that a person makes with it.

mod approve;
mod balance;
mod books;
mod keys;
mod open;
mod prompt;
mod redeem;
mod send;
mod withdraw;

pub(in crate::cmd) use balance::{dollars, held, needed, purpose};
pub(in crate::cmd) use open::Keys;
pub(in crate::cmd) use prompt::{confirm, typed};

use super::Global;
use crate::exit::{Code, Failure, Outcome};
use clap::{Args, Subcommand};
use signer::{KeyError, SignError};
use std::path::PathBuf;
use venues::polygon::RpcError;

/// Arguments.
#[derive(Debug, Args)]
pub struct WalletArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// A file whose first line is the keystore's password; asked for if not named
    #[arg(long, global = true, value_name = "FILE", env = "ARENA_WALLET_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// The keystore [default: wallet.keystore, else wallet.age in the data directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub keystore: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Make a new key and put it into a new keystore
    New,
    /// Put a key that you have into a new keystore; it is asked for, or read from standard input
    Import,
    /// The addresses that belong to the key; nothing secret
    Show,
    /// What the wallet has, and which contracts may take it
    Balance(balance::BalanceArgs),
    /// Let the venue's contracts take what trading needs
    Approve(approve::ApproveArgs),
    /// Send pUSD to an address, as pUSD or as USDC.e
    Withdraw(withdraw::WithdrawArgs),
    /// Turn the tokens of a resolved market into pUSD
    Redeem(redeem::RedeemArgs),
}

/// Runs it.
pub fn run(global: &Global, args: &WalletArgs) -> Outcome {
    let wallet = open::Wallet::new(global, args)?;
    match &args.what {
        What::New => keys::new(&wallet),
        What::Import => keys::import(&wallet),
        What::Show => keys::show(&wallet),
        What::Balance(args) => balance::run(&wallet, args),
        What::Approve(args) => approve::run(&wallet, args),
        What::Withdraw(args) => withdraw::run(&wallet, args),
        What::Redeem(args) => redeem::run(&wallet, args),
    }
}

/// Asks a person for the password of a keystore.
pub(super) fn ask_password(keystore: &std::path::Path) -> Result<signer::Password, Failure> {
    prompt::password(&format!("Password of {}: ", keystore.display()))
}

/// How an error of a key ends a command.
pub(super) fn key_failure(e: KeyError) -> Failure {
    let code = match &e {
        KeyError::ReadableByOthers { .. } | KeyError::ForeignOwner { .. } | KeyError::NoCredential { .. } => {
            Code::Config
        }
        KeyError::Damaged { .. } => Code::Integrity,
        e if e.is_usage() => Code::Usage,
        _ => Code::Error,
    };
    Failure { code, what: e.to_string(), next: e.next_step() }
}

/// How an error of a signer ends a command.
pub(super) fn sign_failure(e: SignError) -> Failure {
    let code = match &e {
        SignError::Refused(_) | SignError::RefusedThere { .. } => Code::Config,
        SignError::Unreachable { .. } => Code::NotRunning,
        _ => Code::Error,
    };
    Failure { code, what: e.to_string(), next: e.next_step() }
}

/// How an error of the chain ends a command.
pub(super) fn rpc_failure(e: RpcError) -> Failure {
    let (code, next) = match &e {
        RpcError::Timeout { .. } => (Code::Timeout, Some("try again, or name another node with wallet.rpc_url")),
        RpcError::NoReceipt { .. } => (Code::Timeout, Some("look for it on polygonscan.com before you try again")),
        RpcError::WrongChain { .. } | RpcError::Http(_) => (Code::Config, Some("set wallet.rpc_url and wallet.chain")),
        RpcError::Contract(_) => (Code::Config, Some("set wallet.chain = 137")),
        RpcError::Unreachable { .. } | RpcError::Status { .. } | RpcError::BadAnswer { .. } => {
            (Code::Error, Some("try again, or name another node with wallet.rpc_url"))
        }
        RpcError::Refused { .. } => (Code::Error, None),
    };
    Failure { code, what: e.to_string(), next: next.map(str::to_owned) }
}
