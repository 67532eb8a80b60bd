//! The chains Polymarket runs on and the contracts there: section 2 of the protocol notes, from the official SDKs' own
//! tables (polymarket-client 0.14.0) and docs.polymarket.com.

use crate::Address;

/// Which exchange contract an order is for. A market says which (Gamma's `version`); the CLOB's hosts, keys and paths
/// are the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize)]
pub enum Generation {
    /// CLOB V2: conditional tokens, EIP-712 domain version 2. Gamma calls these markets `v1`.
    V2,
    /// Protocol V2 with ExchangeV3: position ids, EIP-712 domain version 3. Gamma calls these markets `v2`.
    V3,
}

/// A market or an order is of a generation that this build does not trade.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerationError {
    /// CLOB V1, whose orders the venue has refused since 2026-04-28.
    #[error("a V1 order: the venue refuses these since 2026-04-28; sign it for generation V2 or V3")]
    Dead,
    /// A version that did not exist when this was written.
    #[error("version '{}' is unknown: how its orders are signed is not known here; update first", .0.escape_debug())]
    Unknown(String),
}

impl Generation {
    /// The version in the EIP-712 domain.
    pub fn domain_version(self) -> &'static str {
        match self {
            Self::V2 => "2",
            Self::V3 => "3",
        }
    }

    /// From the version in an EIP-712 domain.
    pub fn from_domain_version(version: &str) -> Result<Self, GenerationError> {
        match version {
            "2" => Ok(Self::V2),
            "3" => Ok(Self::V3),
            "1" => Err(GenerationError::Dead),
            other => Err(GenerationError::Unknown(other.chars().take(32).collect())),
        }
    }

    /// From the `version` of a Gamma market. Objects of before September 2026 have none; those are all `v1`.
    pub fn from_gamma(version: Option<&str>) -> Result<Self, GenerationError> {
        match version {
            None | Some("v1") => Ok(Self::V2),
            Some("v2") => Ok(Self::V3),
            Some(other) => Err(GenerationError::Unknown(other.chars().take(32).collect())),
        }
    }

    /// From an outcome token's id alone, as the official SDK tells them apart: a position id has 64 zero bits from bit
    /// 40 up, which a conditional token's id, a hash, practically never has.
    pub fn of_token(token: &schemas::Bytes32) -> Self {
        if token.0[19..27].iter().all(|b| *b == 0) { Self::V3 } else { Self::V2 }
    }
}

/// A contract of Polymarket's, or of the tokens it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize)]
pub enum Contract {
    /// Matches CLOB V2 orders of standard markets.
    ExchangeV2,
    /// Matches CLOB V2 orders of neg-risk markets.
    NegRiskExchangeV2,
    /// Matches all orders of Protocol V2 markets.
    ExchangeV3,
    /// Dead: matched V1 orders.
    ExchangeV1,
    /// Dead: matched V1 orders of neg-risk markets.
    NegRiskExchangeV1,
    /// The collateral: pUSD, 6 decimals.
    Pusd,
    /// Conditional tokens, ERC-1155.
    Ctf,
    /// Converts between outcomes of a neg-risk event.
    NegRiskAdapter,
    /// Splits, merges and redeems standard CLOB V2 markets in pUSD.
    CollateralAdapter,
    /// The same for neg-risk markets.
    NegRiskCollateralAdapter,
    /// Protocol V2's ERC-1155 ledger of positions.
    PositionManager,
    /// Splits, merges and redeems Protocol V2 markets.
    Router,
    /// Protocol V2's binary markets.
    BinaryModule,
    /// Protocol V2's neg-risk markets.
    NegRiskModule,
    /// Polymarket's operator that redeems resolved positions for those who approved it.
    AutoRedeemOperator,
    /// Wraps USDC or USDC.e into pUSD.
    Onramp,
    /// Unwraps pUSD into USDC or USDC.e.
    Offramp,
    /// Bridged USDC.
    UsdcE,
    /// USDC issued on this chain.
    Usdc,
    /// Makes the proxy wallets of signature type 1.
    ProxyFactory,
    /// Makes the Safes of signature type 2.
    SafeFactory,
    /// Makes the deposit wallets of signature type 3.
    DepositWalletFactory,
    /// What current deposit wallets ask for their code.
    DepositWalletBeacon,
    /// The code of older deposit wallets.
    DepositWalletImplementation,
}

/// A chain does not have a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{contract:?} is not known on {chain} (chain id {id}); use Polygon for this")]
pub struct ChainError {
    /// The chain's name.
    pub chain: &'static str,
    /// Its id.
    pub id: u64,
    /// What is missing there.
    pub contract: Contract,
}

/// A chain, with what is known to be deployed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The id in signatures and transactions (EIP-155).
    pub id: u64,
    /// What people call it.
    pub name: &'static str,
    /// Each contract once.
    contracts: &'static [(Contract, Address)],
}

impl Chain {
    /// Polygon, where the venue settles.
    pub const POLYGON: Self = Self { id: 137, name: "Polygon", contracts: &POLYGON };
    /// Amoy, Polygon's test network. Little of Polymarket is there.
    pub const AMOY: Self = Self { id: 80_002, name: "Amoy", contracts: &AMOY };

    /// The chain of this id, if Polymarket is on it.
    pub fn by_id(id: u64) -> Option<&'static Self> {
        const KNOWN: [Chain; 2] = [Chain::POLYGON, Chain::AMOY];
        static CHAINS: [Chain; 2] = KNOWN;
        CHAINS.iter().find(|chain| chain.id == id)
    }

    /// Where `contract` is.
    pub fn address(&self, contract: Contract) -> Result<Address, ChainError> {
        let found = self.contracts.iter().find(|(known, _)| *known == contract);
        found.map(|(_, address)| *address).ok_or(ChainError { chain: self.name, id: self.id, contract })
    }

    /// Everything that is known on this chain.
    pub fn contracts(&self) -> impl Iterator<Item = (Contract, Address)> + use<> {
        self.contracts.iter().copied()
    }

    /// The exchange that settles orders of `generation`: the contract in their EIP-712 domain, and what a maker
    /// approves.
    pub fn exchange(&self, generation: Generation, neg_risk: bool) -> Result<Address, ChainError> {
        self.address(match (generation, neg_risk) {
            (Generation::V2, false) => Contract::ExchangeV2,
            (Generation::V2, true) => Contract::NegRiskExchangeV2,
            (Generation::V3, _) => Contract::ExchangeV3,
        })
    }

    /// The contract that splits, merges and redeems markets of this generation.
    pub fn settlement(&self, generation: Generation, neg_risk: bool) -> Result<Address, ChainError> {
        self.address(match (generation, neg_risk) {
            (Generation::V2, false) => Contract::CollateralAdapter,
            (Generation::V2, true) => Contract::NegRiskCollateralAdapter,
            (Generation::V3, _) => Contract::Router,
        })
    }

    /// The ERC-1155 contract that holds the outcome tokens of this generation.
    pub fn positions(&self, generation: Generation) -> Result<Address, ChainError> {
        self.address(match generation {
            Generation::V2 => Contract::Ctf,
            Generation::V3 => Contract::PositionManager,
        })
    }

    /// The collateral, pUSD.
    pub fn pusd(&self) -> Result<Address, ChainError> {
        self.address(Contract::Pusd)
    }

    /// The conditional tokens of CLOB V2.
    pub fn ctf(&self) -> Result<Address, ChainError> {
        self.address(Contract::Ctf)
    }

    /// The two dead V1 exchanges, for recognising what names them.
    pub fn is_dead_exchange(&self, address: Address) -> bool {
        [Contract::ExchangeV1, Contract::NegRiskExchangeV1].iter().any(|dead| self.address(*dead) == Ok(address))
    }
}

const POLYGON: [(Contract, Address); 24] = [
    (Contract::ExchangeV2, Address::known("0xE111180000d2663C0091e4f400237545B87B996B")),
    (Contract::NegRiskExchangeV2, Address::known("0xe2222d279d744050d28e00520010520000310F59")),
    (Contract::ExchangeV3, Address::known("0xe3333700cA9d93003F00f0F71f8515005F6c00Aa")),
    (Contract::ExchangeV1, Address::known("0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E")),
    (Contract::NegRiskExchangeV1, Address::known("0xC5d563A36AE78145C45a50134d48A1215220f80a")),
    (Contract::Pusd, Address::known("0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB")),
    (Contract::Ctf, Address::known("0x4D97DCd97eC945f40cF65F87097ACe5EA0476045")),
    (Contract::NegRiskAdapter, Address::known("0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296")),
    (Contract::CollateralAdapter, Address::known("0xAdA100Db00Ca00073811820692005400218FcE1f")),
    (Contract::NegRiskCollateralAdapter, Address::known("0xadA2005600Dec949baf300f4C6120000bDB6eAab")),
    (Contract::PositionManager, Address::known("0x006F54F7f9A22e0000CC2AB60031000000ae9fEF")),
    (Contract::Router, Address::known("0x12121212006e4CD160D18e3f00711DA5c3372600")),
    (Contract::BinaryModule, Address::known("0x1000008dD9001B968442c1000017eaE6E0dA00Ba")),
    (Contract::NegRiskModule, Address::known("0x200000900045e3B6259600682756002200028933")),
    (Contract::AutoRedeemOperator, Address::known("0xa1200000d0002264C9a1698e001292D00E1b00af")),
    (Contract::Onramp, Address::known("0x93070a847efEf7F70739046A929D47a521F5B8ee")),
    (Contract::Offramp, Address::known("0x2957922Eb93258b93368531d39fAcCA3B4dC5854")),
    (Contract::UsdcE, Address::known("0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174")),
    (Contract::Usdc, Address::known("0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359")),
    (Contract::ProxyFactory, Address::known("0xaB45c5A4B0c941a2F231C04C3f49182e1A254052")),
    (Contract::SafeFactory, Address::known("0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b")),
    (Contract::DepositWalletFactory, Address::known("0x00000000000Fb5C9ADea0298D729A0CB3823Cc07")),
    (Contract::DepositWalletBeacon, Address::known("0x7A18EDfe055488A3128f01F563e5B479D92ffc3a")),
    (Contract::DepositWalletImplementation, Address::known("0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB")),
];

const AMOY: [(Contract, Address); 6] = [
    (Contract::ExchangeV2, Address::known("0xE111180000d2663C0091e4f400237545B87B996B")),
    (Contract::NegRiskExchangeV2, Address::known("0xe2222d279d744050d28e00520010520000310F59")),
    (Contract::ExchangeV3, Address::known("0x9fE6e61422AdB6F610d8597F9684b16912D50C3D")),
    (Contract::ExchangeV1, Address::known("0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40")),
    (Contract::Pusd, Address::known("0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB")),
    (Contract::Ctf, Address::known("0x69308FB512518e39F9b16112fA8d994F4e2Bf8bB")),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Each literal as it stands above, read back with its checksum: a wrong digit, or one that is none, shows.
    #[test]
    fn every_literal_carries_its_checksum() {
        let source = include_str!("chain.rs").split("#[cfg(test)]").next().unwrap();
        let texts: Vec<&str> = source.split("known(\"").skip(1).filter_map(|s| s.split('"').next()).collect();
        let known: Vec<Address> = POLYGON.iter().chain(&AMOY).map(|(_, address)| *address).collect();
        assert_eq!(texts.len(), known.len());
        for (text, address) in texts.iter().zip(known) {
            assert_eq!(text.parse(), Ok(address), "{text}");
            assert_eq!(address.to_string(), *text);
        }
    }

    #[test]
    fn exchanges_by_generation() {
        let polygon = Chain::by_id(137).unwrap();
        assert_eq!(polygon.exchange(Generation::V3, true), polygon.exchange(Generation::V3, false));
        assert_ne!(polygon.exchange(Generation::V2, true), polygon.exchange(Generation::V2, false));
        assert!(polygon.is_dead_exchange("0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E".parse().unwrap()));
        let missing = Chain::AMOY.settlement(Generation::V3, false).unwrap_err();
        assert_eq!(missing.to_string(), "Router is not known on Amoy (chain id 80002); use Polygon for this");
        assert_eq!(Chain::by_id(1), None);
    }

    #[test]
    fn versions_are_known_or_refused() {
        assert_eq!(Generation::from_domain_version("1"), Err(GenerationError::Dead));
        assert_eq!(Generation::from_domain_version("3"), Ok(Generation::V3));
        assert_eq!(Generation::from_gamma(None), Ok(Generation::V2));
        assert_eq!(Generation::from_gamma(Some("v2")), Ok(Generation::V3));
        assert!(matches!(Generation::from_gamma(Some("v3")), Err(GenerationError::Unknown(_))));
    }
}
