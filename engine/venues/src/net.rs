//! The network: sends what it is asked to and tells what comes back. It decides nothing, keeps nothing and repeats nothing.

use crate::http::{self, HttpError, escaped};
use crate::wire::{Answer, Ask, Call, CallId, Host, Method, NoAnswer, Socket, Tell};
use crossbeam::channel::{Receiver, Sender, unbounded};
use futures_util::{SinkExt, StreamExt};
use polymarket::auth::{Headers, Secret};
use reqwest::{Client, Url};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

/// An answer longer than this is none of the venue's.
const BODY_MAX: usize = 64 << 20;
/// How long a websocket may take to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any request's own time-out.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(120);

/// Where the venues are.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// The order book.
    pub clob: String,
    /// The catalogue.
    pub gamma: String,
    /// Positions and history.
    pub data: String,
    /// The websockets, without the channel's name.
    pub socket: String,
    /// Kalshi's requests, with the path that all have in common.
    pub kalshi: String,
    /// Kalshi's websocket, whole.
    pub kalshi_socket: String,
    /// Manifold's requests, with the path that all have in common.
    pub manifold: String,
}

impl Default for Hosts {
    /// The venues themselves.
    fn default() -> Self {
        Self {
            clob: "https://clob.polymarket.com".to_owned(),
            gamma: "https://gamma-api.polymarket.com".to_owned(),
            data: "https://data-api.polymarket.com".to_owned(),
            socket: "wss://ws-subscriptions-clob.polymarket.com/ws".to_owned(),
            kalshi: "https://external-api.kalshi.com/trade-api/v2".to_owned(),
            kalshi_socket: "wss://external-api-ws.kalshi.com/trade-api/ws/v2".to_owned(),
            manifold: "https://api.manifold.markets/v0".to_owned(),
        }
    }
}

impl Hosts {
    /// All of Polymarket at one address, as the sandbox has it: `http://127.0.0.1:PORT`.
    pub fn all_at(address: &str) -> Self {
        let plain = address.trim_end_matches('/').to_owned();
        let socket = match plain.strip_prefix("https://") {
            Some(rest) => format!("wss://{rest}/ws"),
            None => format!("ws://{}/ws", plain.trim_start_matches("http://")),
        };
        Self { clob: plain.clone(), gamma: plain.clone(), data: plain, socket, ..Self::default() }
    }
}

/// The network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// An address is none, or TLS cannot be set up.
    #[error("{what}: {source}")]
    Http {
        /// Which address.
        what: &'static str,
        /// Why.
        source: HttpError,
    },
    /// No thread.
    #[error("cannot start the network's thread: {0}")]
    Runtime(#[from] std::io::Error),
}

/// The network, running on a thread of its own. Dropping it closes everything.
pub struct Net {
    asks: mpsc::UnboundedSender<Ask>,
    tells: Receiver<Tell>,
    runtime: Option<Runtime>,
}

impl Net {
    /// Starts it.
    pub fn start(hosts: &Hosts) -> Result<Self, NetError> {
        let url =
            |what: &'static str, text: &str| http::endpoint(text).map_err(|source| NetError::Http { what, source });
        let bases = [
            url("the order book's address", &hosts.clob)?,
            url("the catalogue's address", &hosts.gamma)?,
            url("the data address", &hosts.data)?,
            url("Kalshi's address", &hosts.kalshi)?,
            url("Manifold's address", &hosts.manifold)?,
        ];
        // The same rules as for a request: TLS, or this machine.
        for (what, socket) in
            [("the websocket's address", &hosts.socket), ("the address of Kalshi's websocket", &hosts.kalshi_socket)]
        {
            url(what, &socket.replacen("ws", "http", 1))?;
        }
        let client = http::client(CLIENT_TIMEOUT).map_err(|source| NetError::Http { what: "HTTPS", source })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("venue-net")
            .enable_all()
            .build()?;
        // Both sides are read all the time; what waits here is what the venue allows at once.
        let (asks, asked) = mpsc::unbounded_channel();
        let (tell, tells) = unbounded();
        let socket = hosts.socket.trim_end_matches('/').to_owned();
        let worker = Worker { client, bases, socket, kalshi_socket: hosts.kalshi_socket.clone(), tell };
        runtime.spawn(worker.run(asked));
        Ok(Self { asks, tells, runtime: Some(runtime) })
    }

    /// Asks.
    pub fn ask(&self, ask: Ask) {
        // The worker ends only with this.
        let _ = self.asks.send(ask);
    }

    /// What was heard.
    pub fn tells(&self) -> &Receiver<Tell> {
        &self.tells
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Worker {
    client: Client,
    bases: [Url; 5],
    socket: String,
    kalshi_socket: String,
    tell: Sender<Tell>,
}

impl Worker {
    async fn run(self, mut asked: mpsc::UnboundedReceiver<Ask>) {
        let mut sockets: BTreeMap<Socket, mpsc::UnboundedSender<Secret>> = BTreeMap::new();
        while let Some(ask) = asked.recv().await {
            match ask {
                Ask::Call(call) => self.call(call),
                Ask::Open(socket) => {
                    // One that was open under this name ends, because nobody can say anything on it any more.
                    sockets.insert(socket, self.open(socket, None));
                }
                Ask::OpenSigned(socket, headers) => {
                    sockets.insert(socket, self.open(socket, Some(headers)));
                }
                Ask::Say(socket, text) => {
                    if let Some(say) = sockets.get(&socket) {
                        let _ = say.send(text);
                    }
                }
                Ask::Close(socket) => {
                    sockets.remove(&socket);
                }
            }
        }
    }

    /// Begins to open a websocket; what is to be said on it goes into what is returned.
    fn open(&self, socket: Socket, headers: Option<Headers>) -> mpsc::UnboundedSender<Secret> {
        let (say, said) = mpsc::unbounded_channel();
        let url = match socket {
            Socket::User => format!("{}/user", self.socket),
            Socket::Market(_) => format!("{}/market", self.socket),
            Socket::Kalshi => self.kalshi_socket.clone(),
        };
        match handshake(&url, headers.as_ref()) {
            Ok(request) => {
                tokio::spawn(open(socket, request, said, self.tell.clone()));
            }
            Err(why) => {
                let _ = self.tell.send(Tell::Closed(socket, why));
            }
        }
        say
    }

    fn call(&self, call: Call) {
        let base = match call.host {
            Host::Clob => &self.bases[0],
            Host::Gamma => &self.bases[1],
            Host::Data => &self.bases[2],
            Host::Kalshi => &self.bases[3],
            Host::Manifold => &self.bases[4],
        };
        let (client, tell, base) = (self.client.clone(), self.tell.clone(), base.clone());
        tokio::spawn(async move {
            let id: CallId = call.id;
            let answer = send(&client, &base, call).await;
            let _ = tell.send(Tell::Answer(id, answer));
        });
    }
}

async fn send(client: &Client, base: &Url, call: Call) -> Result<Answer, NoAnswer> {
    let not_sent = |why: String| NoAnswer::NotSent(escaped(&why));
    let url = Url::parse(&format!("{}{}", base.as_str().trim_end_matches('/'), call.target));
    let url = url.map_err(|_| not_sent("the path makes no address".to_owned()))?;
    let method = match call.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut request = client.request(method, url).timeout(Duration::from_millis(call.timeout_ms));
    for (name, value) in call.headers.iter().flat_map(|h| h.iter()) {
        let mut value = reqwest::header::HeaderValue::from_str(value).map_err(|_| not_sent("a header".to_owned()))?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    if !call.body.is_empty() {
        request = request.header("content-type", "application/json").body(call.body);
    }
    let mut response = request.send().await.map_err(|e| {
        let (never, text) = (e.is_connect() || e.is_builder(), escaped(&e.without_url().to_string()));
        if never { NoAnswer::NotSent(text) } else { NoAnswer::Lost(text) }
    })?;
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers = response.headers().iter().filter_map(|(n, v)| Some((n.as_str().to_owned(), text(v)?))).collect();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= BODY_MAX => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(NoAnswer::Lost("the answer is too long".to_owned())),
            Ok(None) => break,
            Err(e) => return Err(NoAnswer::Lost(escaped(&e.without_url().to_string()))),
        }
    }
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The request that opens a websocket. The error says nothing of the headers.
fn handshake(url: &str, headers: Option<&Headers>) -> Result<Request, String> {
    let mut request = url.into_client_request().map_err(|e| escaped(&e.to_string()))?;
    for (name, value) in headers.iter().flat_map(|h| h.iter()) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "a header has no usable name".to_owned())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| format!("the header {name} cannot be sent"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// A websocket from opening to its end.
async fn open(socket: Socket, request: Request, mut said: mpsc::UnboundedReceiver<Secret>, tell: Sender<Tell>) {
    let closed = |why: String| {
        let _ = tell.send(Tell::Closed(socket, why));
    };
    let connected = tokio::time::timeout(OPEN_TIMEOUT, tokio_tungstenite::connect_async(request)).await;
    let stream = match connected {
        Ok(Ok((stream, _))) => stream,
        Ok(Err(e)) => return closed(escaped(&e.to_string())),
        Err(_) => return closed("it did not open in time".to_owned()),
    };
    if tell.send(Tell::Opened(socket)).is_err() {
        return;
    }
    let (mut write, mut read) = stream.split();
    loop {
        tokio::select! {
            text = said.recv() => match text {
                Some(text) => {
                    if let Err(e) = write.send(Message::text(text.expose())).await {
                        return closed(escaped(&e.to_string()));
                    }
                }
                // Closed by us: nobody waits to hear of it.
                None => {
                    let _ = write.close().await;
                    return;
                }
            },
            message = read.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if tell.send(Tell::Text(socket, text.as_str().to_owned())).is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_))) | None => return closed("the venue closed it".to_owned()),
                Some(Ok(_)) => {}
                Some(Err(e)) => return closed(escaped(&e.to_string())),
            },
        }
    }
}
