//! From a call to a receipt: prepared, shown, confirmed, signed, sent, waited for.

use super::balance::{dollars, pol};
use super::open::{Hand, Wallet};
use super::{prompt, rpc_failure, sign_failure};
use crate::exit::{Code, Failure};
use console::output::{Format, Table};
use polymarket::tx::transaction_hash;
use polymarket::{Address, Chain};
use schemas::Bytes32;
use serde_json::json;
use signer::policy::TransactionRules;
use signer::{Allowance, Call, Dollar, Policy, SignedTx, TokenLedger, TxRequest};
use std::time::Duration;
use venues::polygon::{Fees, Node, Receipt};

/// How long a receipt is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a transaction came to.
pub(super) struct Done {
    pub hash: Bytes32,
    pub receipt: Receipt,
}

/// Prepares transactions one behind the other.
pub(super) struct Preparing<'a> {
    node: &'a Node,
    chain: &'static Chain,
    from: Address,
    nonce: u64,
    fees: Fees,
}

impl<'a> Preparing<'a> {
    pub async fn begin(node: &'a Node, chain: &'static Chain, from: Address) -> Result<Self, Failure> {
        let nonce = node.nonce(from).await.map_err(rpc_failure)?;
        let fees = node.fees().await.map_err(rpc_failure)?;
        Ok(Self { node, chain, from, nonce, fees })
    }

    /// The next transaction, with as much gas as the node says it needs.
    pub async fn next(&mut self, call: Call) -> Result<TxRequest, Failure> {
        let (to, data) = (target(&call, self.chain)?, call.data(self.chain).map_err(|e| rpc_failure(e.into()))?);
        let gas = self.node.gas(self.from, to, &data).await.map_err(|e| match e.is_revert() {
            true => Failure::new(Code::Error, format!("the contract would refuse this: {e}"))
                .next("nothing was signed; `arena wallet balance` shows what the wallet has and allows"),
            false => rpc_failure(e),
        })?;
        Ok(self.next_with(call, gas))
    }

    /// The next transaction, with this much gas.
    pub fn next_with(&mut self, call: Call, gas_limit: u64) -> TxRequest {
        let nonce = self.nonce;
        self.nonce += 1;
        TxRequest {
            chain_id: self.chain.id,
            nonce,
            gas_limit,
            max_fee_per_gas: self.fees.max_fee,
            max_priority_fee_per_gas: self.fees.max_priority_fee,
            call,
        }
    }
}

fn target(call: &Call, chain: &Chain) -> Result<Address, Failure> {
    call.target(chain).map_err(|e| rpc_failure(e.into()))
}

/// Shows transactions, has `typed` typed, and returns a signer for exactly these.
pub(super) fn confirm(
    wallet: &Wallet<'_>,
    hand: Hand,
    txs: &[TxRequest],
    typed: &str,
    what: &str,
) -> Result<Box<dyn signer::OrderSigner>, Failure> {
    let fee: u128 = txs.iter().map(TxRequest::fee_max).sum();
    // Lines rather than a table: an address must not be broken to fit a narrow terminal.
    for (at, tx) in txs.iter().enumerate() {
        let contract = target(&tx.call, wallet.chain)?;
        eprintln!("{} of {}: {}\n        by a call of {contract}", at + 1, txs.len(), describe(&tx.call));
    }
    eprintln!(
        "from {} on {} (chain {}), fees at most {} POL",
        hand.address(),
        wallet.chain.name,
        wallet.chain.id,
        pol(fee)
    );
    prompt::confirm(typed, what)?;
    Ok(hand.into_signer(exactly(wallet.chain.id, txs)))
}

/// A policy that allows these transactions and nothing else.
fn exactly(chain_id: u64, txs: &[TxRequest]) -> Policy {
    let mut policy = Policy::nothing(chain_id);
    let mut rules = TransactionRules::default();
    for tx in txs {
        rules.kinds.insert(tx.call.kind());
        rules.fee_max = rules.fee_max.max(tx.fee_max());
        if let Call::Transfer { to, amount, .. } | Call::Unwrap { to, amount } = &tx.call {
            rules.recipients.insert(*to);
            rules.amount_max = rules.amount_max.max(*amount);
            rules.day_max = rules.day_max.saturating_add(*amount);
        }
    }
    policy.transactions = rules;
    policy
}

/// A call in words.
pub(super) fn describe(call: &Call) -> String {
    match call {
        Call::ApprovePusd { spender, amount: Allowance::Unlimited } => {
            format!("lets {spender} take any amount of pUSD")
        }
        Call::ApprovePusd { spender, amount: Allowance::Exactly(0) } => format!("lets {spender} take no pUSD any more"),
        Call::ApprovePusd { spender, amount: Allowance::Exactly(n) } => {
            format!("lets {spender} take up to {} pUSD", dollars(*n))
        }
        Call::ApproveTokens { ledger, operator, approved } => {
            let tokens = match ledger {
                TokenLedger::ConditionalTokens => "conditional tokens",
                TokenLedger::PositionManager => "positions",
            };
            match approved {
                true => format!("lets {operator} move all {tokens}"),
                false => format!("lets {operator} move no {tokens} any more"),
            }
        }
        Call::Transfer { token, to, amount } => format!("sends {} {} to {to}", dollars(*amount), Dollar::name(*token)),
        Call::Unwrap { to, amount } => {
            format!("turns {} pUSD into USDC.e and sends it to {to}", dollars(*amount))
        }
        Call::RedeemV2 { condition, .. } => format!("redeems both outcomes of 0x{condition}"),
        Call::RedeemV3 { condition, outcome, amount } => {
            format!("redeems {} of outcome {outcome} of 0x{}", dollars(*amount), condition.short(62))
        }
    }
}

/// Signs one, sends it and waits for its receipt.
pub(super) async fn send(node: &Node, signer: &dyn signer::OrderSigner, tx: &TxRequest) -> Result<Done, Failure> {
    let SignedTx { raw, hash } = signer.sign_tx(tx).map_err(sign_failure)?;
    if transaction_hash(&raw) != hash {
        return Err(Failure::new(Code::Error, "the signer's transaction is not the one it names; nothing was sent"));
    }
    if let Err(e) = node.send(&raw).await {
        if !e.may_have_arrived() {
            return Err(rpc_failure(e));
        }
        // The same bytes count once, however often they arrive; only the receipt says what happened.
        eprintln!("{e}; looking for 0x{hash} on the chain ...");
    }
    let receipt = node.wait(&hash, PATIENCE).await.map_err(|e| {
        rpc_failure(e)
            .next(format!("look for 0x{hash} on polygonscan.com before you try again: it can still be included"))
    })?;
    if !receipt.succeeded {
        return Err(Failure::new(
            Code::Error,
            format!(
                "0x{hash} failed in block {}; only its fee of {} POL was paid",
                receipt.block,
                pol(receipt.fee_wei)
            ),
        ));
    }
    Ok(Done { hash, receipt })
}

/// What is printed of transactions that are done.
pub(super) fn report(wallet: &Wallet<'_>, done: &[Done]) -> crate::exit::Outcome {
    if wallet.global.format() == Format::Json {
        let list: Vec<_> = done
            .iter()
            .map(|d| json!({ "transaction": format!("0x{}", d.hash), "block": d.receipt.block, "fee_pol": pol(d.receipt.fee_wei) }))
            .collect();
        return console::print(&serde_json::Value::Array(list).to_string());
    }
    let mut table = Table::new(&["transaction", "block", "fee, POL"]).numbers(&["block", "fee, POL"]);
    for d in done {
        table.row(vec![format!("0x{}", d.hash), d.receipt.block.to_string(), pol(d.receipt.fee_wei)]);
    }
    console::print(&table.render(wallet.global.format()))
}
