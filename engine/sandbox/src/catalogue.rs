//! Markets by the ids that the venue gives them.

use crate::base::derived;
use polymarket::{ChainError, Domain, Generation};
use schemas::event::MarketListed;
use schemas::{Bytes32, MarketId, Outcome, TokenId};
use std::collections::BTreeMap;

/// A market's ids and what orders for it are signed with.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub market: MarketId,
    pub condition: Bytes32,
    pub tokens: [Bytes32; 2],
    pub domain: Domain,
}

impl Listing {
    pub fn token(&self, token: TokenId) -> &Bytes32 {
        &self.tokens[usize::from(token.outcome() == Outcome::No)]
    }

    /// Gamma's own number of it.
    pub fn gamma_id(&self) -> u32 {
        FIRST_GAMMA_ID + self.market.0
    }
}

const FIRST_GAMMA_ID: u32 = 500_001;

/// All markets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    list: Vec<Listing>,
    by_token: BTreeMap<Bytes32, TokenId>,
    by_condition: BTreeMap<Bytes32, MarketId>,
}

impl Catalogue {
    /// Takes a market up, in the order in which the projection numbers them. Ids that a recording does not state are made
    /// of what it does state, so that they are the same each time.
    pub fn list(&mut self, listed: &MarketListed, chain: &polymarket::Chain) -> Result<(), ChainError> {
        if listed.market.index() != self.list.len() {
            return Ok(());
        }
        let made = |what: &str| derived(&[b"sandbox", what.as_bytes(), listed.slug.as_bytes(), &listed.tokens[0].0]);
        let or = |stated: Bytes32, what: &str| if stated == Bytes32::ZERO { made(what) } else { stated };
        let tokens = [or(listed.tokens[0], "yes"), or(listed.tokens[1], "no")];
        let generation = if listed.protocol == 3 { Generation::V3 } else { Generation::V2 };
        let domain = Domain::exchange(chain, generation, listed.neg_risk)?;
        let condition = or(listed.condition, "condition");
        let market = listed.market;
        self.by_token.insert(tokens[0], market.yes());
        self.by_token.insert(tokens[1], market.no());
        self.by_condition.insert(condition, market);
        self.list.push(Listing { market, condition, tokens, domain });
        Ok(())
    }

    pub fn get(&self, market: MarketId) -> Option<&Listing> {
        self.list.get(market.index())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Listing> {
        self.list.iter()
    }

    /// A token by its decimal id.
    pub fn token(&self, text: &str) -> Option<TokenId> {
        self.by_token.get(&polymarket::token::from_decimal(text)?).copied()
    }

    pub fn token_of(&self, id: &Bytes32) -> Option<TokenId> {
        self.by_token.get(id).copied()
    }

    /// A market by its condition's hex id.
    pub fn condition(&self, text: &str) -> Option<&Listing> {
        self.of_condition(&Bytes32::from_hex(text)?)
    }

    pub fn of_condition(&self, id: &Bytes32) -> Option<&Listing> {
        self.get(*self.by_condition.get(id)?)
    }

    /// A market by Gamma's number.
    pub fn gamma(&self, text: &str) -> Option<&Listing> {
        let number: u32 = text.parse().ok()?;
        self.list.get(usize::try_from(number.checked_sub(FIRST_GAMMA_ID)?).ok()?)
    }

    /// A token's decimal id.
    pub fn token_text(&self, token: TokenId) -> String {
        self.get(token.market()).map(|l| polymarket::token::to_decimal(l.token(token))).unwrap_or_default()
    }

    /// A market's condition as text.
    pub fn condition_text(&self, market: MarketId) -> String {
        self.get(market).map(|l| crate::base::hash_text(&l.condition)).unwrap_or_default()
    }
}

/// What the venue calls an outcome.
pub(crate) fn outcome_name(token: TokenId) -> &'static str {
    match token.outcome() {
        Outcome::Yes => "Yes",
        Outcome::No => "No",
    }
}
