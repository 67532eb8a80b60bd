//! Calls of the contracts (section 10 of the protocol notes), encoded by the Solidity ABI: a selector, which is the
//! first four bytes of the hash of the function's signature, then 32-byte words; lists go to the end, an offset in
//! their place.

use crate::Address;
use crate::hash::{address_word, keccak256, word, word128};
use schemas::Bytes32;

/// An amount that means "any": what wallets approve once and for all.
pub const UNLIMITED: Bytes32 = Bytes32([0xff; 32]);

/// One argument.
enum Argument<'a> {
    Word(Bytes32),
    List(&'a [Bytes32]),
}

use Argument::{List, Word};

/// Selector and arguments.
fn call(signature: &str, arguments: &[Argument<'_>]) -> Vec<u8> {
    let mut out = keccak256(signature.as_bytes()).0[..4].to_vec();
    let mut tail = Vec::new();
    for argument in arguments {
        match argument {
            Word(word) => out.extend_from_slice(&word.0),
            List(words) => {
                out.extend_from_slice(&length(arguments.len() * 32 + tail.len()).0);
                tail.extend_from_slice(&length(words.len()).0);
                tail.extend(words.iter().flat_map(|word| word.0));
            }
        }
    }
    out.extend_from_slice(&tail);
    out
}

fn length(n: usize) -> Bytes32 {
    word128(n as u128)
}

/// ERC-20: what `owner` has, in base units.
pub fn balance_of(owner: &Address) -> Vec<u8> {
    call("balanceOf(address)", &[Word(address_word(owner))])
}

/// ERC-20: sends `amount` base units.
pub fn transfer(to: &Address, amount: u64) -> Vec<u8> {
    call("transfer(address,uint256)", &[Word(address_word(to)), Word(word(amount))])
}

/// ERC-20: lets `spender` take up to `amount` base units; [`UNLIMITED`] is any amount, zero withdraws it.
pub fn approve(spender: &Address, amount: &Bytes32) -> Vec<u8> {
    call("approve(address,uint256)", &[Word(address_word(spender)), Word(*amount)])
}

/// ERC-20: how much `spender` may still take from `owner`.
pub fn allowance(owner: &Address, spender: &Address) -> Vec<u8> {
    call("allowance(address,address)", &[Word(address_word(owner)), Word(address_word(spender))])
}

/// ERC-1155: how many of token `id` the owner has, in base units.
pub fn token_balance_of(owner: &Address, id: &Bytes32) -> Vec<u8> {
    call("balanceOf(address,uint256)", &[Word(address_word(owner)), Word(*id)])
}

/// ERC-1155: several balances at once; pairs of owner and token.
pub fn token_balance_of_batch(pairs: &[(Address, Bytes32)]) -> Vec<u8> {
    let owners: Vec<Bytes32> = pairs.iter().map(|(owner, _)| address_word(owner)).collect();
    let ids: Vec<Bytes32> = pairs.iter().map(|(_, id)| *id).collect();
    call("balanceOfBatch(address[],uint256[])", &[List(&owners), List(&ids)])
}

/// ERC-1155: lets `operator` move every token of the caller, or no longer.
pub fn set_approval_for_all(operator: &Address, approved: bool) -> Vec<u8> {
    call("setApprovalForAll(address,bool)", &[Word(address_word(operator)), Word(word(u64::from(approved)))])
}

/// ERC-1155: whether `operator` may move the owner's tokens.
pub fn is_approved_for_all(owner: &Address, operator: &Address) -> Vec<u8> {
    call("isApprovedForAll(address,address)", &[Word(address_word(owner)), Word(address_word(operator))])
}

/// The two outcomes of a binary condition, as the conditional tokens number their index sets.
const BOTH: [u64; 2] = [1, 2];

/// Adapter of a CLOB V2 market: turns all resolved tokens of a condition into collateral.
pub fn redeem_positions(collateral: &Address, condition: &Bytes32) -> Vec<u8> {
    let arguments = [Word(address_word(collateral)), Word(Bytes32::ZERO), Word(*condition), List(&BOTH.map(word))];
    call("redeemPositions(address,bytes32,bytes32,uint256[])", &arguments)
}

/// Adapter of a CLOB V2 market: turns `amount` of collateral into as many of both outcomes.
pub fn split_position(collateral: &Address, condition: &Bytes32, amount: u64) -> Vec<u8> {
    pair("splitPosition(address,bytes32,bytes32,uint256[],uint256)", collateral, condition, amount)
}

/// Adapter of a CLOB V2 market: turns `amount` of both outcomes back into collateral.
pub fn merge_positions(collateral: &Address, condition: &Bytes32, amount: u64) -> Vec<u8> {
    pair("mergePositions(address,bytes32,bytes32,uint256[],uint256)", collateral, condition, amount)
}

fn pair(signature: &str, collateral: &Address, condition: &Bytes32, amount: u64) -> Vec<u8> {
    let words = BOTH.map(word);
    let head = [Word(address_word(collateral)), Word(Bytes32::ZERO), Word(*condition)];
    call(signature, &head.into_iter().chain([List(&words), Word(word(amount))]).collect::<Vec<_>>())
}

/// Router of Protocol V2: collateral into both outcomes. The condition's 31 bytes are at the left of their word.
pub fn router_split(condition: &[u8; 31], amount: u64) -> Vec<u8> {
    call("split(bytes31,uint256)", &[Word(left(condition)), Word(word(amount))])
}

/// Router of Protocol V2: both outcomes back into collateral.
pub fn router_merge(condition: &[u8; 31], amount: u64) -> Vec<u8> {
    call("merge(bytes31,uint256)", &[Word(left(condition)), Word(word(amount))])
}

/// Router of Protocol V2: `amount` of a resolved outcome (0 the first, 1 the second) into collateral.
pub fn router_redeem(condition: &[u8; 31], outcome: u8, amount: u64) -> Vec<u8> {
    let arguments = [Word(left(condition)), Word(word(u64::from(outcome))), Word(word(amount))];
    call("redeem(bytes31,uint256,uint256)", &arguments)
}

fn left(condition: &[u8; 31]) -> Bytes32 {
    let mut out = [0; 32];
    out[..31].copy_from_slice(condition);
    Bytes32(out)
}

/// Offramp: turns `amount` of the caller's pUSD into `asset` (USDC or USDC.e) for `to`.
pub fn offramp_unwrap(asset: &Address, to: &Address, amount: u64) -> Vec<u8> {
    call("unwrap(address,address,uint256)", &[Word(address_word(asset)), Word(address_word(to)), Word(word(amount))])
}

/// Onramp: turns `amount` of the caller's `asset` into pUSD for `to`.
pub fn onramp_wrap(asset: &Address, to: &Address, amount: u64) -> Vec<u8> {
    call("wrap(address,address,uint256)", &[Word(address_word(asset)), Word(address_word(to)), Word(word(amount))])
}

/// Factory of deposit wallets: the beacon of the wallets it makes now. A call that fails, or zero, says that it still
/// makes those of [`crate::wallet::deposit_legacy`].
pub fn factory_beacon() -> Vec<u8> {
    call("BEACON()", &[])
}

/// A number that a call returned, if it is one 32-byte word. An allowance of "any amount" becomes the largest number.
pub fn returned_amount(data: &[u8]) -> Option<u64> {
    let word: &[u8; 32] = data.try_into().ok()?;
    let (high, low) = word.split_at(24);
    let low = low.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    Some(if high.iter().all(|b| *b == 0) { low } else { u64::MAX })
}

/// A yes or no that a call returned. `None` if it is neither.
pub fn returned_bool(data: &[u8]) -> Option<bool> {
    if data.len() != 32 {
        return None;
    }
    match returned_amount(data)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// A list of numbers that a call returned.
pub fn returned_amounts(data: &[u8]) -> Option<Vec<u64>> {
    let word_at = |i: usize| returned_amount(data.get(i * 32..i * 32 + 32)?);
    if word_at(0)? != 32 || !data.len().is_multiple_of(32) {
        return None;
    }
    let count = usize::try_from(word_at(1)?).ok()?;
    if count != (data.len() / 32).checked_sub(2)? {
        return None;
    }
    (0..count).map(|i| word_at(i + 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_calls_return() {
        assert_eq!(returned_amount(&word(1_500_000).0), Some(1_500_000));
        assert_eq!(returned_amount(&UNLIMITED.0), Some(u64::MAX));
        assert_eq!((returned_amount(&[]), returned_amount(&[0; 33])), (None, None));
        assert_eq!(
            (returned_bool(&word(1).0), returned_bool(&word(2).0), returned_bool(&[])),
            (Some(true), None, None)
        );
        let list = [word(32), word(2), word(7), word(8)].map(|w| w.0).concat();
        assert_eq!(returned_amounts(&list), Some(vec![7, 8]));
        assert_eq!(returned_amounts(&list[..96]), None);
        assert_eq!(returned_amounts(&[word(32), UNLIMITED].map(|w| w.0).concat()), None);
    }

    #[test]
    fn ways_out_of_pusd() {
        let to = Address([0x11; 20]);
        let data = offramp_unwrap(&Address([0x22; 20]), &to, 5);
        assert_eq!(data.len(), 4 + 96);
        assert_eq!(data[..4], keccak256(b"unwrap(address,address,uint256)").0[..4]);
        assert_eq!((&data[16..36], data[99]), (&[0x22; 20][..], 5));
    }
}
