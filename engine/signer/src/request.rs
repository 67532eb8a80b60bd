//! What a signer may be asked for: typed fields, never a digest and never free bytes.

use polymarket::{Address, Generation};
use schemas::Bytes32;
use serde::{Deserialize, Serialize};

/// For which exchange an order is to be signed. The contract's address is looked up by the signer, not taken from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningDomainRequest {
    /// The chain's id: 137 Polygon, 80002 Amoy.
    pub chain_id: u64,
    /// Which exchange contract: by the market's version.
    pub generation: Generation,
    /// Whether the market is one of a neg-risk event.
    pub neg_risk: bool,
}

/// A transaction from the key's own address. Carries no ether.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxRequest {
    /// The chain's id.
    pub chain_id: u64,
    /// How many transactions the address has sent before.
    pub nonce: u64,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// The most that may be paid for a unit of gas, wei.
    pub max_fee_per_gas: u64,
    /// The part of it that may go to the block's producer, wei.
    pub max_priority_fee_per_gas: u64,
    /// What it does.
    pub call: Call,
}

impl TxRequest {
    /// The most that it can cost, wei.
    pub fn fee_max(&self) -> u128 {
        u128::from(self.gas_limit) * u128::from(self.max_fee_per_gas)
    }
}

/// What a transaction may do. Amounts are millionths (of a dollar, of a share).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// Let a contract of the venue take pUSD.
    ApprovePusd {
        /// The contract.
        spender: Address,
        /// How much.
        amount: Allowance,
    },
    /// Let a contract of the venue move outcome tokens, or stop it.
    ApproveTokens {
        /// Which ledger of tokens.
        ledger: TokenLedger,
        /// The contract.
        operator: Address,
        /// Let, or stop.
        approved: bool,
    },
    /// Send pUSD, USDC.e or USDC to somebody.
    Transfer {
        /// Which of them.
        token: Dollar,
        /// To whom.
        to: Address,
        /// How much.
        amount: u64,
    },
    /// Turn pUSD into USDC.e and send it to somebody.
    Unwrap {
        /// To whom.
        to: Address,
        /// How much.
        amount: u64,
    },
    /// Redeem both outcomes of a resolved market of CLOB V2.
    RedeemV2 {
        /// The condition.
        condition: Bytes32,
        /// Whether it is one of a neg-risk event.
        neg_risk: bool,
    },
    /// Redeem one outcome of a resolved market of Protocol V2 (its contracts are the third generation).
    RedeemV3 {
        /// The condition: its 31 bytes, and a zero byte behind them.
        condition: Bytes32,
        /// Which outcome: 0 or 1.
        outcome: u8,
        /// How much of it.
        amount: u64,
    },
}

/// How much a contract may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowance {
    /// So much; 0 takes the permission back.
    Exactly(u64),
    /// Whatever there is.
    Unlimited,
}

/// The tokens that are worth a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dollar {
    /// The venue's collateral.
    Pusd,
    /// Bridged USDC.
    UsdcE,
    /// Native USDC.
    Usdc,
}

/// Where outcome tokens are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenLedger {
    /// Conditional Tokens: markets of CLOB V2.
    ConditionalTokens,
    /// The position manager: markets of Protocol V2.
    PositionManager,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    /// What is sent to the chain.
    pub raw: Vec<u8>,
    /// Its hash: how it is found again.
    pub hash: Bytes32,
}
