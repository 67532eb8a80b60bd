//! Connections: HTTP requests and websockets, translated for the owner of the venue.

use super::admin;
use super::owner::{Ask, MESSAGES_MAX};
use crate::answer::{Answer, Request, Response};
use crate::sockets::Channel;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Bytes of a request's body.
const BODY_MAX: usize = 4 << 20;
/// A client whose answer is lost is held so long, as a dead connection would hold it.
const HELD: Duration = Duration::from_secs(120);

#[derive(Clone)]
struct Shared {
    asks: mpsc::Sender<Ask>,
    token: Arc<str>,
}

pub(super) fn router(asks: mpsc::Sender<Ask>, token: String) -> Router {
    Router::new()
        .route("/ws/market", get(|up: WebSocketUpgrade, State(s): State<Shared>| socket(up, s, Channel::Market)))
        .route("/ws/user", get(|up: WebSocketUpgrade, State(s): State<Shared>| socket(up, s, Channel::User)))
        .route("/sandbox/{what}", any(administer))
        .fallback(ask)
        .with_state(Shared { asks, token: token.into() })
}

/// The request with its whole body. `None` if that is too long or breaks off.
async fn whole(request: axum::extract::Request) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_MAX).await.ok()?;
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).ok();
    let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
    Some(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
    })
}

fn reply(response: Response) -> axum::response::Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut out = axum::response::Response::new(Body::from(response.body));
    *out.status_mut() = status;
    out.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            out.headers_mut().insert(name, value);
        }
    }
    out
}

fn gone() -> axum::response::Response {
    reply(Response::error(503, "the sandbox is stopping"))
}

async fn ask(State(shared): State<Shared>, request: axum::extract::Request) -> axum::response::Response {
    let Some(request) = whole(request).await else {
        return reply(Response::error(413, "the body is too long or incomplete"));
    };
    let (sender, answer) = oneshot::channel();
    if shared.asks.send(Ask::Http(request, sender)).await.is_err() {
        return gone();
    }
    match answer.await {
        Ok((Answer::Now(response), _)) => reply(response),
        Ok((Answer::Later { response, .. }, delay)) => {
            tokio::time::sleep(delay).await;
            reply(response)
        }
        Ok((Answer::Never(_), _)) => {
            tokio::time::sleep(HELD).await;
            reply(Response::error(504, "no answer"))
        }
        Err(_) => gone(),
    }
}

async fn administer(State(shared): State<Shared>, request: axum::extract::Request) -> axum::response::Response {
    let Some(request) = whole(request).await else {
        return reply(Response::error(413, "the body is too long or incomplete"));
    };
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if given != Some(&*shared.token) {
        return reply(Response::error(401, "send the token that was printed at the start as Authorization: Bearer"));
    }
    let order = match admin::read(&request.path, &request.body) {
        Ok(Some(order)) => order,
        Ok(None) => {
            let there =
                "there are /sandbox/step, /sandbox/faults, /sandbox/settings, /sandbox/market and /sandbox/state";
            return reply(Response::error(404, there));
        }
        Err(e) => return reply(Response::error(400, &e.to_string())),
    };
    let (sender, answer) = oneshot::channel();
    if shared.asks.send(Ask::Admin(order, sender)).await.is_err() {
        return gone();
    }
    match answer.await {
        Ok((status, body)) => reply(Response { status, headers: Vec::new(), body: json!(body).to_string() }),
        Err(_) => gone(),
    }
}

async fn socket(upgrade: WebSocketUpgrade, shared: Shared, channel: Channel) -> axum::response::Response {
    upgrade.on_upgrade(move |socket| talk(socket, shared.asks, channel)).into_response()
}

/// One websocket, until either side ends it.
async fn talk(mut socket: WebSocket, asks: mpsc::Sender<Ask>, channel: Channel) {
    let (sender, mut texts) = mpsc::channel(MESSAGES_MAX);
    let (opened, session) = oneshot::channel();
    if asks.send(Ask::Open(channel, sender, opened)).await.is_err() {
        return;
    }
    let Ok(session) = session.await else { return };
    loop {
        tokio::select! {
            text = texts.recv() => match text {
                Some(text) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if asks.send(Ask::Text(session, text.to_string())).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    // The venue may be gone already.
    _ = asks.send(Ask::Close(session)).await;
}
