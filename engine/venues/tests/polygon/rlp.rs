//! Signed transactions taken apart: RLP (yellow paper, appendix B), type 2 (EIP-1559), and who signed.

use polymarket::hash::keccak256;
use polymarket::{Address, Signature65, recover};

/// A decoded transaction.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub chain_id: u64,
    pub nonce: u64,
    pub tip: u128,
    pub max_fee: u128,
    pub gas: u64,
    pub to: Address,
    pub value: u128,
    pub data: Vec<u8>,
    pub from: Address,
}

/// Decodes exactly one type-2 transaction.
pub fn decode(raw: &[u8]) -> Result<Decoded, String> {
    let (kind, list) = raw.split_first().ok_or("empty")?;
    if *kind != 2 {
        return Err(format!("transaction type {kind}"));
    }
    let (items, rest) = list_of(list)?;
    if !rest.is_empty() || items.len() != 12 {
        return Err(format!("{} items, {} bytes behind them", items.len(), rest.len()));
    }
    // The signed part: the first nine items again, as they were.
    let signed: Vec<u8> = items[..9].iter().flat_map(|i| i.whole.iter().copied()).collect();
    let mut bytes = vec![2];
    bytes.extend(head(0xc0, signed.len()));
    bytes.extend(signed);
    let mut signature = [0; 65];
    right(&mut signature[..32], items[10].bytes)?;
    right(&mut signature[32..64], items[11].bytes)?;
    signature[64] = 27 + u8::try_from(number(items[9].bytes)?).map_err(|e| e.to_string())?;
    let from = recover(&keccak256(&bytes), &Signature65(signature)).map_err(|e| e.to_string())?;
    let narrow = |item: &Item<'_>| number(item.bytes).and_then(|n| u64::try_from(n).map_err(|e| e.to_string()));
    Ok(Decoded {
        chain_id: narrow(&items[0])?,
        nonce: narrow(&items[1])?,
        tip: number(items[2].bytes)?,
        max_fee: number(items[3].bytes)?,
        gas: narrow(&items[4])?,
        to: Address(items[5].bytes.try_into().map_err(|_| "no recipient")?),
        value: number(items[6].bytes)?,
        data: items[7].bytes.to_vec(),
        from,
    })
}

struct Item<'a> {
    whole: &'a [u8],
    bytes: &'a [u8],
}

fn head(offset: u8, len: usize) -> Vec<u8> {
    if len <= 55 {
        return vec![offset + len as u8];
    }
    let bytes: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    [vec![offset + 55 + bytes.len() as u8], bytes].concat()
}

/// The payload of the item at the front, and what is behind it.
fn item(from: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let first = *from.first().ok_or("cut off")?;
    let short = |offset: u8| (1, usize::from(first - offset));
    let long = |offset: u8| -> Result<(usize, usize), String> {
        let width = usize::from(first - offset);
        let bytes = from.get(1..1 + width).ok_or("cut off")?;
        Ok((1 + width, bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))))
    };
    let (start, len) = match first {
        0..0x80 => (0, 1),
        0x80..0xb8 => short(0x80),
        0xb8..0xc0 => long(0xb7)?,
        0xc0..0xf8 => short(0xc0),
        0xf8.. => long(0xf7)?,
    };
    let end = start + len;
    Ok((from.get(start..end).ok_or("cut off")?, &from[end..]))
}

fn list_of(from: &[u8]) -> Result<(Vec<Item<'_>>, &[u8]), String> {
    if from.first().is_none_or(|b| *b < 0xc0) {
        return Err("no list".to_owned());
    }
    let (mut payload, rest) = item(from)?;
    let mut items = Vec::new();
    while !payload.is_empty() {
        let (bytes, behind) = item(payload)?;
        items.push(Item { whole: &payload[..payload.len() - behind.len()], bytes });
        payload = behind;
    }
    Ok((items, rest))
}

fn number(bytes: &[u8]) -> Result<u128, String> {
    match bytes {
        [0, ..] => Err("a number with a leading zero".to_owned()),
        long if long.len() > 16 => Err("a number of more than 128 bits".to_owned()),
        bytes => Ok(bytes.iter().fold(0, |n, b| n << 8 | u128::from(*b))),
    }
}

fn right(into: &mut [u8], bytes: &[u8]) -> Result<(), String> {
    let start = into.len().checked_sub(bytes.len()).ok_or("more than 32 bytes")?;
    into[start..].copy_from_slice(bytes);
    Ok(())
}
