//! Raw transactions, read: the two kinds that wallets send here (EIP-155 and EIP-1559).

use polymarket::tx::{Eip1559, Legacy, Transaction};
use polymarket::{Address, Signature65, recover};

/// Why raw bytes are not a transaction that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RawError {
    #[error("not a transaction: the RLP does not add up")]
    Malformed,
    #[error("transactions of type {0} are not supported here; send a legacy or an EIP-1559 one")]
    Kind(u8),
    #[error("the signature of the transaction is not valid")]
    Signature,
}

/// A string or a list, and what follows it.
fn item(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (is_list, short) = if first >= 0xc0 { (true, 0xc0) } else { (false, 0x80) };
    if first < 0x80 {
        return Some((false, &bytes[..1], rest));
    }
    let (len, rest) = match first - short {
        len @ 0..=55 => (usize::from(len), rest),
        long => {
            let width = usize::from(long - 55);
            let (digits, rest) = rest.split_at_checked(width)?;
            let len = digits.iter().try_fold(0usize, |n, d| n.checked_mul(256)?.checked_add(usize::from(*d)))?;
            (len, rest)
        }
    };
    let (payload, after) = rest.split_at_checked(len)?;
    Some((is_list, payload, after))
}

/// The fields of the one list that these bytes are.
fn fields(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let (is_list, mut payload, after) = item(bytes)?;
    if !is_list || !after.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    while !payload.is_empty() {
        let (_, field, rest) = item(payload)?;
        out.push(field);
        payload = rest;
    }
    Some(out)
}

fn number(bytes: &[u8]) -> Option<u128> {
    (bytes.len() <= 16).then(|| bytes.iter().fold(0, |n, b| n << 8 | u128::from(*b)))
}

fn small(bytes: &[u8]) -> Option<u64> {
    number(bytes)?.try_into().ok()
}

fn address(bytes: &[u8]) -> Option<Address> {
    bytes.try_into().ok().map(Address)
}

fn signature(r: &[u8], s: &[u8], odd: bool) -> Option<Signature65> {
    let mut out = [0; 65];
    out.get_mut(32usize.checked_sub(r.len())?..32)?.copy_from_slice(r);
    out.get_mut(64usize.checked_sub(s.len())?..64)?.copy_from_slice(s);
    out[64] = 27 + u8::from(odd);
    Some(Signature65(out))
}

/// A raw transaction and who signed it.
pub(crate) fn read(raw: &[u8]) -> Result<(Transaction, Address), RawError> {
    let (transaction, signature) = match raw.first() {
        Some(2) => eip1559(&raw[1..]).ok_or(RawError::Malformed)?,
        Some(kind @ 0..=0x7f) => return Err(RawError::Kind(*kind)),
        _ => legacy(raw).ok_or(RawError::Malformed)?,
    };
    let signed = recover(&transaction.digest(), &signature).map_err(|_| RawError::Signature)?;
    Ok((transaction, signed))
}

fn eip1559(bytes: &[u8]) -> Option<(Transaction, Signature65)> {
    let f: [&[u8]; 12] = fields(bytes)?.try_into().ok()?;
    let transaction = Transaction::Eip1559(Eip1559 {
        chain_id: small(f[0])?,
        nonce: small(f[1])?,
        max_priority_fee: number(f[2])?,
        max_fee: number(f[3])?,
        gas: small(f[4])?,
        to: address(f[5])?,
        value: number(f[6])?,
        data: f[7].to_vec(),
    });
    Some((transaction, signature(f[10], f[11], number(f[9])? == 1)?))
}

fn legacy(bytes: &[u8]) -> Option<(Transaction, Signature65)> {
    let f: [&[u8]; 9] = fields(bytes)?.try_into().ok()?;
    // EIP-155: v = chain id x 2 + 35 + parity.
    let v = small(f[6])?.checked_sub(35)?;
    let transaction = Transaction::Legacy(Legacy {
        chain_id: v / 2,
        nonce: small(f[0])?,
        gas_price: number(f[1])?,
        gas: small(f[2])?,
        to: address(f[3])?,
        value: number(f[4])?,
        data: f[5].to_vec(),
    });
    Some((transaction, signature(f[7], f[8], v % 2 == 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ecdsa::SigningKey;
    use polymarket::SignDigest;

    #[test]
    fn what_the_protocol_writes_is_read() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let data = polymarket::calldata::transfer(&Address([9; 20]), 5_000_000);
        let to = Address([1; 20]);
        let all = [
            Transaction::Eip1559(Eip1559 {
                chain_id: 137,
                nonce: 0,
                max_priority_fee: 30_000_000_000,
                max_fee: 60_000_000_000,
                gas: 60_000,
                to,
                value: 0,
                data: data.clone(),
            }),
            Transaction::Legacy(Legacy { chain_id: 137, nonce: 300, gas_price: 1, gas: 60_000, to, value: 1, data }),
        ];
        for transaction in all {
            let raw = transaction.raw(&key.sign(&transaction.digest()).unwrap()).unwrap();
            assert_eq!(read(&raw), Ok((transaction, key.address())));
            for cut in 0..raw.len() {
                assert!(read(&raw[..cut]).is_err());
            }
        }
        assert_eq!(read(&[1, 0xc0]), Err(RawError::Kind(1)));
        assert_eq!(read(&[]), Err(RawError::Malformed));
    }
}
