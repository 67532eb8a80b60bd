//! `arena signer`: the process that has the key, so that the engine does not.

use super::Global;
use super::wallet::{key_failure, sign_failure};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use signer::keystore::KeySource;
use signer::ledger::Ledger;
use signer::{LocalSigner, OrderSigner, Password, PolicyFile, Server, clock};
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments.
#[derive(Debug, Args)]
pub struct SignerArgs {
    /// Where to listen: a unix socket in a folder that is this user's alone
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
    /// What may be signed: see ops/signer-policy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Where the key is.
    #[command(flatten)]
    pub key: KeyArgs,
    /// A file whose first line is the keystore's password
    #[arg(long, value_name = "FILE", conflicts_with = "password_credential")]
    pub password_file: Option<PathBuf>,
    /// The systemd credential that is the keystore's password
    #[arg(long, value_name = "NAME")]
    pub password_credential: Option<String>,
    /// Where the day's sums are kept [default: the keystore's name with `.signed`]
    #[arg(long, value_name = "FILE")]
    pub sums: Option<PathBuf>,
}

/// Where the key is: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct KeyArgs {
    /// An encrypted keystore
    #[arg(long, value_name = "FILE")]
    pub keystore: Option<PathBuf>,
    /// A systemd credential: 64 hex digits
    #[arg(long, value_name = "NAME", requires = "sums")]
    pub key_credential: Option<String>,
    /// An entry of the desktop's keyring
    #[arg(long, value_name = "NAME", requires = "sums")]
    pub key_keyring: Option<String>,
}

impl SignerArgs {
    fn source(&self) -> Result<KeySource, Failure> {
        let usage = |what: &str| Failure::new(Code::Usage, what.to_owned());
        match (&self.key.keystore, &self.key.key_credential, &self.key.key_keyring) {
            (Some(path), None, None) => Ok(KeySource::Keystore(path.clone(), self.password(path)?)),
            (None, Some(name), None) => Ok(KeySource::Credential(name.clone())),
            (None, None, Some(name)) => Ok(KeySource::Keyring(name.clone())),
            _ => Err(usage("name one place that the key is in")),
        }
    }

    fn password(&self, keystore: &std::path::Path) -> Result<Password, Failure> {
        match (&self.password_file, &self.password_credential) {
            (Some(path), _) => Password::from_file(path).map_err(key_failure),
            (None, Some(name)) => Password::from_credential(name).map_err(key_failure),
            (None, None) => super::wallet::ask_password(keystore),
        }
    }

    fn sums(&self) -> Result<PathBuf, Failure> {
        let beside = self.key.keystore.as_ref().map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".signed");
            PathBuf::from(name)
        });
        self.sums.clone().or(beside).ok_or_else(|| Failure::new(Code::Usage, "name a file for the day's sums: --sums"))
    }
}

/// Runs it, until SIGINT or SIGTERM.
pub fn run(global: &Global, args: &SignerArgs) -> Outcome {
    signer::hardening::harden().map_err(|e| Failure::new(Code::Error, e.to_string()))?;
    let file = PolicyFile::read(&args.policy).map_err(|e| {
        Failure::new(Code::Config, e.to_string()).next("ops/signer-policy.toml has every key with an explanation")
    })?;
    let ledger = Ledger::open(&args.sums()?).map_err(|e| sign_failure(e.into()))?;
    let key = args.source()?.load().map_err(key_failure)?;
    let signer = LocalSigner::new(key, file.policy, ledger, clock::system);
    let address = signer.address();
    let server =
        Server::bind(&args.socket, signer, &file.peer_uids).map_err(|e| Failure::new(Code::Error, e.to_string()))?;
    let stopper = server.stopper();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut serving = tokio::task::spawn_blocking(move || server.run());
        if !global.quiet {
            eprintln!("signing for {address} at {}", args.socket.display());
        }
        let ended = tokio::select! {
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            ended = &mut serving => Some(ended),
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                stopper.stop();
                serving.await
            }
        };
        let failed = |e: &dyn std::fmt::Display| Failure::new(Code::Error, e.to_string());
        ended.map_err(|e| failed(&e))?.map_err(|e| failed(&e))
    })?;
    Ok(Code::Ok)
}
