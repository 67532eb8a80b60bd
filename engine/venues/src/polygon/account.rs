//! What a wallet has, and whom it lets take it.

use super::error::RpcError;
use super::node::Node;
use polymarket::{Address, Chain, Contract, calldata};
use serde_json::json;

/// What an address has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// For fees, wei (10^-18 POL).
    pub pol_wei: u128,
    /// The venue's collateral, micro-dollars.
    pub pusd: u64,
    /// Bridged USDC, micro-dollars; not usable for trading before it is wrapped.
    pub usdc_e: u64,
    /// Native USDC, micro-dollars; the same.
    pub usdc: u64,
}

/// What a permission is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The venue's collateral: an amount.
    Pusd,
    /// Conditional Tokens: all or nothing.
    ConditionalTokens,
    /// The position manager's tokens: all or nothing.
    Positions,
}

/// What a permission is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Buy orders.
    Buy,
    /// Sell orders.
    Sell,
    /// Redeeming resolved markets.
    Redeem,
    /// Turning pUSD into USDC.e.
    Unwrap,
}

/// Whether a contract may take something of a wallet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What.
    pub held: Held,
    /// For what.
    pub purpose: Purpose,
    /// Which contract.
    pub contract: Contract,
    /// Its address.
    pub spender: Address,
    /// How much, micro-dollars; for tokens 0 or [`u64::MAX`]. An amount that does not fit is [`u64::MAX`].
    pub amount: u64,
}

/// The permissions that matter (polymarket.md section 10), in the order in which they are asked for.
const PERMISSIONS: [(Held, Purpose, Contract); 10] = [
    (Held::Pusd, Purpose::Buy, Contract::ExchangeV2),
    (Held::Pusd, Purpose::Buy, Contract::NegRiskExchangeV2),
    (Held::Pusd, Purpose::Buy, Contract::ExchangeV3),
    (Held::ConditionalTokens, Purpose::Sell, Contract::ExchangeV2),
    (Held::ConditionalTokens, Purpose::Sell, Contract::NegRiskExchangeV2),
    (Held::Positions, Purpose::Sell, Contract::ExchangeV3),
    (Held::ConditionalTokens, Purpose::Redeem, Contract::CollateralAdapter),
    (Held::ConditionalTokens, Purpose::Redeem, Contract::NegRiskCollateralAdapter),
    (Held::Positions, Purpose::Redeem, Contract::Router),
    (Held::Pusd, Purpose::Unwrap, Contract::Offramp),
];

/// Every permission that matters on a chain, with nothing granted. Contracts that a chain lacks are left out.
pub fn permissions_for(chain: &Chain) -> Vec<Permission> {
    let known = PERMISSIONS.iter().filter_map(|(held, purpose, contract)| {
        let spender = chain.address(*contract).ok()?;
        let token = held.contract();
        chain.address(token).ok()?;
        Some(Permission { held: *held, purpose: *purpose, contract: *contract, spender, amount: 0 })
    });
    known.collect()
}

impl Held {
    fn contract(self) -> Contract {
        match self {
            Self::Pusd => Contract::Pusd,
            Self::ConditionalTokens => Contract::Ctf,
            Self::Positions => Contract::PositionManager,
        }
    }
}

impl Node {
    /// What an address has. A token that the chain lacks counts as nothing.
    pub async fn balances(&self, chain: &Chain, owner: Address) -> Result<Balances, RpcError> {
        Ok(Balances {
            pol_wei: self.wide_number("eth_getBalance", json!([owner, "latest"])).await?,
            pusd: self.dollars(chain, Contract::Pusd, owner).await?,
            usdc_e: self.dollars(chain, Contract::UsdcE, owner).await?,
            usdc: self.dollars(chain, Contract::Usdc, owner).await?,
        })
    }

    async fn dollars(&self, chain: &Chain, token: Contract, owner: Address) -> Result<u64, RpcError> {
        match chain.address(token) {
            Ok(token) => self.amount(token, &calldata::balance_of(&owner)).await,
            Err(_) => Ok(0),
        }
    }

    /// How much of an outcome token an address has, micro-shares.
    pub async fn shares(&self, ledger: Address, owner: Address, token: &schemas::Bytes32) -> Result<u64, RpcError> {
        self.amount(ledger, &calldata::token_balance_of(&owner, token)).await
    }

    /// How much pUSD a contract may take, micro-dollars; [`u64::MAX`] if that is more.
    pub async fn allowance(&self, chain: &Chain, owner: Address, spender: Address) -> Result<u64, RpcError> {
        self.amount(chain.pusd()?, &calldata::allowance(&owner, &spender)).await
    }

    /// Every permission that matters, as it stands.
    pub async fn permissions(&self, chain: &Chain, owner: Address) -> Result<Vec<Permission>, RpcError> {
        let mut list = permissions_for(chain);
        for permission in &mut list {
            permission.amount = match permission.held {
                Held::Pusd => self.allowance(chain, owner, permission.spender).await?,
                held => {
                    let data = calldata::is_approved_for_all(&owner, &permission.spender);
                    let answer = self.call(chain.address(held.contract())?, &data).await?;
                    let approved = calldata::returned_bool(&answer);
                    match approved.ok_or_else(|| self.bad("eth_call", "neither yes nor no"))? {
                        true => u64::MAX,
                        false => 0,
                    }
                }
            };
        }
        Ok(list)
    }

    /// A number that a contract answers.
    async fn amount(&self, contract: Address, data: &[u8]) -> Result<u64, RpcError> {
        let answer = self.call(contract, data).await?;
        // An address without a contract answers nothing.
        calldata::returned_amount(&answer).ok_or_else(|| self.bad("eth_call", "not one number; is the contract there?"))
    }
}
