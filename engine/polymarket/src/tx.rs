//! Polygon transactions: the digest that is signed and the raw bytes that are sent. Fee-market ones (EIP-1559) and
//! legacy ones with replay protection (EIP-155); both are RLP, as the Ethereum yellow paper's appendix B has it.

use crate::hash::keccak256;
use crate::{Address, Signature65};
use schemas::Bytes32;

/// A transaction of either kind. Gas prices and values are in wei.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// With a cap and a tip (type 2).
    Eip1559(Eip1559),
    /// With one gas price.
    Legacy(Legacy),
}

/// A transaction of type 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eip1559 {
    /// The chain it is valid on.
    pub chain_id: u64,
    /// How many transactions the account sent before.
    pub nonce: u64,
    /// Wei for each unit of gas to whoever includes it.
    pub max_priority_fee: u128,
    /// Wei for each unit of gas at most.
    pub max_fee: u128,
    /// Units of gas at most.
    pub gas: u64,
    /// Whom it calls or pays.
    pub to: Address,
    /// Wei sent along.
    pub value: u128,
    /// The call.
    pub data: Vec<u8>,
}

/// A transaction as before EIP-1559.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// The chain it is valid on.
    pub chain_id: u64,
    /// How many transactions the account sent before.
    pub nonce: u64,
    /// Wei for each unit of gas.
    pub gas_price: u128,
    /// Units of gas at most.
    pub gas: u64,
    /// Whom it calls or pays.
    pub to: Address,
    /// Wei sent along.
    pub value: u128,
    /// The call.
    pub data: Vec<u8>,
}

/// A signature has no usable `v`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature's v is neither 27 nor 28; sign the transaction again")]
pub struct RecoveryError;

impl Transaction {
    /// What the key signs.
    pub fn digest(&self) -> Bytes32 {
        match self {
            Self::Eip1559(tx) => keccak256(&typed(tx.fields())),
            Self::Legacy(tx) => {
                let mut list = tx.fields();
                list.number(u128::from(tx.chain_id)).number(0).number(0);
                keccak256(&list.finish())
            }
        }
    }

    /// The bytes for `eth_sendRawTransaction`. Their Keccak-256 is the transaction's hash.
    pub fn raw(&self, signature: &Signature65) -> Result<Vec<u8>, RecoveryError> {
        let odd = u128::from(signature.y_is_odd().ok_or(RecoveryError)?);
        let (r, s) = (signature.r(), signature.s());
        Ok(match self {
            Self::Eip1559(tx) => {
                let mut list = tx.fields();
                list.number(odd).big(&r.0).big(&s.0);
                typed(list)
            }
            Self::Legacy(tx) => {
                let mut list = tx.fields();
                list.number(u128::from(tx.chain_id) * 2 + 35 + odd).big(&r.0).big(&s.0);
                list.finish()
            }
        })
    }

    /// The most it can cost in wei, with what it sends along; sticks at the largest number.
    pub fn cost_max(&self) -> u128 {
        let (price, gas, value) = match self {
            Self::Eip1559(tx) => (tx.max_fee, tx.gas, tx.value),
            Self::Legacy(tx) => (tx.gas_price, tx.gas, tx.value),
        };
        price.saturating_mul(u128::from(gas)).saturating_add(value)
    }
}

/// The hash of raw transaction bytes: its name on the chain.
pub fn transaction_hash(raw: &[u8]) -> Bytes32 {
    keccak256(raw)
}

/// Type 2 in front of its list.
fn typed(list: List) -> Vec<u8> {
    let mut out = vec![2];
    out.extend_from_slice(&list.finish());
    out
}

impl Eip1559 {
    fn fields(&self) -> List {
        let mut list = List::default();
        list.number(u128::from(self.chain_id)).number(u128::from(self.nonce));
        list.number(self.max_priority_fee).number(self.max_fee).number(u128::from(self.gas));
        list.bytes(&self.to.0).number(self.value).bytes(&self.data);
        // The access list, which nothing here needs.
        list.payload.push(0xc0);
        list
    }
}

impl Legacy {
    fn fields(&self) -> List {
        let mut list = List::default();
        list.number(u128::from(self.nonce)).number(self.gas_price).number(u128::from(self.gas));
        list.bytes(&self.to.0).number(self.value).bytes(&self.data);
        list
    }
}

/// An RLP list in the making.
#[derive(Default)]
struct List {
    payload: Vec<u8>,
}

impl List {
    /// A number: its big-endian bytes without leading zeros.
    fn number(&mut self, n: u128) -> &mut Self {
        self.big(&n.to_be_bytes())
    }

    /// A number of any width.
    fn big(&mut self, bytes: &[u8]) -> &mut Self {
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        self.bytes(bytes.get(zeros..).unwrap_or_default())
    }

    /// A string of bytes.
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        match bytes {
            [one] if *one < 0x80 => {}
            _ => head(&mut self.payload, 0x80, bytes.len()),
        }
        self.payload.extend_from_slice(bytes);
        self
    }

    fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + 9);
        head(&mut out, 0xc0, self.payload.len());
        out.extend_from_slice(&self.payload);
        out
    }
}

/// The head of a string (`offset` 0x80) or list (0xc0): lengths up to 55 in one byte, longer ones behind their own
/// length.
fn head(out: &mut Vec<u8>, offset: u8, len: usize) {
    match u8::try_from(len) {
        Ok(short) if short <= 55 => out.push(offset + short),
        _ => {
            let bytes = len.to_be_bytes();
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            // At most eight bytes.
            out.push(offset + 55 + (bytes.len() - zeros) as u8);
            out.extend_from_slice(bytes.get(zeros..).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the RLP definition.
    #[test]
    fn rlp_of_the_definition() {
        let string = |bytes: &[u8]| {
            let mut list = List::default();
            list.bytes(bytes);
            list.payload
        };
        assert_eq!(string(b"dog"), b"\x83dog");
        assert_eq!(string(b""), [0x80]);
        assert_eq!((string(&[0]), string(&[0x7f]), string(&[0x80])), (vec![0], vec![0x7f], vec![0x81, 0x80]));
        let long = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit";
        assert_eq!(string(long)[..3], [0xb8, 0x38, b'L']);
        assert_eq!(string(&[7; 1024])[..4], [0xb9, 4, 0, 7]);
        let mut list = List::default();
        list.bytes(b"cat").bytes(b"dog");
        assert_eq!(list.finish(), b"\xc8\x83cat\x83dog");
        assert_eq!(List::default().finish(), [0xc0]);
        let mut list = List::default();
        list.number(0).number(15).number(1024);
        assert_eq!(list.finish(), [0xc5, 0x80, 0x0f, 0x82, 4, 0]);
    }
}
