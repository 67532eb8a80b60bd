//! A signer in another process, asked over its socket.

use crate::request::{SignedTx, SigningDomainRequest, TxRequest};
use crate::sign::{OrderSigner, SignError};
use crate::wire::{Answer, Ask, read_line, write_line};
use polymarket::{Address, Order, Signature65, from_hex};
use std::io::{self, BufReader, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// How long an answer may take: a disk sync, and whoever is asked before us.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a signer process. One connection, kept open; a broken one is made anew with the next request.
#[derive(Debug)]
pub struct RemoteSigner {
    path: PathBuf,
    address: Address,
    connection: Mutex<Option<BufReader<UnixStream>>>,
}

impl RemoteSigner {
    /// Connects to the socket at `path` and asks whose key is there.
    pub fn connect(path: &Path) -> Result<Self, SignError> {
        let mut signer = Self { path: path.to_owned(), address: Address::ZERO, connection: Mutex::new(None) };
        let (connection, address) = signer.open()?;
        signer.address = address;
        signer.connection = Mutex::new(Some(connection));
        Ok(signer)
    }

    fn open(&self) -> Result<(BufReader<UnixStream>, Address), SignError> {
        let stream = UnixStream::connect(&self.path).map_err(|e| self.unreachable(e))?;
        let timeouts =
            stream.set_read_timeout(Some(ANSWER_TIMEOUT)).and(stream.set_write_timeout(Some(ANSWER_TIMEOUT)));
        timeouts.map_err(|e| self.unreachable(e))?;
        let mut connection = BufReader::new(stream);
        match exchange(&mut connection, &Ask::Address {}).map_err(|e| self.unreachable(e))? {
            Answer::Address(address) => Ok((connection, address)),
            other => Err(self.unexpected(other)),
        }
    }

    fn ask(&self, ask: &Ask) -> Result<Answer, SignError> {
        let mut held = self.connection.lock().map_err(|_| SignError::Poisoned)?;
        if let Some(mut kept) = held.take() {
            match exchange(&mut kept, ask) {
                Ok(answer) => {
                    *held = Some(kept);
                    return Ok(answer);
                }
                // It was started again since: the new one is asked. If the old one had signed already, the request counts
                // twice in the day's sums, and no order is signed that was not asked for.
                Err(e) if is_closed(&e) => {}
                Err(e) => return Err(self.unreachable(e)),
            }
        }
        let (mut connection, address) = self.open()?;
        if address != self.address {
            let reason = format!("it has the key of {address} now, and had that of {}", self.address);
            return Err(SignError::Protocol { path: self.path.clone(), reason });
        }
        // After a failure the connection is dropped: a late answer to this request must not be taken for the next one's.
        let answer = exchange(&mut connection, ask).map_err(|e| self.unreachable(e))?;
        *held = Some(connection);
        Ok(answer)
    }

    fn unreachable(&self, source: io::Error) -> SignError {
        SignError::Unreachable { path: self.path.clone(), source }
    }

    fn unexpected(&self, answer: Answer) -> SignError {
        match answer {
            Answer::Refused { rule, why } => SignError::RefusedThere { rule: shown(&rule), why: shown(&why) },
            Answer::Failed { why } => SignError::FailedThere { why: shown(&why) },
            Answer::Address(_) => self.protocol("an address"),
            Answer::Signature(_) => self.protocol("a signature of another kind"),
            Answer::Transaction { .. } => self.protocol("a transaction"),
        }
    }

    fn protocol(&self, reason: &str) -> SignError {
        SignError::Protocol { path: self.path.clone(), reason: reason.to_owned() }
    }

    fn signature(&self, ask: &Ask) -> Result<Vec<u8>, SignError> {
        match self.ask(ask)? {
            Answer::Signature(text) => from_hex(&text).ok_or_else(|| self.protocol("a signature that is no hex")),
            other => Err(self.unexpected(other)),
        }
    }
}

/// Whether the other side of a connection is gone.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof)
}

fn exchange(connection: &mut BufReader<UnixStream>, ask: &Ask) -> io::Result<Answer> {
    write_line(connection.get_mut(), ask)?;
    let mut line = Vec::new();
    if !read_line(connection, &mut line)? {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection"));
    }
    Ok(serde_json::from_slice(&line)?)
}

/// Words of another process as they are shown.
fn shown(text: &str) -> String {
    text.chars().take(500).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

impl OrderSigner for RemoteSigner {
    fn address(&self) -> Address {
        self.address
    }

    fn sign_order(&self, order: &Order, request: &SigningDomainRequest) -> Result<Vec<u8>, SignError> {
        self.signature(&Ask::Order { order: *order, domain: *request })
    }

    fn sign_l1(&self, timestamp_s: u64, nonce: u64) -> Result<Signature65, SignError> {
        let bytes = self.signature(&Ask::Login { timestamp_s, nonce })?;
        bytes.try_into().map(Signature65).map_err(|_| self.protocol("a signature of another length"))
    }

    fn sign_tx(&self, tx: &TxRequest) -> Result<SignedTx, SignError> {
        match self.ask(&Ask::Transaction(tx.clone()))? {
            Answer::Transaction { raw, hash } => {
                let raw = from_hex(&raw).ok_or_else(|| self.protocol("a transaction that is no hex"))?;
                Ok(SignedTx { raw, hash })
            }
            other => Err(self.unexpected(other)),
        }
    }
}
