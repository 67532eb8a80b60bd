//! The wires between an engine and the venue: they carry requests and texts, and lose nothing of themselves.

use sandbox::{Answer as Reply, Channel, Request, Response, SessionId, Venue};
use schemas::UtcNanos;
use std::collections::BTreeMap;
use venues::wire::{Answer, Ask, Call, NoAnswer, Socket, Tell};

/// What is under way to the engine.
#[derive(Default)]
pub struct Link {
    inbox: BTreeMap<(UtcNanos, u64), Tell>,
    sockets: BTreeMap<Socket, SessionId>,
    count: u64,
    /// No request leaves and no socket opens until then.
    pub down_until: UtcNanos,
}

impl Link {
    /// When the next thing arrives.
    pub fn next_at(&self) -> Option<UtcNanos> {
        self.inbox.first_key_value().map(|(k, _)| k.0)
    }

    /// What has arrived by now, one at a time.
    pub fn arrived(&mut self, now: UtcNanos) -> Option<Tell> {
        self.inbox.first_entry().filter(|e| e.key().0 <= now).map(|e| e.remove())
    }

    fn deliver(&mut self, at: UtcNanos, tell: Tell) {
        self.count += 1;
        self.inbox.insert((at, self.count), tell);
    }

    /// Carries out what the engine asks.
    pub fn ask(&mut self, ask: Ask, venue: &mut Venue, now: UtcNanos) {
        let down = now < self.down_until;
        match ask {
            Ask::Call(call) if down => {
                let why = Err(NoAnswer::NotSent("connection refused".to_owned()));
                self.deliver(now, Tell::Answer(call.id, why));
            }
            Ask::Call(call) => self.call(&call, venue, now),
            Ask::Open(socket) if down => self.deliver(now, Tell::Closed(socket, "connection refused".to_owned())),
            Ask::Open(socket) => {
                self.hang_up(socket, venue);
                let channel = match socket {
                    Socket::User => Channel::User,
                    Socket::Market(_) => Channel::Market,
                    Socket::Kalshi => panic!("nobody reads other venues here"),
                };
                self.sockets.insert(socket, venue.open(channel));
                self.deliver(now, Tell::Opened(socket));
            }
            Ask::OpenSigned(socket, _) => panic!("the sandbox has no {socket:?}"),
            Ask::Say(socket, text) => {
                if let Some(session) = self.sockets.get(&socket) {
                    venue.text(*session, text.expose(), now);
                }
            }
            Ask::Close(socket) => self.hang_up(socket, venue),
        }
    }

    fn call(&mut self, call: &Call, venue: &mut Venue, now: UtcNanos) {
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let headers = call.headers.iter().flat_map(|h| h.iter()).map(|(n, v)| (n.to_owned(), v.to_owned()));
        let request = Request {
            method: call.method.as_str().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: call.body.clone(),
        };
        let patience = now.plus_millis(call.timeout_ms);
        let (at, answer) = match venue.handle(&request, now) {
            Reply::Now(response) => (now, Some(response)),
            Reply::Later { at, response } => (at, Some(response)),
            Reply::Never(_) => (patience, None),
        };
        let heard = answer.filter(|_| at <= patience).map(heard);
        let result = heard.ok_or_else(|| NoAnswer::Lost("the request timed out".to_owned()));
        self.deliver(at.min(patience), Tell::Answer(call.id, result));
    }

    /// Brings over what the venue has said on its sockets by now.
    pub fn listen(&mut self, venue: &mut Venue, now: UtcNanos) {
        for (session, text) in venue.due(now) {
            let socket = self.sockets.iter().find(|(_, s)| **s == session).map(|(socket, _)| *socket);
            match socket {
                Some(socket) => self.deliver(now, Tell::Text(socket, text)),
                None => venue.close(session),
            }
        }
        for session in venue.take_closed() {
            let socket = self.sockets.iter().find(|(_, s)| **s == session).map(|(socket, _)| *socket);
            if let Some(socket) = socket {
                self.sockets.remove(&socket);
                self.deliver(now, Tell::Closed(socket, "closed by the other side".to_owned()));
            }
        }
    }

    /// Cuts every socket: the engine hears of it.
    pub fn cut(&mut self, venue: &mut Venue, now: UtcNanos) {
        for (socket, session) in std::mem::take(&mut self.sockets) {
            venue.close(session);
            self.deliver(now, Tell::Closed(socket, "connection reset by peer".to_owned()));
        }
    }

    /// The engine's process is gone, and with it everything that was under way to it.
    pub fn lost(&mut self, venue: &mut Venue) {
        self.inbox.clear();
        for session in std::mem::take(&mut self.sockets).into_values() {
            venue.close(session);
        }
    }

    fn hang_up(&mut self, socket: Socket, venue: &mut Venue) {
        if let Some(session) = self.sockets.remove(&socket) {
            venue.close(session);
        }
        // What it had said and nobody had read goes with it.
        self.inbox.retain(|_, tell| !matches!(tell, Tell::Text(s, _) | Tell::Opened(s) if *s == socket));
    }
}

fn heard(response: Response) -> Answer {
    let headers = response.headers.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
    Answer { status: response.status, headers, body: response.body }
}
