//! The order that is signed (section 3.1 of the protocol notes; the struct of CTF Exchange V2 and ExchangeV3).

use crate::hash::{Words, address_word, typed_digest, word};
use crate::{Address, Chain, ChainError, Generation};
use schemas::{Bytes32, Side};

/// The struct as EIP-712 writes it. It is also part of every nested signature.
pub const ORDER_TYPE: &str = "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,\
    uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)";

/// Salts are below this: they travel as JSON numbers, which are exact only up to here.
pub const SALT_END: u64 = 1 << 53;

/// `keccak(ORDER_TYPE)`.
const ORDER_TYPE_HASH: Bytes32 = known("bb86318a2138f5fa8ae32fbe8e659f8fcf13cc6ae4014a707893055433818589");
/// `keccak("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")`.
const DOMAIN_TYPE_HASH: Bytes32 = known("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// `keccak("Polymarket CTF Exchange")`.
const DOMAIN_NAME_HASH: Bytes32 = known("f30041e9aac4c4d3a1481d2941dfb0a844a72040e9bbc79a810d1ec5b5d6c7af");

/// From a literal of this crate, 64 hex digits; the tests compute each anew.
pub(crate) const fn known(digits: &str) -> Bytes32 {
    let digits = digits.as_bytes();
    let mut out = [0; 32];
    let mut i = 0;
    while i < 32 {
        if let (Some(high), Some(low)) = (crate::hex::nibble(digits[i * 2]), crate::hex::nibble(digits[i * 2 + 1])) {
            out[i] = high << 4 | low;
        }
        i += 1;
    }
    Bytes32(out)
}

/// How a maker's signature is checked, which follows from the kind of wallet that holds the funds (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum SignatureType {
    /// The key's own account holds the funds.
    Eoa = 0,
    /// A proxy wallet of the key's account; the key signs.
    Proxy = 1,
    /// A Safe of the key's account; the key signs.
    Safe = 2,
    /// A deposit wallet, which is also the order's signer; the key signs a nested structure (ERC-7739). The only type
    /// for accounts made after May 2026.
    DepositWallet = 3,
}

impl From<SignatureType> for u8 {
    fn from(kind: SignatureType) -> u8 {
        kind as u8
    }
}

impl TryFrom<u8> for SignatureType {
    type Error = OrderError;

    fn try_from(number: u8) -> Result<Self, OrderError> {
        match number {
            0 => Ok(Self::Eoa),
            1 => Ok(Self::Proxy),
            2 => Ok(Self::Safe),
            3 => Ok(Self::DepositWallet),
            other => Err(OrderError::SignatureType(other)),
        }
    }
}

/// Why an order would be refused whatever the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Not one of the four.
    #[error("signature type {0} does not exist; use 0 (EOA), 1 (proxy), 2 (Safe) or 3 (deposit wallet)")]
    SignatureType(u8),
    /// It would lose digits on its way as a JSON number.
    #[error("salt {0} is not below 2^53; draw a smaller one")]
    Salt(u64),
    /// Nothing is given or nothing is asked.
    #[error("an order needs amounts above zero on both sides")]
    Amount,
    /// Types 0 and 3 sign for themselves.
    #[error("maker and signer differ, but signature type {0:?} needs the same address for both")]
    Signer(SignatureType),
    /// An expiry that the type of order does not have, or lacks.
    #[error("only a GTD order expires: give it a time, and other types none")]
    Expiration,
    /// Post-only orders rest.
    #[error("post-only goes with GTC and GTD orders alone")]
    PostOnly,
}

/// An order for the exchange of either generation. Amounts are in millionths of a dollar or share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// Below 2^53. Together with the time it makes the order unique.
    pub salt: u64,
    /// The wallet that holds the funds.
    pub maker: Address,
    /// Who signs: the key's account, or for type 3 the maker.
    pub signer: Address,
    /// The outcome token: a conditional token's id or a position id.
    pub token: Bytes32,
    /// What the maker gives: dollars of a purchase, shares of a sale.
    pub maker_amount: u64,
    /// What the maker gets: shares of a purchase, dollars of a sale.
    pub taker_amount: u64,
    /// Buy or sell, from the maker's side.
    pub side: Side,
    /// How the signature is checked.
    pub signature_type: SignatureType,
    /// Unix milliseconds.
    pub timestamp_ms: u64,
    /// Zero unless something is attributed.
    pub metadata: Bytes32,
    /// The builder code, or zero.
    pub builder: Bytes32,
}

impl Order {
    /// The EIP-712 hash of the order alone.
    pub fn struct_hash(&self) -> Bytes32 {
        Words::of(&ORDER_TYPE_HASH)
            .then(&word(self.salt))
            .then(&address_word(&self.maker))
            .then(&address_word(&self.signer))
            .then(&self.token)
            .then(&word(self.maker_amount))
            .then(&word(self.taker_amount))
            .then(&word(match self.side {
                Side::Buy => 0,
                Side::Sell => 1,
            }))
            .then(&word(u64::from(u8::from(self.signature_type))))
            .then(&word(self.timestamp_ms))
            .then(&self.metadata)
            .then(&self.builder)
            .hash()
    }

    /// The venue's order id: the EIP-712 digest. The same for all signature types, and known before anything is sent.
    pub fn id(&self, domain: &Domain) -> Bytes32 {
        domain.digest(&self.struct_hash())
    }

    /// What can be said about the order without its market.
    pub fn check(&self) -> Result<(), OrderError> {
        if self.salt >= SALT_END {
            return Err(OrderError::Salt(self.salt));
        }
        if self.maker_amount == 0 || self.taker_amount == 0 {
            return Err(OrderError::Amount);
        }
        let alone = matches!(self.signature_type, SignatureType::Eoa | SignatureType::DepositWallet);
        if alone && self.maker != self.signer {
            return Err(OrderError::Signer(self.signature_type));
        }
        Ok(())
    }
}

/// The EIP-712 domain of an exchange: what ties a signature to one contract on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    chain_id: u64,
    generation: Generation,
    contract: Address,
    separator: Bytes32,
}

impl Domain {
    /// The domain of the exchange for markets of this generation.
    pub fn exchange(chain: &Chain, generation: Generation, neg_risk: bool) -> Result<Self, ChainError> {
        Ok(Self::of_contract(chain.id, generation, chain.exchange(generation, neg_risk)?))
    }

    /// The domain of an exchange at another address, for test networks.
    pub fn of_contract(chain_id: u64, generation: Generation, contract: Address) -> Self {
        let version = crate::hash::keccak256(generation.domain_version().as_bytes());
        let separator = Words::of(&DOMAIN_TYPE_HASH)
            .then(&DOMAIN_NAME_HASH)
            .then(&version)
            .then(&word(chain_id))
            .then(&address_word(&contract))
            .hash();
        Self { chain_id, generation, contract, separator }
    }

    /// The hash of the domain.
    pub fn separator(&self) -> Bytes32 {
        self.separator
    }

    /// The chain it is on.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Which exchange.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Where the exchange is.
    pub fn contract(&self) -> Address {
        self.contract
    }

    /// What is signed of a struct hash in this domain.
    pub fn digest(&self, struct_hash: &Bytes32) -> Bytes32 {
        typed_digest(&self.separator, struct_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::keccak256;

    #[test]
    fn hashes_of_types_are_what_they_say() {
        assert_eq!(ORDER_TYPE.len(), 186);
        assert_eq!(ORDER_TYPE_HASH, keccak256(ORDER_TYPE.as_bytes()));
        let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
        assert_eq!(DOMAIN_TYPE_HASH, keccak256(domain.as_bytes()));
        assert_eq!(DOMAIN_NAME_HASH, keccak256(b"Polymarket CTF Exchange"));
    }
}
