//! Transactions, from typed fields to signed bytes.

use crate::key::WalletKey;
use crate::request::{Allowance, Call, Dollar, SignedTx, TokenLedger, TxRequest};
use crate::sign::SignError;
use polymarket::calldata::{self, UNLIMITED};
use polymarket::hash::word;
use polymarket::tx::{Eip1559, Transaction, transaction_hash};
use polymarket::{Address, Chain, ChainError, Contract, Generation, SignDigest};

impl Call {
    /// The contract that is called.
    pub fn target(&self, chain: &Chain) -> Result<Address, ChainError> {
        match self {
            Self::ApprovePusd { .. } => chain.pusd(),
            Self::ApproveTokens { ledger, .. } => ledger.address(chain),
            Self::Transfer { token, .. } => token.address(chain),
            Self::Unwrap { .. } => chain.address(Contract::Offramp),
            Self::RedeemV2 { neg_risk, .. } => chain.settlement(Generation::V2, *neg_risk),
            Self::RedeemV3 { .. } => chain.settlement(Generation::V3, false),
        }
    }

    /// The bytes of the call.
    pub fn data(&self, chain: &Chain) -> Result<Vec<u8>, ChainError> {
        Ok(match self {
            Self::ApprovePusd { spender, amount } => {
                let amount = match amount {
                    Allowance::Exactly(n) => word(*n),
                    Allowance::Unlimited => UNLIMITED,
                };
                calldata::approve(spender, &amount)
            }
            Self::ApproveTokens { operator, approved, .. } => calldata::set_approval_for_all(operator, *approved),
            Self::Transfer { to, amount, .. } => calldata::transfer(to, *amount),
            Self::Unwrap { to, amount } => calldata::offramp_unwrap(&chain.address(Contract::UsdcE)?, to, *amount),
            Self::RedeemV2 { condition, .. } => calldata::redeem_positions(&chain.pusd()?, condition),
            Self::RedeemV3 { condition, outcome, amount } => {
                let mut bytes = [0; 31];
                bytes.copy_from_slice(&condition.0[..31]);
                calldata::router_redeem(&bytes, *outcome, *amount)
            }
        })
    }
}

impl Dollar {
    /// Its contract.
    pub fn address(self, chain: &Chain) -> Result<Address, ChainError> {
        chain.address(match self {
            Self::Pusd => Contract::Pusd,
            Self::UsdcE => Contract::UsdcE,
            Self::Usdc => Contract::Usdc,
        })
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pusd => "pUSD",
            Self::UsdcE => "USDC.e",
            Self::Usdc => "USDC",
        }
    }
}

impl TokenLedger {
    /// Its contract.
    pub fn address(self, chain: &Chain) -> Result<Address, ChainError> {
        chain.positions(match self {
            Self::ConditionalTokens => Generation::V2,
            Self::PositionManager => Generation::V3,
        })
    }
}

impl TxRequest {
    /// The transaction without its signature.
    pub fn unsigned(&self, chain: &Chain) -> Result<Transaction, ChainError> {
        Ok(Transaction::Eip1559(Eip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            max_priority_fee: u128::from(self.max_priority_fee_per_gas),
            max_fee: u128::from(self.max_fee_per_gas),
            gas: self.gas_limit,
            to: self.call.target(chain)?,
            value: 0,
            data: self.call.data(chain)?,
        }))
    }
}

/// Signs a transaction that the policy allows.
pub(crate) fn sign(tx: &TxRequest, chain: &Chain, key: &WalletKey) -> Result<SignedTx, SignError> {
    let unsigned = tx.unsigned(chain)?;
    let Ok(signature) = key.sign(&unsigned.digest());
    let raw = unsigned.raw(&signature)?;
    let hash = transaction_hash(&raw);
    Ok(SignedTx { raw, hash })
}
