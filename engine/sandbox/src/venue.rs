//! The venue as a whole: what goes in, what comes out, and how time passes.

use crate::buckets::Buckets;
use crate::catalogue::Catalogue;
use crate::clients::Clients;
use crate::dice::Dice;
use crate::faults::Faults;
use crate::gate::Mode;
use crate::history::History;
use crate::orders::Orders;
use crate::polygon::Chain;
use crate::settings::Settings;
use crate::sockets::Sockets;
use crate::trades::Trades;
use exchange::{AccountId, Exchange, Market};
use polymarket::Address;
use projections::Projection;
use projections::books::Books;
use projections::markets::Markets;
use projections::quotes::Quotes;
use schemas::event::MarketEvent;
use schemas::{Bytes32, Cash, Envelope, Event, OrderId, Seq, Size, UtcNanos};
use std::collections::BTreeMap;

/// Something that happens at a time of its own.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    /// The next stage of a trade.
    Trade { at: usize, stages: Vec<(u64, crate::trades::Stage)> },
    /// A delayed order is matched.
    Match(OrderId),
    /// A request that was late arrives.
    Request(Box<crate::answer::Request>),
    /// The matching engine is back: nothing to do, but sockets may wait for it.
    Heartbeat(String),
}

/// Something for the sandbox's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub time: UtcNanos,
    /// What.
    pub event: Event,
}

/// What a wallet has, for comparing with a client's own books.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Account {
    /// The wallet.
    pub wallet: Address,
    /// Its cash.
    pub cash: Cash,
    /// Its shares, by the venue's decimal token id.
    pub shares: BTreeMap<String, Size>,
    /// Ids of its open orders.
    pub open_orders: Vec<String>,
}

/// The simulated venue. Everything goes in through [`Venue::feed`], [`Venue::handle`] and the socket calls, each with the
/// time at which it comes; time never goes backward.
pub struct Venue {
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) mode: Mode,
    pub(crate) dice: Dice,
    pub(crate) now: UtcNanos,
    seq: Seq,
    pub(crate) markets: Markets,
    pub(crate) books: Books,
    pub(crate) quotes: Quotes,
    pub(crate) exchange: Exchange,
    pub(crate) catalogue: Catalogue,
    pub(crate) clients: Clients,
    pub(crate) orders: Orders,
    pub(crate) trades: Trades,
    pub(crate) sockets: Sockets,
    pub(crate) history: History,
    pub(crate) chain: Chain,
    pub(crate) buckets: Buckets,
    pub(crate) heartbeats: BTreeMap<String, crate::heartbeat::Beat>,
    /// Why the exchange refused an order that is being placed.
    pub(crate) refusals: BTreeMap<OrderId, String>,
    /// The word with which an order that is being cancelled ends.
    pub(crate) ending: BTreeMap<OrderId, &'static str>,
    /// Markets whose book clients have changed since it was last published.
    pub(crate) dirty: std::collections::BTreeSet<schemas::MarketId>,
    /// Grids that were last told.
    pub(crate) ticks: BTreeMap<schemas::MarketId, schemas::Price>,
    timers: BTreeMap<(UtcNanos, u64), Timer>,
    counter: u64,
    recorded: Vec<Recorded>,
    /// When windows of faults count from: the first time anything came.
    pub(crate) began: Option<UtcNanos>,
}

impl Venue {
    /// An empty venue.
    pub fn new(settings: Settings, faults: Faults) -> Self {
        let inner = exchange::Settings {
            starting_cash_usdc: Cash::ZERO,
            submit_latency_ms: 0,
            report_latency_ms: 0,
            // Trades are settled by their own timers; this only ends what they would forget.
            confirm_latency_ms: 86_400_000,
            ..exchange::Settings::default()
        };
        Self {
            dice: Dice::new(settings.seed),
            clients: Clients::new(settings.seed),
            settings,
            faults,
            mode: Mode::Normal,
            now: UtcNanos::ZERO,
            seq: Seq::FIRST,
            markets: Markets::default(),
            books: Books::default(),
            quotes: Quotes::default(),
            exchange: Exchange::with_settings(inner),
            catalogue: Catalogue::default(),
            orders: Orders::default(),
            trades: Trades::default(),
            sockets: Sockets::default(),
            history: History::default(),
            chain: Chain::default(),
            buckets: Buckets::default(),
            heartbeats: BTreeMap::new(),
            refusals: BTreeMap::new(),
            ending: BTreeMap::new(),
            dirty: std::collections::BTreeSet::new(),
            ticks: BTreeMap::new(),
            timers: BTreeMap::new(),
            counter: 0,
            recorded: Vec::new(),
            began: None,
        }
    }

    /// The time it is at the venue.
    pub fn now(&self) -> UtcNanos {
        self.now
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Other faults from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// What the venue takes now, beside the windows of its faults.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// How the venue is, to be changed while it runs.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// How the venue is.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives cash to a wallet.
    pub fn fund(&mut self, wallet: Address, cash: Cash) {
        let id = self.account_of(wallet);
        self.exchange.fund(id, cash);
    }

    /// Gives shares of a token, named by the venue's decimal id, to a wallet. `false` if there is no such token.
    pub fn give(&mut self, wallet: Address, token: &str, size: Size) -> bool {
        let Some(token) = self.catalogue.token(token) else { return false };
        let id = self.account_of(wallet);
        self.exchange.give(id, token, size);
        true
    }

    /// The exchange's account of a wallet, opened with what the settings give to newcomers.
    pub(crate) fn account_of(&mut self, wallet: Address) -> AccountId {
        let (id, is_new) = self.clients.open(wallet);
        if is_new {
            self.exchange.fund(id, self.settings.welcome);
        }
        id
    }

    /// What every wallet has.
    pub fn accounts(&self) -> Vec<Account> {
        let account = |(wallet, id): (Address, AccountId)| {
            let held = self.exchange.account(id);
            let shares = held.map(|a| a.holdings().map(|(t, s)| (self.catalogue.token_text(t), s)).collect());
            let open = self.orders.open().filter(|o| o.account == id).map(|o| o.id()).collect();
            Account {
                wallet,
                cash: held.map_or(Cash::ZERO, |a| a.cash),
                shares: shares.unwrap_or_default(),
                open_orders: open,
            }
        };
        self.clients.wallets().map(account).collect()
    }

    /// The decimal ids of a market's tokens and its condition, by the number it has in the recording.
    pub fn ids(&self, market: schemas::MarketId) -> Option<(String, [String; 2])> {
        let listing = self.catalogue.get(market)?;
        let text = |id: &Bytes32| polymarket::token::to_decimal(id);
        Some((crate::base::hash_text(&listing.condition), [text(&listing.tokens[0]), text(&listing.tokens[1])]))
    }

    /// The market data, as the exchange reads it.
    pub(crate) fn market(&self) -> Market<'_> {
        Market { markets: &self.markets, books: &self.books, quotes: &self.quotes }
    }

    /// Runs a change of the exchange that reads the market data.
    pub(crate) fn with_exchange<T>(&mut self, change: impl FnOnce(&mut Exchange, Market<'_>) -> T) -> T {
        let market = Market { markets: &self.markets, books: &self.books, quotes: &self.quotes };
        change(&mut self.exchange, market)
    }

    /// One event of the recording.
    pub fn feed(&mut self, time: UtcNanos, event: &MarketEvent) {
        self.pass(time);
        let envelope =
            Envelope { seq: self.seq, time: self.now, cause: None, cycle: None, event: Event::Market(event.clone()) };
        self.seq = self.seq.next();
        self.markets.apply(&envelope, ());
        self.books.apply(&envelope, ());
        self.quotes.apply(&envelope, (&self.books, &self.markets));
        // A log may hold markets of venues that were only read: those are not this venue's.
        if let MarketEvent::Listed(listed) = event
            && listed.venue.takes_orders()
            && self.catalogue.list(listed, &self.settings.chain).is_err()
        {
            // A chain without the contract for this market's orders: it is shown, and takes none.
        }
        // Nothing of the exchange comes from a log here, so there is nothing to differ from one.
        let _ = self.with_exchange(|exchange, market| exchange.apply(&envelope, market));
        self.record(envelope.event);
        let traded = self.take_reports(None);
        self.history.note(event, &self.quotes, self.now);
        self.publish(event, traded);
    }

    /// Lets time pass: everything that happens by itself until `now`, in order.
    pub(crate) fn pass(&mut self, now: UtcNanos) {
        self.began.get_or_insert(now);
        loop {
            let timer = self.timers.first_key_value().map(|(k, _)| k.0);
            let inside = self.exchange.next_due();
            let Some(at) = timer.into_iter().chain(inside).min().filter(|at| *at <= now) else { break };
            self.now = self.now.max(at);
            if inside.is_some_and(|due| due <= at) {
                let now = self.now;
                self.with_exchange(|exchange, market| exchange.advance(now, market));
                self.after_change();
            } else if let Some((_, timer)) = self.timers.pop_first() {
                self.ring(timer);
            }
        }
        self.now = self.now.max(now);
    }

    fn ring(&mut self, timer: Timer) {
        match timer {
            Timer::Trade { at, stages } => self.next_stage(at, stages),
            Timer::Match(order) => self.match_delayed(order),
            // Nobody waits for this answer any more.
            Timer::Request(request) => drop(self.route(&request)),
            Timer::Heartbeat(key) => self.miss_heartbeat(&key),
        }
    }

    /// What the exchange has to say is told, and books that changed are published.
    pub(crate) fn after_change(&mut self) {
        let traded = self.take_reports(None);
        self.publish_changes(traded);
    }

    pub(crate) fn wait(&mut self, ms: u64, timer: Timer) {
        self.counter += 1;
        self.timers.insert((self.now.plus_millis(ms), self.counter), timer);
    }

    /// A number that is never given twice.
    pub(crate) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn record(&mut self, event: Event) {
        if self.settings.record {
            self.recorded.push(Recorded { time: self.now, event });
        }
    }

    /// What happened since this was last called, for the sandbox's own log: the recording as it was fed, and what clients
    /// did. Nothing unless [`Settings::record`](crate::Settings) is on.
    pub fn take_recorded(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    /// When something next happens by itself, or is to be sent.
    pub fn next_due(&self) -> Option<UtcNanos> {
        let timer = self.timers.first_key_value().map(|(k, _)| k.0);
        timer.into_iter().chain(self.exchange.next_due()).chain(self.sockets.next_due()).min()
    }
}
