//! What goes over the socket: one line of JSON each way.
//!
//! JSON rather than bincode: these bytes come from another process, so they are input from outside, and a line can be
//! read by a person, typed into `socat` and refused field by field. The longest request is under 1 KiB, and parsing it
//! takes microseconds beside the disk sync of the day's sum.

use crate::request::{SigningDomainRequest, TxRequest};
use polymarket::{Address, Order};
use schemas::Bytes32;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, ErrorKind, Read, Write};

/// Longest line, bytes, its end included.
pub(crate) const LINE_MAX: usize = 16 * 1024;

/// A request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Ask {
    /// Whose key is it?
    Address {},
    /// Sign an order.
    Order {
        /// All of it.
        order: Order,
        /// For which exchange.
        domain: SigningDomainRequest,
    },
    /// Sign a login.
    Login {
        /// Its time, Unix seconds.
        timestamp_s: u64,
        /// Which of the wallet's API keys.
        nonce: u64,
    },
    /// Sign a transaction.
    Transaction(TxRequest),
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    /// The key's account.
    Address(Address),
    /// A signature, hex.
    Signature(String),
    /// A signed transaction.
    Transaction {
        /// Hex.
        raw: String,
        /// Its hash.
        hash: Bytes32,
    },
    /// The policy forbids it.
    Refused {
        /// The rule's name.
        rule: String,
        /// In words.
        why: String,
    },
    /// Something broke.
    Failed {
        /// In words.
        why: String,
    },
}

/// Reads one line into `line`, without its end. `false` at the end of the stream.
pub(crate) fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    from.take(LINE_MAX as u64).read_until(b'\n', line)?;
    match line.pop() {
        None => Ok(false),
        Some(b'\n') => Ok(true),
        Some(_) if line.len() + 1 == LINE_MAX => Err(io::Error::new(ErrorKind::InvalidData, "a line is too long")),
        Some(_) => Err(io::Error::new(ErrorKind::UnexpectedEof, "the stream ends within a line")),
    }
}

/// Writes one line.
pub(crate) fn write_line(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn lines_have_an_end_and_a_length() {
        let mut line = Vec::new();
        let mut read = |bytes: &[u8]| {
            let end = read_line(&mut BufReader::new(bytes), &mut line).map_err(|e| e.kind());
            (end, line.len())
        };
        assert_eq!(read(b""), (Ok(false), 0));
        assert_eq!(read(b"abc\ndef"), (Ok(true), 3));
        assert_eq!(read(b"abc").0, Err(ErrorKind::UnexpectedEof));
        assert_eq!(read(&[b'x'; LINE_MAX]).0, Err(ErrorKind::InvalidData));
        let mut longest = vec![b'x'; LINE_MAX - 1];
        longest.push(b'\n');
        assert_eq!(read(&longest), (Ok(true), LINE_MAX - 1));
    }

    #[test]
    fn unknown_words_are_refused() {
        for bad in
            [r#"{"digest":"00"}"#, r#"{"address":{"x":1}}"#, r#"{"login":{"timestamp_s":1,"nonce":0,"x":1}}"#, "[]"]
        {
            assert!(serde_json::from_str::<Ask>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Ask>(r#"{"address":{}}"#).is_ok());
    }
}
