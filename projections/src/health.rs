//! Events that made no sense where they came: counted, so that they show, and otherwise without effect.

use schemas::{Envelope, EventKind};
use serde::{Deserialize, Serialize};

/// How many events could not be applied as they stand, and the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How many.
    pub anomalies: u64,
    /// The last one, in words.
    pub last: Option<String>,
}

impl Health {
    /// Records that `envelope` could not be applied.
    pub fn anomaly(&mut self, envelope: &Envelope, what: &str) {
        self.anomalies += 1;
        let kind: EventKind = envelope.event.kind();
        self.last = Some(format!("{kind}: {what}"));
    }
}
