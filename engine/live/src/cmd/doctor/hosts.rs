//! The hosts: each by itself, so that a name that does not resolve is not taken for a venue that is down.

use super::Doctor;
use crate::cmd::live::place_name;
use crate::cmd::login::VenueClock;
use crate::cmd::talk::Talk;
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use std::time::Duration;
use venues::reach::{self, Reached};

const TIMEOUT: Duration = Duration::from_secs(6);
/// Beyond this the engine says so; beyond the second it places nothing new.
const SKEW_SAID_NANOS: i64 = 2 * NANOS_PER_SEC;
const SKEW_HALTS_NANOS: i64 = 5 * NANOS_PER_SEC;

impl Doctor<'_> {
    pub(super) fn hosts(&mut self) {
        let venue = &self.loaded.config.venue;
        let socket = venue.socket_url.replacen("ws", "http", 1);
        let hosts = [
            ("order book", venue.clob_url.clone(), "/time", true, Some("venue.clob_url")),
            ("catalogue", venue.gamma_url.clone(), "/markets/keyset?limit=1", true, Some("venue.gamma_url")),
            // Nothing is there for a plain request.
            ("websockets", socket, "/market", true, None),
            ("data", venue.data_url.clone(), "/", false, None),
        ];
        for (name, address, path, needed, key) in hosts {
            let answer = self.runtime.block_on(reach::ask(&address, path, TIMEOUT));
            let at = shown(&address);
            match answer {
                Ok(Reached { status, .. }) if status >= 500 => {
                    let what = format!("{at} answers with status {status}");
                    self.host_fails(name, needed, what, "look at the venue's status page; a restart takes minutes");
                }
                Ok(Reached { status: 403, .. }) => {
                    let what = format!("{at} refuses this machine (status 403)");
                    self.host_fails(
                        name,
                        needed,
                        what,
                        "a firewall of the venue or a proxy in between turns this address away",
                    );
                }
                Ok(Reached { status, .. }) if let Some(key) = key.filter(|_| !matches!(status, 200 | 425 | 429)) => {
                    let what = format!("{at} answers {path} with status {status}: that is not Polymarket's {name}");
                    self.host_fails(name, needed, what, &format!("correct {key}"));
                }
                Ok(Reached { status, .. }) => self.ok(name, format!("{at} answers (status {status})")),
                Err(e) => self.host_fails(name, needed, e.to_string(), e.next_step()),
            }
        }
    }

    fn host_fails(&mut self, name: &'static str, needed: bool, what: String, next: &str) {
        if needed { self.fail_live(name, what, next) } else { self.warn(name, what, next) }
    }

    /// Whether the clock is the venue's. Returns whether the venue answers at all.
    pub(super) fn clock(&mut self, talk: &mut Talk) -> bool {
        let clock = match VenueClock::ask(talk) {
            Ok(clock) => clock,
            Err(e) => {
                self.skip("clock", format!("there is nothing to compare it with: {}", e.what));
                return false;
            }
        };
        // The venue counts whole seconds, and the way there and back hides as much as it took.
        let off = (clock.ahead.abs() - NANOS_PER_SEC / 2 - clock.took / 2).max(0);
        let words = if clock.ahead > 0 { "behind the venue's" } else { "ahead of the venue's" };
        let seconds = (clock.ahead.abs() + NANOS_PER_SEC / 2) / NANOS_PER_SEC;
        let next = "let the machine keep its clock: `timedatectl set-ntp true`, or chrony";
        if off > SKEW_HALTS_NANOS {
            let what = format!("this machine's clock is {seconds} s {words}: an engine places nothing new beyond 5 s");
            self.fail_live("clock", what, next);
        } else if off > SKEW_SAID_NANOS {
            self.warn("clock", format!("this machine's clock is {seconds} s {words}"), next);
        } else {
            let took = clock.took / NANOS_PER_MS;
            self.ok("clock", format!("within a second or two of the venue's; an answer takes {took} ms"));
        }
        true
    }

    /// Whether the venue takes orders from here.
    pub(super) fn place(&mut self) {
        let address = &self.loaded.config.venue.geoblock_url;
        match self.runtime.block_on(reach::geoblock(address, TIMEOUT)) {
            Ok(place) if place.blocked => {
                let what = format!("the venue takes no orders from here: it sees {}", place_name(&place));
                self.fail_live(
                    "geoblock",
                    what,
                    "trade from where the venue allows it; cancelling works from anywhere",
                );
            }
            Ok(place) => self.ok("geoblock", format!("the venue takes orders from here: {}", place_name(&place))),
            Err(why) => self.warn("geoblock", format!("not known: {why}"), "look at polymarket.com/api/geoblock"),
        }
    }
}

/// Scheme and host of an address.
fn shown(address: &str) -> String {
    venues::http::endpoint(address).map_or_else(|_| address.to_owned(), |url| venues::http::shown(&url))
}
