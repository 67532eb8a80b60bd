//! A chain small enough to read: accounts, three dollar tokens, two ledgers of outcome tokens, and the venue's contracts as
//! far as a wallet calls them. Calls are decoded from their bytes, transactions from their RLP, senders from signatures.

use super::rlp::{Decoded, decode};
use polymarket::hash::keccak256;
use polymarket::{Address, Chain, Contract};
use schemas::Bytes32;
use std::collections::{BTreeMap, BTreeSet};

/// What every transaction here uses of gas.
pub const GAS: u64 = 60_000;
/// Two base fees ago; what validators want as a tip.
pub const BASE_FEE: u64 = 40_000_000_000;
const TIP_MIN: u128 = 25_000_000_000;

#[derive(Clone, Debug)]
pub struct World {
    pub chain_id: u64,
    pub pol: BTreeMap<Address, u128>,
    pub nonces: BTreeMap<Address, u64>,
    /// By token and owner.
    pub dollars: BTreeMap<(Address, Address), u64>,
    /// pUSD, by owner and spender; `u128::MAX` and more are one.
    pub allowances: BTreeMap<(Address, Address), u128>,
    /// By ledger, owner and operator.
    pub operators: BTreeSet<(Address, Address, Address)>,
    /// What a resolved condition pays an owner, and through which contract.
    pub winnings: BTreeMap<(Bytes32, Address), u64>,
    pub code: BTreeSet<Address>,
    /// Everything that was included, with its hash and whether it succeeded.
    pub included: Vec<(Bytes32, Decoded, bool)>,
}

impl World {
    pub fn polygon() -> Self {
        Self {
            chain_id: 137,
            pol: BTreeMap::new(),
            nonces: BTreeMap::new(),
            dollars: BTreeMap::new(),
            allowances: BTreeMap::new(),
            operators: BTreeSet::new(),
            winnings: BTreeMap::new(),
            code: Chain::POLYGON.contracts().map(|(_, address)| address).collect(),
            included: Vec::new(),
        }
    }

    pub fn has(&self, token: Contract, owner: Address) -> u64 {
        self.dollars.get(&(at(token), owner)).copied().unwrap_or(0)
    }

    /// Takes a raw transaction in, as a node and the next block would.
    pub fn include(&mut self, raw: &[u8]) -> Result<Bytes32, String> {
        let hash = keccak256(raw);
        if self.included.iter().any(|(known, ..)| *known == hash) {
            return Err("already known".to_owned());
        }
        let tx = decode(raw)?;
        let nonce = self.nonces.get(&tx.from).copied().unwrap_or(0);
        let funds = self.pol.get(&tx.from).copied().unwrap_or(0);
        if tx.chain_id != self.chain_id {
            return Err("invalid chain id for signer".to_owned());
        } else if tx.nonce != nonce {
            let side = if tx.nonce < nonce { "low" } else { "high" };
            return Err(format!("nonce too {side}: next nonce {nonce}, tx nonce {}", tx.nonce));
        } else if tx.tip < TIP_MIN || tx.max_fee < u128::from(BASE_FEE) || tx.tip > tx.max_fee {
            return Err("transaction underpriced".to_owned());
        } else if funds < u128::from(tx.gas) * tx.max_fee + tx.value {
            return Err("insufficient funds for gas * price + value".to_owned());
        } else if tx.value > 0 {
            return Err("nobody here sends ether".to_owned());
        }
        let mut after = self.clone();
        let succeeded = tx.gas >= GAS && after.execute(tx.from, tx.to, &tx.data).is_ok();
        if succeeded {
            *self = after;
        }
        self.nonces.insert(tx.from, nonce + 1);
        self.pol.insert(tx.from, funds - u128::from(GAS) * self.price(&tx));
        self.included.push((hash, tx, succeeded));
        Ok(hash)
    }

    pub fn price(&self, tx: &Decoded) -> u128 {
        tx.max_fee.min(u128::from(BASE_FEE) + tx.tip)
    }

    /// Runs a call. What it returns, or why it reverts.
    pub fn execute(&mut self, from: Address, to: Address, data: &[u8]) -> Result<Vec<u8>, String> {
        let contract = Chain::POLYGON.contracts().find(|(_, a)| *a == to).map(|(c, _)| c);
        let Some(contract) = contract else { return Ok(Vec::new()) };
        let call = Call { data };
        match (contract, call.selector()?) {
            (Contract::Pusd | Contract::UsdcE | Contract::Usdc, s) if s == of("balanceOf(address)") => {
                Ok(word(self.has(contract, call.address(0)?).into()))
            }
            (Contract::Pusd | Contract::UsdcE | Contract::Usdc, s) if s == of("transfer(address,uint256)") => {
                self.take(contract, from, call.number(1)?)?;
                self.give(contract, call.address(0)?, call.number(1)?)?;
                Ok(word(1))
            }
            (Contract::Pusd, s) if s == of("allowance(address,address)") => {
                let allowed = self.allowances.get(&(call.address(0)?, call.address(1)?)).copied().unwrap_or(0);
                // The tests only see the largest number again as the largest number.
                Ok(if allowed == u128::MAX { vec![0xff; 32] } else { word(allowed) })
            }
            (Contract::Pusd, s) if s == of("approve(address,uint256)") => {
                self.allowances.insert((from, call.address(0)?), call.wide(1)?);
                Ok(word(1))
            }
            (Contract::Ctf | Contract::PositionManager, s) if s == of("isApprovedForAll(address,address)") => {
                Ok(word(u128::from(self.operators.contains(&(to, call.address(0)?, call.address(1)?)))))
            }
            (Contract::Ctf | Contract::PositionManager, s) if s == of("setApprovalForAll(address,bool)") => {
                let key = (to, from, call.address(0)?);
                let _ = if call.number(1)? == 1 { self.operators.insert(key) } else { self.operators.remove(&key) };
                Ok(Vec::new())
            }
            (Contract::Offramp, s) if s == of("unwrap(address,address,uint256)") => {
                let amount = call.number(2)?;
                if call.address(0)? != at(Contract::UsdcE) {
                    return Err("InvalidAsset()".to_owned());
                }
                let allowed = self.allowances.entry((from, to)).or_default();
                *allowed = allowed.checked_sub(u128::from(amount)).ok_or("InsufficientAllowance()")?;
                self.take(Contract::Pusd, from, amount)?;
                self.give(Contract::UsdcE, call.address(1)?, amount)?;
                Ok(Vec::new())
            }
            (Contract::CollateralAdapter | Contract::NegRiskCollateralAdapter, s)
                if s == of("redeemPositions(address,bytes32,bytes32,uint256[])") =>
            {
                let both = (call.number(3)?, call.number(4)?, call.number(5)?, call.number(6)?);
                if call.address(0)? != at(Contract::Pusd) || both != (128, 2, 1, 2) {
                    return Err("wrong arguments".to_owned());
                }
                self.redeem(Contract::Ctf, from, to, call.word(2)?)
            }
            (Contract::Router, s) if s == of("redeem(bytes31,uint256,uint256)") => {
                self.redeem(Contract::PositionManager, from, to, call.word(0)?)
            }
            (contract, selector) => Err(format!("{contract:?} has no function {selector:02x?}")),
        }
    }

    fn redeem(
        &mut self,
        ledger: Contract,
        from: Address,
        operator: Address,
        condition: Bytes32,
    ) -> Result<Vec<u8>, String> {
        if !self.operators.contains(&(at(ledger), from, operator)) {
            return Err("ERC1155MissingApprovalForAll".to_owned());
        }
        let won = self.winnings.remove(&(condition, from)).ok_or("nothing to redeem")?;
        self.give(Contract::Pusd, from, won)?;
        Ok(Vec::new())
    }

    fn take(&mut self, token: Contract, owner: Address, amount: u64) -> Result<(), String> {
        let has = self.dollars.entry((at(token), owner)).or_default();
        *has = has.checked_sub(amount).ok_or("transfer amount exceeds balance")?;
        Ok(())
    }

    fn give(&mut self, token: Contract, owner: Address, amount: u64) -> Result<(), String> {
        let has = self.dollars.entry((at(token), owner)).or_default();
        *has = has.checked_add(amount).ok_or("overflow")?;
        Ok(())
    }
}

/// Where a contract is.
pub fn at(contract: Contract) -> Address {
    Chain::POLYGON.address(contract).unwrap()
}

fn of(signature: &str) -> [u8; 4] {
    keccak256(signature.as_bytes()).0[..4].try_into().unwrap()
}

fn word(n: u128) -> Vec<u8> {
    polymarket::hash::word128(n).0.to_vec()
}

/// The bytes of a call.
struct Call<'a> {
    data: &'a [u8],
}

impl Call<'_> {
    fn selector(&self) -> Result<[u8; 4], String> {
        self.data.get(..4).and_then(|s| s.try_into().ok()).ok_or_else(|| "no selector".to_owned())
    }

    fn word(&self, n: usize) -> Result<Bytes32, String> {
        let bytes = self.data.get(4 + n * 32..36 + n * 32).ok_or("too few arguments")?;
        Ok(Bytes32(bytes.try_into().unwrap()))
    }

    fn wide(&self, n: usize) -> Result<u128, String> {
        let word = self.word(n)?.0;
        let low = u128::from_be_bytes(word[16..].try_into().unwrap());
        Ok(if word[..16].iter().all(|b| *b == 0) { low } else { u128::MAX })
    }

    fn number(&self, n: usize) -> Result<u64, String> {
        u64::try_from(self.wide(n)?).map_err(|e| e.to_string())
    }

    fn address(&self, n: usize) -> Result<Address, String> {
        let word = self.word(n)?.0;
        if word[..12].iter().any(|b| *b != 0) {
            return Err("an address with something in front".to_owned());
        }
        Ok(Address(word[12..].try_into().unwrap()))
    }
}
