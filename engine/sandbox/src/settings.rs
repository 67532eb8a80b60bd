//! How the venue is, apart from its faults.

use crate::standing::Standing;
use polymarket::{Address, Chain};
use schemas::Cash;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest of a trade's ways, ms. Four of them, with a retry, are less than the day after which the exchange settles by
/// itself what it still knows.
const STAGE_MAX_MS: u64 = 21_600_000;
/// The longest a key may be silent, ms.
const HEARTBEAT_MAX_MS: u64 = 86_400_000;
/// How far the venue's clock may be off, s.
const CLOCK_MAX_S: u64 = 86_400;
/// The most tokens of a bucket, so that they can be counted in millionths.
const TOKENS_MAX: u64 = 1_000_000;

/// Requests of a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// So many in each second.
    pub per_second: u64,
    /// So many at once.
    pub burst: u64,
}

/// Settings of a sandbox. The defaults are what the venue's documents say, where they say anything. A JSON object sets those
/// it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Of everything that is left to chance.
    pub seed: u64,
    /// In signatures and transactions; by its id in JSON.
    #[serde(with = "by_id")]
    pub chain: Chain,
    /// How far a signed time may be off, seconds; `None` if times are not checked, as a recording's clock needs.
    pub time_window_s: Option<u64>,
    /// What a wallet finds in its account when the venue first hears of it.
    pub welcome: Cash,
    /// Whether wallets have approved the exchanges; otherwise they must send those transactions.
    pub approved: bool,
    /// Whether the relayer says of every wallet that it is deployed; otherwise only of those the venue has heard of.
    pub deployed: bool,
    /// Whether what happens is kept for [`Venue::take_recorded`](crate::Venue::take_recorded). Its host decides, no file.
    #[serde(skip)]
    pub record: bool,
    /// Whether what clients take and what they leave standing shows in the books, as it does at the venue. Without, the
    /// venue shows exactly what was recorded, as paper trading sees it: a client has no effect on anybody's book.
    pub impact: bool,
    /// Whether only deposit wallets may trade, as for accounts made since May 2026.
    pub deposit_wallets_only: bool,
    /// Whether the venue says that it takes no orders from where its clients are, and takes none.
    pub geoblocked: bool,
    /// Whether every account may only sell what it has.
    pub closed_only: bool,
    /// What is held against accounts and wallets.
    pub standing: BTreeMap<Address, Standing>,
    /// How far the venue's clock is ahead of the time that it is given, seconds.
    pub clock_ahead_s: i64,
    /// From match to the transaction on the chain, milliseconds.
    pub mined_ms: u64,
    /// From there to its confirmation, milliseconds.
    pub confirmed_ms: u64,
    /// How far ahead a GTD order's time must be, seconds.
    pub gtd_lead_s: u64,
    /// How long before its stated time a GTD order ends, seconds.
    pub gtd_early_s: u64,
    /// Without a heartbeat for so long, milliseconds, all orders of a key that has sent one are cancelled.
    pub heartbeat_ms: u64,
    /// Whether REST writes `TRADE_STATUS_` in front of a trade's status.
    pub long_trade_status: bool,
    /// Orders a signer may send.
    pub order_rate: Limit,
    /// Cancels a signer may send.
    pub cancel_rate: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            chain: Chain::POLYGON,
            time_window_s: Some(60),
            welcome: Cash::ZERO,
            approved: true,
            deployed: true,
            record: false,
            impact: true,
            deposit_wallets_only: false,
            geoblocked: false,
            closed_only: false,
            standing: BTreeMap::new(),
            clock_ahead_s: 0,
            mined_ms: 2_000,
            confirmed_ms: 3_000,
            gtd_lead_s: polymarket::GTD_LEAD_S,
            gtd_early_s: polymarket::GTD_EARLY_S,
            heartbeat_ms: 15_000,
            long_trade_status: false,
            order_rate: Limit { per_second: 40, burst: 60 },
            cancel_rate: Limit { per_second: 80, burst: 120 },
        }
    }
}

/// No venue can be like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No JSON, or no settings.
    #[error("{0}")]
    Unreadable(String),
    /// A number is too small or too large.
    #[error("{name} is {value}: it may be from {min} to {max}")]
    Outside {
        /// The setting.
        name: &'static str,
        /// What it was to be.
        value: i128,
        /// The least.
        min: i128,
        /// The most.
        max: i128,
    },
    /// GTD orders would be over before they may begin.
    #[error(
        "gtd_early_s is {early_s}, gtd_lead_s {lead_s}: a GTD order would end before it begins; make the lead longer"
    )]
    EndsBeforeItBegins {
        /// How long before its time an order ends.
        early_s: u64,
        /// How far ahead its time must be.
        lead_s: u64,
    },
    /// Ids and keys are made of it, so it cannot change while they are in use.
    #[error("{0} cannot change while the sandbox runs")]
    Fixed(&'static str),
}

fn within(name: &'static str, value: impl Into<i128>, min: u64, max: u64) -> Result<(), SettingsError> {
    let (value, min, max) = (value.into(), i128::from(min), i128::from(max));
    if (min..=max).contains(&value) { Ok(()) } else { Err(SettingsError::Outside { name, value, min, max }) }
}

impl Settings {
    /// Settings that a JSON object names, the others as they are by default.
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = serde_json::from_str(text).map_err(|e| SettingsError::Unreadable(e.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// These settings, with those that a JSON object names, while the venue runs.
    pub fn changed(&self, change: Value) -> Result<Self, SettingsError> {
        let unreadable = |e: serde_json::Error| SettingsError::Unreadable(e.to_string());
        let Value::Object(change) = change else {
            return Err(SettingsError::Unreadable("settings are a JSON object".to_owned()));
        };
        let mut all = serde_json::to_value(self).map_err(unreadable)?;
        for (name, value) in change {
            all[name] = value;
        }
        let new: Self = serde_json::from_value(all).map_err(unreadable)?;
        new.check()?;
        if new.seed != self.seed {
            return Err(SettingsError::Fixed("seed"));
        }
        if new.chain != self.chain {
            return Err(SettingsError::Fixed("chain"));
        }
        Ok(Self { record: self.record, ..new })
    }

    /// Whether a venue can be like this.
    pub fn check(&self) -> Result<(), SettingsError> {
        within("mined_ms", self.mined_ms, 0, STAGE_MAX_MS)?;
        within("confirmed_ms", self.confirmed_ms, 0, STAGE_MAX_MS)?;
        within("heartbeat_ms", self.heartbeat_ms, 1, HEARTBEAT_MAX_MS)?;
        if self.clock_ahead_s.unsigned_abs() > CLOCK_MAX_S {
            let (value, max) = (i128::from(self.clock_ahead_s), i128::from(CLOCK_MAX_S));
            return Err(SettingsError::Outside { name: "clock_ahead_s", value, min: -max, max });
        }
        within("welcome, in micro-dollars,", self.welcome.0, 0, u64::MAX >> 2)?;
        let limits = [
            ("order_rate.per_second", self.order_rate.per_second),
            ("order_rate.burst", self.order_rate.burst),
            ("cancel_rate.per_second", self.cancel_rate.per_second),
            ("cancel_rate.burst", self.cancel_rate.burst),
        ];
        limits.into_iter().try_for_each(|(name, value)| within(name, value, 1, TOKENS_MAX))?;
        if self.gtd_early_s > self.gtd_lead_s {
            return Err(SettingsError::EndsBeforeItBegins { early_s: self.gtd_early_s, lead_s: self.gtd_lead_s });
        }
        Ok(())
    }
}

/// A chain as its id.
mod by_id {
    use polymarket::Chain;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(chain: &Chain, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(chain.id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Chain, D::Error> {
        let id = u64::deserialize(deserializer)?;
        let unknown = || D::Error::custom(format!("chain {id} is unknown: it is 137 (Polygon) or 80002 (Amoy)"));
        Chain::by_id(id).copied().ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_sets_what_it_names() -> Result<(), SettingsError> {
        let text = r#"{"heartbeat_ms":5000,"order_rate":{"per_second":1,"burst":2},"welcome":"12.5","chain":80002}"#;
        let settings = Settings::from_json(text)?;
        assert_eq!((settings.heartbeat_ms, settings.order_rate), (5_000, Limit { per_second: 1, burst: 2 }));
        assert_eq!((settings.welcome, settings.chain.id), (Cash(12_500_000), 80_002));
        assert_eq!(settings.mined_ms, Settings::default().mined_ms);
        assert_eq!(Settings::from_json("{}"), Ok(Settings::default()));
        Ok(())
    }

    #[test]
    fn what_no_venue_is_like_is_refused_with_its_name() {
        let refused = |text: &str| Settings::from_json(text).map_or_else(|e| e.to_string(), |_| "taken".to_owned());
        assert!(refused(r#"{"heartbeat":1}"#).contains("unknown field `heartbeat`"));
        assert!(refused(r#"{"record":true}"#).contains("record"), "the host decides that");
        assert_eq!(refused(r#"{"heartbeat_ms":0}"#), "heartbeat_ms is 0: it may be from 1 to 86400000");
        assert!(refused(r#"{"order_rate":{"per_second":0,"burst":2}}"#).starts_with("order_rate.per_second is 0"));
        assert!(refused(r#"{"order_rate":{"per_second":1}}"#).contains("missing field `burst`"));
        assert!(refused(r#"{"mined_ms":21600001}"#).starts_with("mined_ms"));
        assert!(refused(r#"{"clock_ahead_s":-86401}"#).starts_with("clock_ahead_s is -86401"));
        assert!(refused(r#"{"welcome":"-1"}"#).starts_with("welcome"));
        assert!(refused(r#"{"gtd_lead_s":10}"#).contains("would end before it begins"));
        assert!(refused(r#"{"chain":1}"#).contains("chain 1 is unknown"));
        assert!(refused("[").contains("EOF"));
    }

    #[test]
    fn a_running_venue_changes_all_but_what_its_keys_are_made_of() -> Result<(), SettingsError> {
        let before = Settings { record: true, mined_ms: 7, ..Settings::default() };
        let after = before.changed(json!({ "impact": false, "time_window_s": null }))?;
        assert_eq!(after, Settings { impact: false, time_window_s: None, ..before.clone() });
        assert_eq!(before.changed(json!({ "seed": 1 })), Err(SettingsError::Fixed("seed")));
        assert_eq!(before.changed(json!({ "chain": 80002 })), Err(SettingsError::Fixed("chain")));
        assert!(before.changed(json!({ "heartbeat_ms": 0 })).is_err() && before.changed(json!(7)).is_err());
        Ok(())
    }
}
