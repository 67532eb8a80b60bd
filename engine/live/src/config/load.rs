//! Layering and checking.

use super::AppConfig;
use super::tree::{Origin, Setting, Settings, flatten, nearest, put, read_toml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Everything wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "configuration: {one}"),
            many => {
                write!(f, "configuration: {} faults", many.len())?;
                many.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for ConfigFaults {}

/// A configuration and where each value came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: AppConfig,
    /// Every key.
    pub settings: BTreeMap<String, Setting>,
}

/// The prefix of variables that override keys.
const PREFIX: &str = "ARENA__";

/// Loads defaults, `files` in order, then `env`.
pub fn load(files: &[PathBuf], env: impl Iterator<Item = (String, String)>) -> Result<Loaded, ConfigFaults> {
    let mut texts = Vec::new();
    let mut faults = Vec::new();
    for path in files {
        match std::fs::read_to_string(path) {
            Ok(text) => texts.push((path.clone(), text)),
            Err(e) => faults.push(format!("{}: {e}", path.display())),
        }
    }
    layer(texts, env, faults)
}

/// Loads defaults and one text that is part of the program; the environment has no say.
pub fn load_text(name: &Path, text: &str) -> Result<Loaded, ConfigFaults> {
    layer(vec![(name.to_owned(), text.to_owned())], std::iter::empty(), Vec::new())
}

fn layer(
    texts: Vec<(PathBuf, String)>,
    env: impl Iterator<Item = (String, String)>,
    mut faults: Vec<String>,
) -> Result<Loaded, ConfigFaults> {
    let base = base(&mut faults)?;
    let mut settings: Settings =
        base.leaves.iter().map(|(k, v)| (k.clone(), Setting { value: v.clone(), origin: Origin::Default })).collect();
    for (path, text) in &texts {
        match read_toml(path, text) {
            Ok(found) => overlay(&mut settings, found, &base, &mut faults),
            Err(fault) => faults.push(fault),
        }
    }
    overlay(&mut settings, from_env(env, &base), &base, &mut faults);
    let config = assemble(&settings, &base, &mut faults);
    if faults.is_empty() { Ok(Loaded { config, settings }) } else { Err(ConfigFaults(faults)) }
}

struct Base {
    tree: Value,
    leaves: BTreeMap<String, Value>,
}

fn base(faults: &mut Vec<String>) -> Result<Base, ConfigFaults> {
    match serde_json::to_value(AppConfig::default()) {
        Ok(tree) => {
            let mut leaves = BTreeMap::new();
            flatten(&tree, "", &mut leaves);
            Ok(Base { tree, leaves })
        }
        Err(e) => {
            faults.push(e.to_string());
            Err(ConfigFaults(std::mem::take(faults)))
        }
    }
}

fn overlay(settings: &mut Settings, found: Settings, base: &Base, faults: &mut Vec<String>) {
    for (key, setting) in found {
        if base.leaves.contains_key(&key) {
            settings.insert(key, setting);
            continue;
        }
        let hint = match nearest(&key, base.leaves.keys()) {
            Some(near) => format!("; did you mean {near}?"),
            None => "; `arena config show` lists all keys".to_owned(),
        };
        faults.push(format!("{}: unknown key {key}{hint}", setting.origin));
    }
}

fn from_env(env: impl Iterator<Item = (String, String)>, base: &Base) -> Settings {
    let mut found = Settings::new();
    for (name, text) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let value = match base.leaves.get(&key) {
            Some(Value::Bool(_)) => text.parse().map_or_else(|_| Value::String(text.clone()), Value::Bool),
            Some(Value::Number(_)) => text.parse::<u64>().map_or_else(|_| Value::String(text.clone()), Value::from),
            Some(Value::Array(_)) => {
                text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(|s| Value::String(s.to_owned())).collect()
            }
            _ => Value::String(text.clone()),
        };
        found.insert(key, Setting { value, origin: Origin::Env(name) });
    }
    found
}

/// Puts the values together. When that fails, each is tried alone, so that the fault names its key and line.
fn assemble(settings: &Settings, base: &Base, faults: &mut Vec<String>) -> AppConfig {
    let mut tree = base.tree.clone();
    for (key, setting) in settings {
        let mut alone = base.tree.clone();
        if setting.origin != Origin::Default {
            put(&mut alone, key, setting.value.clone());
            if let Err(e) = serde_json::from_value::<AppConfig>(alone) {
                faults.push(format!("{}: {key} = {}: {e}", setting.origin, shown(&setting.value)));
                continue;
            }
        }
        put(&mut tree, key, setting.value.clone());
    }
    let config: AppConfig = match serde_json::from_value(tree) {
        Ok(config) => config,
        Err(e) => {
            faults.push(e.to_string());
            return AppConfig::default();
        }
    };
    let core = config.core.check();
    for text in core
        .iter()
        .map(ToString::to_string)
        .chain(config.log.faults())
        .chain(config.wallet.faults())
        .chain(config.venue.faults())
        .chain(config.kalshi.faults())
        .chain(config.manifold.faults())
    {
        let origin = settings.iter().find(|(k, s)| text.starts_with(k.as_str()) && s.origin != Origin::Default);
        faults.push(origin.map_or(text.clone(), |(_, s)| format!("{}: {text}", s.origin)));
    }
    config
}

/// A value as it is shown to people.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Loaded, ConfigFaults> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("arena.toml");
        std::fs::write(&path, text).unwrap();
        load(&[path], env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn layers_and_origins() {
        let text = "[risk]\nmin_edge_threshold = 0.04\nmax_open_positions = 3\n";
        let loaded = load_with(text, &[("ARENA__RISK__MAX_OPEN_POSITIONS", "7"), ("PATH", "/bin")]).unwrap();
        assert_eq!(loaded.config.core.risk.min_edge_threshold, schemas::Price(40_000));
        assert_eq!(loaded.config.core.risk.max_open_positions, 7);
        assert!(loaded.settings["risk.min_edge_threshold"].origin.to_string().ends_with("arena.toml:2"));
        assert_eq!(loaded.settings["risk.max_open_positions"].origin.to_string(), "$ARENA__RISK__MAX_OPEN_POSITIONS");
        assert_eq!(loaded.settings["risk.kelly_fraction"].origin, Origin::Default);
    }

    #[test]
    fn a_typo_names_the_right_key_and_line() {
        let faults = load_with("[risk]\n\nmax_open_positons = 3\n", &[]).unwrap_err().to_string();
        assert!(faults.contains("arena.toml:3"), "{faults}");
        assert!(faults.contains("did you mean risk.max_open_positions?"), "{faults}");
    }

    #[test]
    fn wrong_types_negative_limits_and_bad_syntax_are_named() {
        let faults = load_with("[risk]\ndaily_loss_limit_usdc = -5\nmax_open_positions = \"many\"\n", &[]);
        let text = faults.unwrap_err().to_string();
        assert!(text.contains("max_open_positions = many"), "{text}");
        let text = load_with("[risk]\ndaily_loss_limit_usdc = -5\n", &[]).unwrap_err().to_string();
        assert!(text.contains("arena.toml:2") && text.contains("must be more than 0"), "{text}");
        let text = load_with("[risk\n", &[]).unwrap_err().to_string();
        assert!(text.contains("arena.toml:1"), "{text}");
    }

    #[test]
    fn unknown_variables_are_refused_too() {
        let text = load_with("", &[("ARENA__RISK__KELY_FRACTION", "0.1")]).unwrap_err().to_string();
        assert!(text.contains("$ARENA__RISK__KELY_FRACTION") && text.contains("risk.kelly_fraction"), "{text}");
    }
}
