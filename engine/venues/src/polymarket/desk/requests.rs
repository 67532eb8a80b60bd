//! Requests as they are sent, signed with the API key.

use super::{Desk, Purpose};
use crate::wire::{Ask, Call, CallId, Host, Method};
use polymarket::auth::l2_headers;
use schemas::event::{FaultPolicy, SystemEvent};

/// How long an answer is waited for, ms. An order's answer may take the venue's delay of some seconds.
const TIMEOUT_MS: u64 = 10_000;

impl Desk {
    /// Sends a private request.
    pub(super) fn ask(&mut self, purpose: Purpose, method: Method, target: String, body: Vec<u8>) {
        self.last_call += 1;
        let id = CallId(self.last_call);
        let signed = (!body.is_empty()).then_some(&body[..]);
        let seconds = self.venue_seconds();
        let headers =
            l2_headers(&self.account.credentials, &self.account.signer, seconds, method.as_str(), &target, signed);
        match headers {
            Ok(headers) => {
                self.calls.insert(id, purpose);
                let headers = Some(headers);
                let call = Call { id, host: Host::Clob, method, target, headers, body, timeout_ms: TIMEOUT_MS };
                self.asks.push_back(Ask::Call(call));
            }
            Err(e) => {
                let (component, text) = ("venue".to_owned(), e.to_string());
                self.note(SystemEvent::Fault { component, text, policy: FaultPolicy::Halted });
            }
        }
    }

    /// Sends a request that needs no key.
    pub(super) fn ask_openly(&mut self, purpose: Purpose, host: Host, target: &str) {
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, purpose);
        let (method, target) = (Method::Get, target.to_owned());
        let call = Call { id, host, method, target, headers: None, body: Vec::new(), timeout_ms: TIMEOUT_MS };
        self.asks.push_back(Ask::Call(call));
    }
}
