//! From the configuration to a key, a signer and a node.

use super::prompt;
use super::{WalletArgs, key_failure, rpc_failure, sign_failure};
use crate::cmd::Global;
use crate::config::{KeyFrom, Loaded, WalletConfig};
use crate::exit::{Code, Failure};
use polymarket::{Address, Chain};
use signer::keystore::KeySource;
use signer::ledger::Ledger;
use signer::{LocalSigner, OrderSigner, Password, Policy, PolicyFile, RemoteSigner, WalletKey, clock};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use venues::polygon::Node;

/// What every subcommand works with.
pub(super) struct Wallet<'a> {
    pub global: &'a Global,
    pub config: WalletConfig,
    pub chain: &'static Chain,
    pub keystore: PathBuf,
    password_file: Option<PathBuf>,
}

impl<'a> Wallet<'a> {
    pub fn new(global: &'a Global, args: &WalletArgs) -> Result<Self, Failure> {
        let loaded = global.load()?;
        let config = loaded.config.wallet.clone();
        let keystore = match (&args.keystore, &config.keystore) {
            (Some(path), _) | (None, Some(path)) => path.clone(),
            (None, None) => config.keystore_in(&global.data_dir(&loaded)?),
        };
        let chain = config.chain().ok_or_else(|| Failure::new(Code::Config, "wallet.chain is unknown"))?;
        let password_file = args.password_file.clone().or_else(|| config.password_file.clone());
        Ok(Self { global, config, chain, keystore, password_file })
    }

    /// The password of a keystore that is there.
    pub fn password(&self) -> Result<Password, Failure> {
        match &self.password_file {
            Some(path) => Password::from_file(path).map_err(key_failure),
            None => super::ask_password(&self.keystore),
        }
    }

    /// The password of a keystore to be made.
    pub fn new_password(&self) -> Result<Password, Failure> {
        let password = match &self.password_file {
            Some(path) => Password::from_file(path).map_err(key_failure)?,
            None => prompt::new_password()?,
        };
        password.check_new().map_err(key_failure)?;
        Ok(password)
    }

    /// The key itself, in a process that is protected first.
    pub fn key(&self) -> Result<WalletKey, Failure> {
        load_key(&self.config, &self.keystore, || self.password().map(Arc::new))
    }

    /// Whose wallet it is: as configured, as a separate signer says, or as the key says.
    pub fn owner(&self) -> Result<Address, Failure> {
        match (self.config.known_address(), &self.config.signer) {
            (Some(address), _) => Ok(address),
            (None, Some(socket)) => Ok(remote(socket, &self.config)?.address()),
            (None, None) => Ok(self.key()?.address()),
        }
    }

    /// What signs transactions: the separate signer if there is one, else the key.
    pub fn signer(&self) -> Result<Hand, Failure> {
        match &self.config.signer {
            Some(socket) => Ok(Hand::Remote(remote(socket, &self.config)?)),
            None => Ok(Hand::Key(Box::new(self.key()?))),
        }
    }

    pub fn node(&self) -> Result<Node, Failure> {
        let timeout = Duration::from_secs(u64::from(self.config.rpc_timeout_seconds));
        Node::new(&self.config.rpc_url, timeout).map_err(rpc_failure)
    }

    /// Runs something that waits for a node, once it is known to be on the right chain.
    pub fn on_chain<T>(&self, work: impl AsyncFnOnce(&Node) -> Result<T, Failure>) -> Result<T, Failure> {
        let node = self.node()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            node.check_chain(self.chain).await.map_err(rpc_failure)?;
            work(&node).await
        })
    }
}

/// What signs a person's transactions.
pub(super) enum Hand {
    /// The key, in this process.
    Key(Box<WalletKey>),
    /// A separate signer with its own policy.
    Remote(RemoteSigner),
}

impl Hand {
    pub fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            Self::Remote(signer) => signer.address(),
        }
    }

    /// A signer that signs what `policy` allows.
    pub fn into_signer(self, policy: Policy) -> Box<dyn OrderSigner> {
        match self {
            Self::Key(key) => Box::new(LocalSigner::new(*key, policy, Ledger::volatile(), clock::system)),
            Self::Remote(signer) => Box::new(signer),
        }
    }
}

/// Gets the configured key. The process is protected before, and another key than the configured one is refused.
fn load_key(
    config: &WalletConfig,
    keystore: &Path,
    password: impl FnOnce() -> Result<Arc<Password>, Failure>,
) -> Result<WalletKey, Failure> {
    signer::hardening::harden().map_err(|e| Failure::new(Code::Error, e.to_string()))?;
    let source = match config.source {
        KeyFrom::Keystore if !keystore.exists() => {
            return Err(key_failure(signer::KeyError::Missing { path: keystore.to_owned() }));
        }
        KeyFrom::Keystore => {
            let key = signer::keystore::open(keystore, &*password()?).map_err(key_failure)?;
            expect_address(config, key.address())?;
            return Ok(key);
        }
        KeyFrom::Credential => KeySource::Credential(config.entry.clone()),
        KeyFrom::Keyring => KeySource::Keyring(config.entry.clone()),
        KeyFrom::Environment => KeySource::Environment,
    };
    if let Some(warning) = source.warning() {
        eprintln!("WARNING: {warning}");
    }
    let key = source.load().map_err(key_failure)?;
    expect_address(config, key.address())?;
    Ok(key)
}

fn remote(socket: &Path, config: &WalletConfig) -> Result<RemoteSigner, Failure> {
    let signer = RemoteSigner::connect(socket).map_err(sign_failure)?;
    expect_address(config, signer.address())?;
    Ok(signer)
}

fn expect_address(config: &WalletConfig, found: Address) -> Result<(), Failure> {
    match config.known_address() {
        Some(expected) if expected != found => {
            Err(Failure::new(Code::Config, format!("the key is that of {found}, but wallet.address is {expected}"))
                .next("name the right key, or correct wallet.address"))
        }
        _ => Ok(()),
    }
}

/// What a command that talks to the venue has of the wallet. Each part is fetched when it is first needed: a password is
/// asked for once, and a command that finds API credentials needs no key.
pub struct Keys<'a> {
    global: &'a Global,
    loaded: &'a Loaded,
    data_dir: PathBuf,
    password: Option<Option<Arc<Password>>>,
    signer: Option<Arc<dyn OrderSigner>>,
}

impl<'a> Keys<'a> {
    /// Nothing yet. Protects the process: it will hold the venue's credentials, wherever the key is.
    ///
    /// # Errors
    ///
    /// If the process cannot be protected, or there is no data directory.
    pub fn new(global: &'a Global, loaded: &'a Loaded) -> Result<Self, Failure> {
        signer::hardening::harden().map_err(|e| Failure::new(Code::Error, e.to_string()))?;
        Ok(Self { global, loaded, data_dir: global.data_dir(loaded)?, password: None, signer: None })
    }

    fn config(&self) -> &'a WalletConfig {
        &self.loaded.config.wallet
    }

    /// The keystore, whether or not it is there.
    pub fn keystore(&self) -> PathBuf {
        self.config().keystore_in(&self.data_dir)
    }

    /// Where the API credentials are kept: beside the keystore.
    pub fn credentials_file(&self) -> PathBuf {
        self.keystore().with_extension("api.age")
    }

    /// The password of files beside the key. Without a keystore of one's own there is one only if the configuration names
    /// its file: a key of another source has none, and a separate signer keeps its own to itself.
    pub fn password(&mut self) -> Result<Option<Arc<Password>>, Failure> {
        if self.password.is_none() {
            let config = self.config();
            let own = config.signer.is_none() && config.source == KeyFrom::Keystore;
            let keystore = self.keystore();
            if own && !keystore.exists() && !self.credentials_file().exists() {
                return Err(key_failure(signer::KeyError::Missing { path: keystore }));
            }
            let password = match &config.password_file {
                Some(path) => Some(Password::from_file(path).map_err(key_failure)?),
                None if own => Some(super::ask_password(&keystore)?),
                None => None,
            };
            self.password = Some(password.map(Arc::new));
        }
        Ok(self.password.clone().flatten())
    }

    fn key(&mut self) -> Result<WalletKey, Failure> {
        let (config, keystore) = (self.config(), self.keystore());
        let password = if config.source == KeyFrom::Keystore { self.password()? } else { None };
        load_key(config, &keystore, || {
            password.ok_or_else(|| Failure::new(Code::Usage, "there is no password for the keystore"))
        })
    }

    /// The signer of a live engine: the separate one if `wallet.signer` names its socket, else the key in this process
    /// under `wallet.policy`, with the day's sums in the file `signed` of the data directory.
    pub fn order_signer(&mut self) -> Result<Arc<dyn OrderSigner>, Failure> {
        let config = self.config();
        if let Some(socket) = &config.signer {
            let signer: Arc<dyn OrderSigner> = Arc::new(remote(socket, config)?);
            self.signer = Some(Arc::clone(&signer));
            return Ok(signer);
        }
        let policy = config.policy.as_ref().ok_or_else(|| {
            Failure::new(Code::Config, "there is no policy of what may be signed").next(
                "set wallet.policy (ops/signer-policy.toml is one), or run a separate signer and set wallet.signer",
            )
        })?;
        let policy = PolicyFile::read(policy).map_err(|e| Failure::new(Code::Config, e.to_string()))?.policy;
        let key = self.key()?;
        std::fs::create_dir_all(&self.data_dir)?;
        let ledger = Ledger::open(&self.data_dir.join("signed")).map_err(|e| sign_failure(e.into()))?;
        let signer: Arc<dyn OrderSigner> = Arc::new(LocalSigner::new(key, policy, ledger, clock::system));
        self.signer = Some(Arc::clone(&signer));
        Ok(signer)
    }

    /// A signer for logins, if none is there yet: the key signs nothing else then, and no policy is needed.
    pub fn login_signer(&mut self) -> Result<Arc<dyn OrderSigner>, Failure> {
        if let Some(signer) = &self.signer {
            return Ok(Arc::clone(signer));
        }
        let config = self.config();
        let signer: Arc<dyn OrderSigner> = match &config.signer {
            Some(socket) => Arc::new(remote(socket, config)?),
            None => {
                let key = self.key()?;
                let policy = Policy { logins: true, ..Policy::nothing(config.chain) };
                Arc::new(LocalSigner::new(key, policy, Ledger::volatile(), clock::system))
            }
        };
        self.signer = Some(Arc::clone(&signer));
        Ok(signer)
    }

    /// The key's account, as far as it is known without the key.
    pub fn known_address(&self) -> Option<Address> {
        self.signer.as_ref().map(|s| s.address()).or_else(|| self.config().known_address())
    }

    /// Says something to the person at the terminal, unless they want quiet.
    pub fn say(&self, text: &str) {
        if !self.global.quiet {
            eprintln!("{}", console::output::plain(text));
        }
    }
}
