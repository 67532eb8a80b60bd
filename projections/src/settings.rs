//! The few settings that folds depend on. They come with the `RunStarted` event, like everything else.

use schemas::event::SystemEvent;
use schemas::{Envelope, Event};
use serde::{Deserialize, Serialize};

/// Settings of the short-term memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemorySettings {
    /// Entries kept.
    pub short_term_window: u32,
    /// Entries are forgotten after this many minutes.
    pub short_term_ttl_minutes: u32,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self { short_term_window: 50, short_term_ttl_minutes: 60 }
    }
}

/// Settings of the indicators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSettings {
    /// Length of an indicator's bar, seconds.
    pub indicator_bar_seconds: u32,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { indicator_bar_seconds: 60 }
    }
}

/// What folds need of the configuration; the rest of it is none of their business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoldSettings {
    /// Section `memory`.
    pub memory: MemorySettings,
    /// Section `data`.
    pub data: DataSettings,
}

impl FoldSettings {
    /// Takes the settings that an event brings. A configuration that cannot be read leaves the old ones.
    pub fn apply(&mut self, envelope: &Envelope) {
        let config = match &envelope.event {
            Event::System(SystemEvent::RunStarted(run)) => &run.config,
            Event::System(SystemEvent::ConfigChanged { config, .. }) => config,
            _ => return,
        };
        if let Ok(settings) = serde_json::from_str(config) {
            *self = settings;
        }
    }
}
