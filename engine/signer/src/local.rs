//! A key, its policy and the day's sums, in this process.

use crate::clock::Clock;
use crate::key::WalletKey;
use crate::ledger::{Ledger, Outflow};
use crate::policy::{Policy, Refusal};
use crate::request::{SignedTx, SigningDomainRequest, TxRequest};
use crate::sign::{OrderSigner, SignError};
use crate::transaction;
use polymarket::{Address, Chain, Domain, Order, SignDigest, Signature65, order_signature};
use std::sync::Mutex;

/// Signs with a key that is in this process.
#[derive(Debug)]
pub struct LocalSigner {
    key: WalletKey,
    policy: Policy,
    ledger: Mutex<Ledger>,
    clock: Clock,
}

impl LocalSigner {
    /// With a key, what it may sign, where the day's sums are, and what time it is.
    pub fn new(key: WalletKey, policy: Policy, ledger: Ledger, clock: Clock) -> Self {
        Self { key, policy, ledger: Mutex::new(ledger), clock }
    }

    /// What it may sign.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Counts before anything is signed. The lock is held until the sum is on the disk, so that two requests at once
    /// cannot both fit under the limit.
    fn count(&self, more: Outflow) -> Result<(), SignError> {
        let mut ledger = self.ledger.lock().map_err(|_| SignError::Poisoned)?;
        let day = self.policy.day(ledger.at((self.clock)().day()), more)?;
        if more != Outflow::default() {
            ledger.raise(day)?;
        }
        Ok(())
    }

    fn chain(&self, id: u64) -> Result<&'static Chain, SignError> {
        self.policy.chain(id)?;
        Chain::by_id(id).ok_or(SignError::Refused(Refusal::Chain { asked: id, allowed: self.policy.chain_id }))
    }
}

impl OrderSigner for LocalSigner {
    fn address(&self) -> Address {
        self.key.address()
    }

    fn sign_order(&self, order: &Order, request: &SigningDomainRequest) -> Result<Vec<u8>, SignError> {
        let chain = self.chain(request.chain_id)?;
        let domain = Domain::exchange(chain, request.generation, request.neg_risk)?;
        let outflow = self.policy.order(order, request, domain.contract(), self.key.address())?;
        self.count(outflow)?;
        let Ok(signature) = order_signature(order, &domain, &self.key);
        tracing::info!(
            id = %order.id(&domain),
            exchange = %domain.contract(),
            maker = %order.maker,
            side = ?order.side,
            gives = order.maker_amount,
            takes = order.taker_amount,
            "signed an order"
        );
        Ok(signature)
    }

    fn sign_l1(&self, timestamp_s: u64, nonce: u64) -> Result<Signature65, SignError> {
        self.policy.login(timestamp_s, (self.clock)())?;
        let chain = self.chain(self.policy.chain_id)?;
        let digest = polymarket::auth::l1_digest(chain.id, &self.key.address(), timestamp_s, nonce);
        let Ok(signature) = self.key.sign(&digest);
        tracing::info!(address = %self.key.address(), timestamp_s, nonce, "signed a login");
        Ok(signature)
    }

    fn sign_tx(&self, tx: &TxRequest) -> Result<SignedTx, SignError> {
        let chain = self.chain(tx.chain_id)?;
        let outflow = self.policy.transaction(tx, chain)?;
        self.count(outflow)?;
        let signed = transaction::sign(tx, chain, &self.key)?;
        tracing::info!(hash = %signed.hash, nonce = tx.nonce, call = ?tx.call, fee_max_wei = tx.fee_max(), "signed a transaction");
        Ok(signed)
    }
}
