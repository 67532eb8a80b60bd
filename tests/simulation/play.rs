//! A live engine and a venue, and the time that passes for both.

use crate::link::Link;
use engine_core::{AccountConfig, Config};
use eventlog::{AppendOptions, LogError, WriterOptions};
use live::config::Keeping;
use live::engine::{Engine, EngineError, Polymarket, Start};
use polymarket::auth::{Credentials, l1_headers};
use polymarket::wire::rest;
use polymarket::{Address, SignatureType};
use projections::State;
use sandbox::{Answer, Request, Venue};
use schemas::event::{KillLevel, MarketEvent, Mode, OperatorCommand, SystemEvent};
use schemas::{Bytes32, Cash, Event, Price, UtcNanos};
use signer::ledger::Ledger;
use signer::policy::exchanges_of;
use signer::{LocalSigner, OrderSigner, Policy, WalletKey};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use venues::polymarket::desk::{Account, Desk};
use venues::polymarket::feed::{Feed, Settings, Wanted};

/// Account 0 of Anvil: a key that everybody knows.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// The engine looks around at least this often, ms.
const LOOK_MS: u64 = 250;

thread_local! {
    static NOW: Cell<UtcNanos> = const { Cell::new(UtcNanos::ZERO) };
}

/// What the signer's clock shows: the time of the play on this thread.
fn clock() -> UtcNanos {
    NOW.with(Cell::get)
}

/// How a log is kept in a test: small files, and nothing that a crash of the process would need.
pub fn keeping() -> Keeping {
    let writer = WriterOptions {
        preallocate: false,
        roll_len: 4 << 20,
        owner: "simulation".to_owned(),
        ..WriterOptions::default()
    };
    Keeping { writer, append: AppendOptions::default(), min_free_len: 0 }
}

fn signer() -> Arc<dyn OrderSigner> {
    let chain = &polymarket::Chain::POLYGON;
    let policy = Policy {
        exchanges: exchanges_of(chain),
        account_types: [0, 1, 2, 3].into(),
        order_dollars_max: 1_000_000_000,
        order_shares_max: 10_000_000_000,
        day_dollars_max: u64::MAX / 4,
        day_shares_max: u64::MAX / 4,
        price_min: Price(1),
        price_max: Price(999_999),
        logins: true,
        ..Policy::nothing(chain.id)
    };
    let key = WalletKey::from_hex(KEY, "the test").unwrap();
    Arc::new(LocalSigner::new(key, policy, Ledger::volatile(), clock))
}

/// The wallet from which the key trades as an account of this type.
fn wallet(kind: SignatureType) -> Address {
    let key = signer().address();
    match kind {
        SignatureType::Eoa => key,
        SignatureType::Proxy => polymarket::wallet::proxy(key),
        SignatureType::Safe => polymarket::wallet::safe(key),
        SignatureType::DepositWallet => polymarket::wallet::deposit(key),
    }
}

/// Makes the wallet's API key, or gets the one that was made.
fn log_in(venue: &mut Venue, signer: &dyn OrderSigner) -> Credentials {
    let now = clock();
    let seconds = u64::try_from(now.as_millis() / 1_000).unwrap();
    let signature = signer.sign_l1(seconds, 0).unwrap();
    let headers = l1_headers(&signer.address(), &signature, seconds, 0);
    let headers: Vec<_> = headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    for (method, path) in [("POST", "/auth/api-key"), ("GET", "/auth/derive-api-key")] {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.clone(),
            ..Request::default()
        };
        if let Answer::Now(response) = venue.handle(&request, now)
            && response.status == 200
        {
            return rest::credentials(&response.body).unwrap();
        }
    }
    panic!("no API key");
}

/// An engine that trades live, a venue, and what lies between them.
pub struct Play {
    pub venue: Venue,
    pub link: Link,
    engine: Option<Engine>,
    kind: SignatureType,
    config: Config,
    log: PathBuf,
    now: UtcNanos,
    next_look: UtcNanos,
}

impl Play {
    /// The engine starts at this time, into a new log, with an account of this type. The venue has its markets already.
    pub fn begin(mut venue: Venue, kind: SignatureType, config: &Config, log: &Path, now: UtcNanos) -> Self {
        venue.fund(wallet(kind), Cash(10_000_000_000));
        let mut config = config.clone();
        let chain_id = polymarket::Chain::POLYGON.id;
        let (signer, maker, builder) = (signer().address(), wallet(kind), Bytes32::ZERO);
        config.account = Some(AccountConfig { chain_id, signature_type: kind, signer, maker, builder });
        let link = Link::default();
        let mut play = Self { venue, link, engine: None, kind, config, log: log.to_owned(), now, next_look: now };
        play.start();
        play
    }

    /// The wallet that trades.
    pub fn wallet(&self) -> Address {
        wallet(self.kind)
    }

    pub fn now(&self) -> UtcNanos {
        self.now
    }

    pub fn state(&self) -> &State {
        self.engine().state()
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("it runs")
    }

    fn running(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("it runs")
    }

    /// Starts the engine's process. The log's thread of one that died may still be writing what it had taken.
    fn start(&mut self) {
        for _ in 0..2_000 {
            match self.open() {
                Ok(engine) => {
                    self.engine = Some(engine);
                    let now = self.now;
                    self.running().start_venue(now).unwrap();
                    return self.settle();
                }
                Err(EngineError::Log(LogError::Locked { .. })) => std::thread::sleep(Duration::from_millis(5)),
                Err(e) => panic!("{e}"),
            }
        }
        panic!("the log stays locked");
    }

    fn open(&mut self) -> Result<Engine, EngineError> {
        NOW.with(|now| now.set(self.now));
        let signer = signer();
        let credentials = log_in(&mut self.venue, signer.as_ref());
        let api_key = credentials.api_key.clone();
        let address = signer.address();
        let (maker, signature_type) = (self.wallet(), u8::from(self.kind));
        let desk = Desk::new(Account { signer: address, maker, signature_type, credentials });
        let wanted = Wanted { max_markets: 100, ..Wanted::default() };
        let feed = Feed::new(Settings { wanted, record_raw: false });
        let port = Polymarket::new(desk, feed, signer, polymarket::Chain::POLYGON.id, api_key, false);
        let start = Start {
            mode: Mode::Live,
            config: &self.config,
            keeping: &keeping(),
            feed: "the simulation".to_owned(),
            time: self.now,
            wallet: address.to_string(),
        };
        Ok(Engine::open(&self.log, &start, Some(Box::new(port)))?.0)
    }

    /// The engine's process dies without a word, and is started again later.
    pub fn kill(&mut self, away_ms: u64) {
        drop(self.engine.take());
        self.link.lost(&mut self.venue);
        let back = self.now.plus_millis(away_ms);
        self.venue_passes(back);
        self.now = back;
        self.start();
    }

    fn venue_passes(&mut self, until: UtcNanos) {
        // Nobody listens: what it says goes nowhere.
        self.link.listen(&mut self.venue, until);
    }

    /// Everything that can happen without time passing.
    fn settle(&mut self) {
        let now = self.now;
        loop {
            for ask in self.engine.as_mut().expect("it runs").asks() {
                self.link.ask(ask, &mut self.venue, now);
            }
            self.link.listen(&mut self.venue, now);
            let Some(tell) = self.link.arrived(now) else { break };
            self.running().hear(tell, now).unwrap();
        }
    }

    /// Lets time pass, with everything that falls due on the way.
    pub fn pass(&mut self, until: UtcNanos) {
        loop {
            let timer = self.engine().next_timer();
            let next = [self.link.next_at(), self.venue.next_due(), timer, Some(self.next_look)];
            let next = next.into_iter().flatten().min().unwrap_or(until).clamp(self.now, until);
            self.now = next;
            NOW.with(|now| now.set(next));
            if self.next_look <= next {
                self.next_look = next.plus_millis(LOOK_MS);
            }
            self.running().look(next).unwrap();
            self.settle();
            if next == until {
                return;
            }
        }
    }

    /// Something happens at the venue.
    pub fn feed(&mut self, time: UtcNanos, event: &MarketEvent) {
        self.pass(time.max(self.now));
        let now = self.now;
        self.venue.feed(now, event);
        self.settle();
    }

    /// Every socket breaks.
    pub fn cut(&mut self) {
        let now = self.now;
        self.link.cut(&mut self.venue, now);
        self.settle();
    }

    /// Nothing more is ordered, and everything open is cancelled.
    pub fn kill_switch(&mut self) {
        let command = SystemEvent::OperatorCommand {
            who: "test".to_owned(),
            command: OperatorCommand::Kill(KillLevel::CancelAll),
        };
        let now = self.now;
        self.running().tell(Event::System(command), now).unwrap();
        self.settle();
    }

    /// Ends the run.
    pub fn stop(mut self) -> Venue {
        let now = self.now;
        self.engine.take().expect("it runs").stop("the play is over", true, now).unwrap();
        self.venue
    }
}
