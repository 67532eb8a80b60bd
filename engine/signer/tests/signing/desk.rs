//! A key, a policy, orders and a clock for tests.

use polymarket::{Address, Chain, Generation, Order, SignatureType};
use schemas::{Bytes32, Price, Side, UtcNanos};
use signer::ledger::Ledger;
use signer::policy::{self, TransactionRules};
use signer::{LocalSigner, Policy, SigningDomainRequest, WalletKey};

/// Account 0 of Anvil, known to everybody.
pub const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Its account.
pub const OWNER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// 2026-11-24T12:00:00Z.
pub const NOON: UtcNanos = UtcNanos(1_795_521_600_000_000_000);
/// A dollar, a share.
pub const ONE: u64 = 1_000_000;

pub fn noon() -> UtcNanos {
    NOON
}

pub fn owner() -> Address {
    OWNER.parse().unwrap()
}

pub fn key() -> WalletKey {
    WalletKey::from_hex(KEY, "the test").unwrap()
}

/// Orders up to 25 dollars or 100 shares, 60 dollars or 250 shares a day, prices from 0.05 to 0.95, no transactions.
pub fn policy() -> Policy {
    Policy {
        chain_id: 137,
        exchanges: policy::exchanges_of(&Chain::POLYGON),
        account_types: [0, 1, 2, 3].into(),
        funders: [].into(),
        builders: [].into(),
        order_dollars_max: 25 * ONE,
        order_shares_max: 100 * ONE,
        day_dollars_max: 60 * ONE,
        day_shares_max: 250 * ONE,
        price_min: Price(50_000),
        price_max: Price(950_000),
        logins: true,
        transactions: TransactionRules::default(),
    }
}

pub fn local(policy: Policy) -> LocalSigner {
    LocalSigner::new(key(), policy, Ledger::volatile(), noon)
}

/// The wallet of a kind.
pub fn wallet(kind: SignatureType) -> Address {
    match kind {
        SignatureType::Eoa => owner(),
        SignatureType::Proxy => polymarket::wallet::proxy(owner()),
        SignatureType::Safe => polymarket::wallet::safe(owner()),
        SignatureType::DepositWallet => polymarket::wallet::deposit(owner()),
    }
}

/// An order of the kind's own wallet.
pub fn order(kind: SignatureType, side: Side, gives: u64, takes: u64) -> Order {
    let maker = wallet(kind);
    Order {
        salt: 479_249_096_354,
        maker,
        signer: if kind == SignatureType::DepositWallet { maker } else { owner() },
        token: Bytes32([7; 32]),
        maker_amount: gives,
        taker_amount: takes,
        side,
        signature_type: kind,
        timestamp_ms: 1_795_305_600_137,
        metadata: Bytes32::ZERO,
        builder: Bytes32::ZERO,
    }
}

/// Ten dollars for twenty shares.
pub fn buy() -> Order {
    order(SignatureType::Eoa, Side::Buy, 10 * ONE, 20 * ONE)
}

/// Twenty shares for ten dollars.
pub fn sell() -> Order {
    order(SignatureType::Eoa, Side::Sell, 20 * ONE, 10 * ONE)
}

pub const STANDARD: SigningDomainRequest =
    SigningDomainRequest { chain_id: 137, generation: Generation::V2, neg_risk: false };
