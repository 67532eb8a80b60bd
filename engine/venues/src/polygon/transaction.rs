//! What a transaction needs before it is signed, and what became of it.

use super::error::RpcError;
use super::node::{Node, quantity};
use polymarket::tx::transaction_hash;
use polymarket::{Address, hex};
use schemas::Bytes32;
use serde_json::{Value, json};
use std::time::Duration;

/// Polygon's validators leave out what tips less: 25 gwei (the default price limit of its node, Bor).
const TIP_MIN_WEI: u64 = 25_000_000_000;
/// Blocks whose tips are looked at.
const BLOCKS: u64 = 10;
/// Room above the estimate, percent: the state can change until the transaction is included.
const GAS_ROOM_PCT: u64 = 25;
/// Time between two looks for a receipt; Polygon's blocks take two seconds.
const RECEIPT_PAUSE: Duration = Duration::from_secs(2);

/// What a unit of gas costs, wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The most for a unit of gas: twice the next block's base fee, and the tip.
    pub max_fee: u64,
    /// Of that, the tip.
    pub max_priority_fee: u64,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it did what it should; if not, only its fee was paid.
    pub succeeded: bool,
    /// The block that has it.
    pub block: u64,
    /// What it cost, wei.
    pub fee_wei: u128,
}

impl Node {
    /// How many transactions an address has sent, those included that wait.
    pub async fn nonce(&self, address: Address) -> Result<u64, RpcError> {
        self.number("eth_getTransactionCount", json!([address, "pending"])).await
    }

    /// What a unit of gas costs now: from the newest blocks, or from the node's own word where it keeps no fee history.
    pub async fn fees(&self) -> Result<Fees, RpcError> {
        const METHOD: &str = "eth_feeHistory";
        let (base, tip) = match self.ask(METHOD, json!([format!("{BLOCKS:#x}"), "latest", [50]])).await {
            Ok(history) => {
                let read = || Some((quantity(history["baseFeePerGas"].as_array()?.last()?)?, median_tip(&history)?));
                read().ok_or_else(|| self.bad(METHOD, "no fee history"))?
            }
            Err(RpcError::Refused { .. }) => (self.wide_number("eth_gasPrice", json!([])).await?, 0),
            Err(e) => return Err(e),
        };
        let tip = tip.max(u128::from(TIP_MIN_WEI));
        let fee = base.checked_mul(2).and_then(|b| b.checked_add(tip)).and_then(|fee| u64::try_from(fee).ok());
        let tip = u64::try_from(tip).ok();
        let (max_fee, max_priority_fee) =
            fee.zip(tip).ok_or_else(|| self.bad(METHOD, "a fee that no one could pay"))?;
        Ok(Fees { max_fee, max_priority_fee })
    }

    /// How much gas a call needs, with room. Fails with the contract's words if it would turn the call down.
    pub async fn gas(&self, from: Address, to: Address, data: &[u8]) -> Result<u64, RpcError> {
        let call = json!([{ "from": from, "to": to, "data": hex(data) }]);
        let estimate = self.number("eth_estimateGas", call).await?;
        let room = estimate.checked_mul(GAS_ROOM_PCT).map(|n| n / 100).and_then(|room| estimate.checked_add(room));
        room.ok_or_else(|| self.bad("eth_estimateGas", "more gas than there is"))
    }

    /// Sends a signed transaction. If this fails, look at [`RpcError::may_have_arrived`] before doing anything else.
    pub async fn send(&self, raw: &[u8]) -> Result<Bytes32, RpcError> {
        const METHOD: &str = "eth_sendRawTransaction";
        let answer = self.bytes(METHOD, json!([hex(raw)])).await?;
        let hash = transaction_hash(raw);
        if answer == hash.0 { Ok(hash) } else { Err(self.bad(METHOD, "the hash of another transaction")) }
    }

    /// What became of a transaction; nothing while it waits.
    pub async fn receipt(&self, hash: &Bytes32) -> Result<Option<Receipt>, RpcError> {
        const METHOD: &str = "eth_getTransactionReceipt";
        let answer = self.ask(METHOD, json!([format!("0x{hash}")])).await?;
        if answer.is_null() {
            return Ok(None);
        }
        let read = || {
            let named = answer["transactionHash"].as_str().and_then(Bytes32::from_hex)?;
            let succeeded = match quantity(&answer["status"])? {
                0 => false,
                1 => true,
                _ => return None,
            };
            let block = u64::try_from(quantity(&answer["blockNumber"])?).ok()?;
            let fee_wei = quantity(&answer["gasUsed"])?.checked_mul(quantity(&answer["effectiveGasPrice"])?)?;
            (named == *hash).then_some(Receipt { succeeded, block, fee_wei })
        };
        read().map(Some).ok_or_else(|| self.bad(METHOD, "no receipt of this transaction"))
    }

    /// Waits until a transaction is in a block, for about `patience` at most. A node that does not answer in between is
    /// asked again.
    pub async fn wait(&self, hash: &Bytes32, patience: Duration) -> Result<Receipt, RpcError> {
        let looks = patience.as_secs() / RECEIPT_PAUSE.as_secs();
        for look in 0..=looks {
            match self.receipt(hash).await {
                Ok(Some(receipt)) => return Ok(receipt),
                Ok(None) | Err(RpcError::Timeout { .. } | RpcError::Unreachable { .. } | RpcError::Status { .. }) => {}
                Err(e) => return Err(e),
            }
            if look < looks {
                tokio::time::sleep(RECEIPT_PAUSE).await;
            }
        }
        Err(RpcError::NoReceipt { hash: *hash, seconds: patience.as_secs() })
    }
}

/// The middle of what the blocks' median transactions tipped; nothing if the node does not say.
fn median_tip(history: &Value) -> Option<u128> {
    let Some(blocks) = history.get("reward").and_then(Value::as_array) else { return Some(0) };
    let mut tips: Vec<u128> = blocks.iter().map(|block| quantity(block.get(0)?)).collect::<Option<_>>()?;
    tips.sort_unstable();
    Some(tips.get(tips.len() / 2).copied().unwrap_or(0))
}
