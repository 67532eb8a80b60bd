//! Signatures of orders: made, taken apart and checked (sections 3.2 and 3.4 of the protocol notes; ERC-7739 for the
//! nested one of deposit wallets).

use crate::hash::{Words, address_word, keccak256, word};
use crate::order::{ORDER_TYPE, SignatureType, known};
use crate::{Address, Domain, Order, wallet};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use schemas::Bytes32;

/// `keccak` of the nested structure's type, in which the order is the contents.
const NESTED_TYPE_HASH: Bytes32 = known("6ba028565cb324c2aa02bb714b9816d0bddd557a2f33bb36cf13272a4256bd42");
/// `keccak("DepositWallet")`: the name in a deposit wallet's own domain.
const WALLET_NAME_HASH: Bytes32 = known("d682b529a17cda19aa275f3a050608f9e9401fadd1b0d233d81519972295828b");
/// `keccak("1")`: the version there.
const WALLET_VERSION_HASH: Bytes32 = known("c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// Bytes of a nested signature: 65 + 32 + 32 + the order's type + 2.
pub const NESTED_LEN: usize = 65 + 32 + 32 + ORDER_TYPE.len() + 2;

/// An ECDSA signature over secp256k1: `r || s || v`, `v` 27 or 28, `s` in the lower half.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature65(pub [u8; 65]);

impl std::fmt::Debug for Signature65 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::hex::hex(&self.0))
    }
}

impl Signature65 {
    /// The 32 bytes of `r`.
    pub fn r(&self) -> Bytes32 {
        let mut out = [0; 32];
        out.copy_from_slice(&self.0[..32]);
        Bytes32(out)
    }

    /// The 32 bytes of `s`.
    pub fn s(&self) -> Bytes32 {
        let mut out = [0; 32];
        out.copy_from_slice(&self.0[32..64]);
        Bytes32(out)
    }

    /// Whether the curve point's `y` is odd: `v - 27`. `None` if `v` is neither 27 nor 28.
    pub fn y_is_odd(&self) -> Option<bool> {
        match self.0[64] {
            27 => Some(false),
            28 => Some(true),
            _ => None,
        }
    }
}

/// Something that signs a digest: a key in memory, or a process that keeps it.
pub trait SignDigest {
    /// Why it did not.
    type Error;

    /// The account that belongs to the key.
    fn address(&self) -> Address;

    /// Signs `digest` as it is, with the nonce of RFC 6979 and `s` in the lower half.
    fn sign(&self, digest: &Bytes32) -> Result<Signature65, Self::Error>;
}

impl SignDigest for SigningKey {
    type Error = std::convert::Infallible;

    fn address(&self) -> Address {
        address_of(self.verifying_key())
    }

    fn sign(&self, digest: &Bytes32) -> Result<Signature65, Self::Error> {
        let (signature, recovery) = self.sign_prehash_recoverable(&digest.0);
        let mut out = [0; 65];
        out[..64].copy_from_slice(&signature.to_bytes());
        out[64] = 27 + u8::from(recovery.is_y_odd());
        Ok(Signature65(out))
    }
}

/// The account of a public key: the last 20 bytes of the hash of its two coordinates.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let hash = keccak256(point.as_bytes().get(1..).unwrap_or_default());
    let mut out = [0; 20];
    out.copy_from_slice(&hash.0[12..]);
    Address(out)
}

/// Why a signature does not stand for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not 65 bytes of a signature in its normal form.
    #[error("not a signature: 65 bytes are expected, with v 27 or 28 and s in the lower half")]
    Malformed,
    /// Not the bytes that a nested signature has.
    #[error("not a nested signature (ERC-7739) of an order: 317 bytes are expected, with the order's own type")]
    Nesting,
    /// Made for another exchange, chain or order.
    #[error("the nested signature is of another exchange or order than this one")]
    Contents,
    /// Another key signed.
    #[error("signed by {signed}, but the order needs the key of {expected}")]
    Signer {
        /// Whose key signed.
        signed: Address,
        /// Whose should have.
        expected: Address,
    },
    /// The maker is not a wallet of that key.
    #[error("the maker {maker} is not the {kind:?} wallet of {owner}")]
    Maker {
        /// The order's maker.
        maker: Address,
        /// Whose wallet it should be.
        owner: Address,
        /// By the order's signature type.
        kind: SignatureType,
    },
    /// Maker and signer must be the same.
    #[error("{0}")]
    Order(#[from] crate::OrderError),
}

/// Whose key signed `digest`.
pub fn recover(digest: &Bytes32, signature: &Signature65) -> Result<Address, SignatureError> {
    let odd = signature.y_is_odd().ok_or(SignatureError::Malformed)?;
    let parsed = Signature::from_slice(&signature.0[..64]).map_err(|_| SignatureError::Malformed)?;
    // The other half is the same signature again: two texts for one order.
    if parsed.normalize_s() != parsed {
        return Err(SignatureError::Malformed);
    }
    let key = VerifyingKey::recover_from_prehash(&digest.0, &parsed, RecoveryId::new(odd, false));
    key.map(|key| address_of(&key)).map_err(|_| SignatureError::Malformed)
}

/// The hash of the nested structure that the owner of a deposit wallet signs for it.
fn nested_hash(contents: &Bytes32, chain_id: u64, wallet: &Address) -> Bytes32 {
    Words::of(&NESTED_TYPE_HASH)
        .then(contents)
        .then(&WALLET_NAME_HASH)
        .then(&WALLET_VERSION_HASH)
        .then(&word(chain_id))
        .then(&address_word(wallet))
        .then(&Bytes32::ZERO)
        .hash()
}

/// What the key signs of an order: its id, or for a deposit wallet the digest of the structure around it.
pub fn signing_digest(order: &Order, domain: &Domain) -> Bytes32 {
    let contents = order.struct_hash();
    match order.signature_type {
        SignatureType::DepositWallet => domain.digest(&nested_hash(&contents, domain.chain_id(), &order.maker)),
        _ => domain.digest(&contents),
    }
}

/// Signs an order: 65 bytes, or the 317 of a nested signature for a deposit wallet.
pub fn order_signature<S: SignDigest>(order: &Order, domain: &Domain, key: &S) -> Result<Vec<u8>, S::Error> {
    let inner = key.sign(&signing_digest(order, domain))?;
    Ok(assemble(order, domain, &inner))
}

/// The bytes to post for an order whose [`signing_digest`] was signed elsewhere.
pub fn assemble(order: &Order, domain: &Domain, inner: &Signature65) -> Vec<u8> {
    let mut out = Vec::with_capacity(NESTED_LEN);
    out.extend_from_slice(&inner.0);
    if order.signature_type == SignatureType::DepositWallet {
        out.extend_from_slice(&domain.separator().0);
        out.extend_from_slice(&order.struct_hash().0);
        out.extend_from_slice(ORDER_TYPE.as_bytes());
        out.extend_from_slice(&TYPE_LEN.to_be_bytes());
    }
    out
}

/// The length of the order's type as the nested signature ends with it; it has 186 letters.
const TYPE_LEN: u16 = ORDER_TYPE.len() as u16;

/// The ECDSA part of a posted signature, after checking what is around it.
fn inner(order: &Order, domain: &Domain, signature: &[u8]) -> Result<Signature65, SignatureError> {
    if order.signature_type != SignatureType::DepositWallet {
        return signature.try_into().map(Signature65).map_err(|_| SignatureError::Malformed);
    }
    let (inner, rest) = signature.split_first_chunk::<65>().ok_or(SignatureError::Nesting)?;
    let (separator, rest) = rest.split_first_chunk::<32>().ok_or(SignatureError::Nesting)?;
    let (contents, rest) = rest.split_first_chunk::<32>().ok_or(SignatureError::Nesting)?;
    let (kind, length) = rest.split_last_chunk::<2>().ok_or(SignatureError::Nesting)?;
    if kind != ORDER_TYPE.as_bytes() || *length != TYPE_LEN.to_be_bytes() {
        return Err(SignatureError::Nesting);
    }
    if *separator != domain.separator().0 || *contents != order.struct_hash().0 {
        return Err(SignatureError::Contents);
    }
    Ok(Signature65(*inner))
}

/// Checks a posted signature as the exchange does: who signed, and whether the maker is a wallet of theirs.
///
/// `owner_eoa` is the account that the API key belongs to, if that is known. A deposit wallet is then taken to be its
/// own, as the wallet contract would confirm; without it, the wallet must be the one derived for whoever signed.
pub fn verify_order(
    order: &Order,
    domain: &Domain,
    signature: &[u8],
    owner_eoa: Option<Address>,
) -> Result<(), SignatureError> {
    order.check()?;
    let signed = recover(&signing_digest(order, domain), &inner(order, domain, signature)?)?;
    let kind = order.signature_type;
    let expected = if kind == SignatureType::DepositWallet { owner_eoa.unwrap_or(signed) } else { order.signer };
    if signed != expected || owner_eoa.is_some_and(|owner| owner != signed) {
        return Err(SignatureError::Signer { signed, expected: owner_eoa.unwrap_or(expected) });
    }
    let is_theirs = match kind {
        SignatureType::Eoa => order.maker == signed,
        SignatureType::Proxy => order.maker == wallet::proxy(signed),
        SignatureType::Safe => order.maker == wallet::safe(signed),
        SignatureType::DepositWallet => {
            owner_eoa.is_some() || [wallet::deposit(signed), wallet::deposit_legacy(signed)].contains(&order.maker)
        }
    };
    if is_theirs { Ok(()) } else { Err(SignatureError::Maker { maker: order.maker, owner: signed, kind }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_types_are_what_they_say() {
        let nested = format!(
            "TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,\
            bytes32 salt){ORDER_TYPE}"
        );
        assert_eq!(NESTED_TYPE_HASH, keccak256(nested.as_bytes()));
        assert_eq!(WALLET_NAME_HASH, keccak256(b"DepositWallet"));
        assert_eq!(WALLET_VERSION_HASH, keccak256(b"1"));
        assert_eq!(NESTED_LEN, 317);
    }
}
