//! The websockets: whether frames come.

use super::{Doctor, Known};
use crate::cmd::talk::Talk;
use crate::engine::{Clock, WallClock};
use polymarket::auth::Secret;
use polymarket::wire::market::Frame;
use polymarket::wire::{gamma, market, subscribe};
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use std::time::Duration;
use venues::polymarket::feed::Wanted;
use venues::wire::{Ask, Host, Socket, Tell};

/// How long frames may take, and how long a channel must stay open after its greeting.
const PATIENCE_NANOS: i64 = 12 * NANOS_PER_SEC;
const STAYS_NANOS: i64 = 2 * NANOS_PER_SEC;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was heard on a websocket.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// What was waited for, after so many ns.
    Yes(i64),
    /// It closed, in its own words.
    Closed(String),
    /// It never opened.
    NotOpened,
    /// It is open, and silent.
    Silent,
}

impl Doctor<'_> {
    /// Whether books come, in a market that would be followed.
    pub(super) fn market_data(&mut self, talk: &mut Talk) {
        let name = "market data";
        let wanted = self.loaded.config.venue.feed(&self.loaded.config.core).wanted;
        let page = match self.catalogue(talk, &wanted) {
            Ok(page) => page,
            Err(why) => return self.fail_live(name, why, "see the line about the catalogue"),
        };
        let now = WallClock.now();
        let followed = page.iter().filter(|m| wanted.takes(m, now)).count();
        let Some(tokens) = page.iter().find(|m| wanted.takes(m, now)).and_then(|m| m.tokens().ok()) else {
            let what = format!("no open market of the first {} is one that the configuration follows", page.len());
            return self.fail_live(
                name,
                what,
                "widen section [venue] and markets.categories; `arena markets list` shows what fits",
            );
        };
        let hello = Secret::new(subscribe::market(&tokens));
        let heard = listen(
            talk,
            Socket::Market(0),
            hello,
            |text| matches!(market::decode(text), Ok(Frame::Messages(list)) if list.iter().any(Result::is_ok)),
        );
        let next = "if the host answers above, a proxy in between may not let websockets through";
        match heard {
            Heard::Yes(took) => {
                let ms = took / NANOS_PER_MS;
                self.ok(name, format!("a book came after {ms} ms; {followed} markets of the first {} fit", page.len()));
            }
            Heard::Closed(why) => self.fail_live(name, format!("the market websocket closes: {why}"), next),
            Heard::NotOpened => self.fail_live(name, "the market websocket does not open in time", next),
            Heard::Silent => {
                let what = "the market websocket opens, and no frame comes in time";
                self.fail_live(name, what, "try again; if it stays so, the venue's feed is down");
            }
        }
    }

    fn catalogue(&self, talk: &mut Talk, wanted: &Wanted) -> Result<Vec<gamma::Market>, String> {
        let body = talk.get(Host::Gamma, &wanted.target("", 0)).map_err(|e| e.what)?;
        let page = gamma::markets(&body).map_err(|e| format!("the catalogue cannot be read: {e}"))?;
        Ok(page.entries.into_iter().flatten().collect())
    }

    /// Whether the channel of our own orders takes the API key.
    pub(super) fn user_channel(&mut self, talk: &mut Talk, known: &Known) {
        let hello = subscribe::user(&known.login.credentials, &[]);
        let name = "user channel";
        match listen(talk, Socket::User, hello, |text| matches!(text.trim(), "PONG")) {
            Heard::Yes(_) => self.ok(name, "it opens, takes the API key and answers"),
            Heard::Closed(why) => {
                let what = format!("it closes after the API key was shown: {why}");
                self.fail_live(
                    name,
                    what,
                    "without it fills are only found by asking; try again, then make a new API key",
                );
            }
            Heard::NotOpened => self.fail_live(name, "it does not open in time", "see the line about the websockets"),
            Heard::Silent => {
                self.fail_live(name, "it opens and does not answer", "try again; the venue may be restarting")
            }
        }
    }
}

/// Opens a websocket, greets it, and waits for a text. The user channel must also outlive its greeting: a refused key
/// closes it.
fn listen(talk: &mut Talk, socket: Socket, hello: Secret, wanted: impl Fn(&str) -> bool) -> Heard {
    let net = talk.net();
    let began = WallClock.now();
    net.ask(Ask::Open(socket));
    let (mut opened, mut found) = (None, None);
    let mut hello = Some(hello);
    let heard = loop {
        let passed = WallClock.now().since(began);
        if let (Some(took), Some(at)) = (found, opened)
            && (socket != Socket::User || passed >= at + STAYS_NANOS)
        {
            break Heard::Yes(took);
        }
        if passed > PATIENCE_NANOS {
            break if opened.is_some() { Heard::Silent } else { Heard::NotOpened };
        }
        match net.tells().recv_timeout(LOOK_EVERY) {
            Ok(Tell::Opened(s)) if s == socket => {
                opened = Some(WallClock.now().since(began));
                if let Some(hello) = hello.take() {
                    net.ask(Ask::Say(socket, hello));
                }
                net.ask(Ask::Say(socket, Secret::new(subscribe::PING.to_owned())));
            }
            Ok(Tell::Text(s, text)) if s == socket && found.is_none() && wanted(&text) => {
                found = Some(WallClock.now().since(began));
            }
            Ok(Tell::Closed(s, why)) if s == socket => break Heard::Closed(why),
            _ => {}
        }
    };
    net.ask(Ask::Close(socket));
    heard
}
