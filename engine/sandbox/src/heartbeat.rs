//! The dead man's switch: a key that has sent a heartbeat must go on, or its orders are cancelled.

use crate::answer::{Request, Response};
use crate::base::{derived, uuid};
use crate::venue::{Timer, Venue};
use schemas::UtcNanos;
use serde_json::json;

/// The last heartbeat of a key.
#[derive(Clone, Debug)]
pub(crate) struct Beat {
    id: String,
    until: UtcNanos,
}

impl Venue {
    /// `POST /v1/heartbeats`.
    pub(crate) fn heartbeat(&mut self, key: &str, request: &Request) -> Response {
        let body = request.json().unwrap_or_default();
        let sent = body.get("heartbeat_id").and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let known = self.heartbeats.get(key).filter(|beat| beat.until > self.now).map(|beat| beat.id.clone());
        if let Some(expected) = known
            && sent != expected
        {
            let body = json!({ "error_msg": "Invalid Heartbeat ID", "heartbeat_id": expected });
            return Response { status: 400, headers: Vec::new(), body: body.to_string() };
        }
        let id = uuid(&derived(&[b"heartbeat", key.as_bytes(), &self.count().to_be_bytes()]));
        let until = self.now.plus_millis(self.settings.heartbeat_ms);
        self.heartbeats.insert(key.to_owned(), Beat { id: id.clone(), until });
        self.wait(self.settings.heartbeat_ms, Timer::Heartbeat(key.to_owned()));
        Response::ok(&json!({ "heartbeat_id": id }))
    }

    /// A heartbeat's time is over; if no later one came, all orders of the key are cancelled.
    pub(crate) fn miss_heartbeat(&mut self, key: &str) {
        if self.heartbeats.get(key).is_none_or(|beat| beat.until > self.now) {
            return;
        }
        self.heartbeats.remove(key);
        let open = self.orders.open().filter(|o| o.key == key).map(|o| o.number).collect::<Vec<_>>();
        self.cancel_numbers(&open, "CANCELED");
    }
}
