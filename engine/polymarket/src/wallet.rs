//! The wallets of an account, computed without asking the chain (section 3.3 of the protocol notes): CREATE2 addresses
//! (EIP-1014) under Polymarket's factories on Polygon.
//!
//! The code that a deposit wallet is created with is Solady's minimal ERC-1967 proxy, with the factory's two arguments
//! behind it.

use crate::hash::{address_word, keccak256};
use crate::order::known;
use crate::{Address, Chain, Contract};
use schemas::Bytes32;

/// The hash of the code that makes a proxy wallet.
const PROXY_CODE_HASH: Bytes32 = known("d21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b");
/// The hash of the code that makes a Safe.
const SAFE_CODE_HASH: Bytes32 = known("2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf");

/// The ends of a beacon proxy's creation code, behind the beacon's address.
const BEACON_CODE: [&[u8]; 3] = [
    &known_bytes::<23>("60195155f3363d3d373d3d363d602036600436635c60da"),
    &known("1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c").0,
    &known("b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3").0,
];
/// The ends of a plain ERC-1967 proxy's creation code, behind the implementation's address.
const PLAIN_CODE: [&[u8]; 3] = [
    &known_bytes::<2>("6009"),
    &known("5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076").0,
    &known("cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3").0,
];
/// How each begins; the length of the arguments is added to the number in front of the last seven bytes.
const BEACON_START: u128 = 0x6100_523d_8160_233d_3973;
const PLAIN_START: u128 = 0x6100_3d3d_8160_233d_3973;

const fn known_bytes<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    let mut out = [0; N];
    let mut i = 0;
    while i < N {
        if let (Some(high), Some(low)) = (crate::hex::nibble(digits[i * 2]), crate::hex::nibble(digits[i * 2 + 1])) {
            out[i] = high << 4 | low;
        }
        i += 1;
    }
    out
}

/// Where `factory` puts the code of this hash under this salt (EIP-1014).
pub fn create2(factory: Address, salt: &Bytes32, code_hash: &Bytes32) -> Address {
    let mut bytes = [0; 85];
    bytes[0] = 0xff;
    bytes[1..21].copy_from_slice(&factory.0);
    bytes[21..53].copy_from_slice(&salt.0);
    bytes[53..].copy_from_slice(&code_hash.0);
    let mut out = [0; 20];
    out.copy_from_slice(&keccak256(&bytes).0[12..]);
    Address(out)
}

/// A contract of Polygon's table, which has all of those named here.
fn on_polygon(contract: Contract) -> Address {
    Chain::POLYGON.address(contract).unwrap_or(Address::ZERO)
}

/// The proxy wallet of an account: signature type 1.
pub fn proxy(eoa: Address) -> Address {
    create2(on_polygon(Contract::ProxyFactory), &keccak256(&eoa.0), &PROXY_CODE_HASH)
}

/// The Safe of an account: signature type 2.
pub fn safe(eoa: Address) -> Address {
    create2(on_polygon(Contract::SafeFactory), &keccak256(&address_word(&eoa).0), &SAFE_CODE_HASH)
}

/// The deposit wallet of an account as the factory makes it now: signature type 3. Whether it, or [`deposit_legacy`],
/// is deployed, only the chain or the relayer knows.
pub fn deposit(eoa: Address) -> Address {
    deposit_of(eoa, BEACON_START, on_polygon(Contract::DepositWalletBeacon), BEACON_CODE)
}

/// The deposit wallet of an account as the factory made it at first.
pub fn deposit_legacy(eoa: Address) -> Address {
    deposit_of(eoa, PLAIN_START, on_polygon(Contract::DepositWalletImplementation), PLAIN_CODE)
}

fn deposit_of(eoa: Address, start: u128, code_at: Address, ends: [&[u8]; 3]) -> Address {
    let factory = on_polygon(Contract::DepositWalletFactory);
    let args = [address_word(&factory).0, address_word(&eoa).0].concat();
    // Ten bytes, in which the length of the arguments (64) is added at the third from the left.
    let start = (start + ((args.len() as u128) << 56)).to_be_bytes();
    let mut code = Vec::with_capacity(192);
    code.extend_from_slice(&start[6..]);
    code.extend_from_slice(&code_at.0);
    for end in ends {
        code.extend_from_slice(end);
    }
    code.extend_from_slice(&args);
    create2(factory, &keccak256(&args), &keccak256(&code))
}
