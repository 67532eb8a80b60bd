//! A small reader of JSON text, for the market channel: it borrows, copies nothing, and takes fields in any order.

use super::error::{Problem, WireError};
use std::borrow::Cow;

/// Objects and arrays in each other; the venue's are four deep.
const DEPTH_MAX: u32 = 64;

/// The text is not JSON at this byte. Small, so that what succeeds is returned in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken(usize);

impl From<Broken> for WireError {
    fn from(broken: Broken) -> Self {
        Self::Json(broken.0)
    }
}

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A value, as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Between its quotes, escapes and all.
    Text(&'a str),
    /// A number's own text.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object or array.
    Nested(&'a str),
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn wrong<T>(&self) -> Result<T, Broken> {
        Err(Broken(self.at))
    }

    /// The next byte that is not white space, which stays.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `expected`, after white space, if it is next.
    #[inline]
    fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn expect(&mut self, expected: u8) -> Result<(), Broken> {
        if self.take(expected) { Ok(()) } else { self.wrong() }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if self.peek().is_none() { Ok(()) } else { self.wrong() }
    }

    /// A string's text between its quotes, escapes left as they are.
    pub(super) fn text(&mut self) -> Result<&'a str, Broken> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            while let Some(next) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                let plain = plain_bytes(u64::from_le_bytes(*next));
                at += plain;
                if plain < 8 {
                    break;
                }
                // Hashes and ids are long; short texts never come here.
                while let Some(wide) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
                    if wide.iter().fold(false, |any, b| any | (*b == b'"') | (*b == b'\\') | (*b < 0x20)) {
                        break;
                    }
                    at += 16;
                }
            }
            match bytes.get(at) {
                Some(b'"') => break,
                // What is escaped is looked at when the text is needed; a quote behind a backslash does not end it.
                Some(b'\\') => at += escape_len(bytes.get(at + 1..).unwrap_or_default()).ok_or(Broken(at))?,
                Some(byte) if *byte >= 0x20 => at += 1,
                _ => return Err(Broken(at)),
            }
        }
        // Both ends are beside quotes, which are one byte.
        let text = self.text.get(self.at..at).ok_or(Broken(at))?;
        self.at = at + 1;
        Ok(text)
    }

    /// Calls `each` with every key, which must take its value.
    #[inline]
    pub(super) fn object<E: From<Broken>>(
        &mut self,
        mut each: impl FnMut(&'a str, &mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.text()?;
            self.expect(b':')?;
            each(key, self)?;
            if !self.take(b',') {
                return self.expect(b'}').map_err(E::from);
            }
        }
    }

    /// Calls `each` at every element, which it must take.
    #[inline]
    pub(super) fn array<E: From<Broken>>(&mut self, mut each: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            each(self)?;
            if !self.take(b',') {
                return self.expect(b']').map_err(E::from);
            }
        }
    }

    /// Any value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Broken> {
        match self.peek() {
            Some(b'"') => self.text().map(Value::Text),
            Some(b'{' | b'[') => {
                let from = self.at;
                self.skip(DEPTH_MAX)?;
                self.text.get(from..self.at).map(Value::Nested).ok_or(Broken(from))
            }
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.wrong(),
        }
    }

    /// A number, by JSON's own grammar.
    #[inline(never)]
    fn number(&mut self) -> Result<Value<'a>, Broken> {
        let from = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        self.text.get(from..self.at).map(Value::Number).ok_or(Broken(from))
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Broken> {
        let from = self.at;
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > from { Ok(()) } else { self.wrong() }
    }

    #[inline(never)]
    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Broken> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(value)
        } else {
            self.wrong()
        }
    }

    /// Past any value, objects and arrays at most `depth` deep.
    fn skip(&mut self, depth: u32) -> Result<(), Broken> {
        let Some(deeper) = depth.checked_sub(1) else {
            return self.wrong();
        };
        match self.peek() {
            Some(b'{') => self.object(|_, inside| inside.skip(deeper)),
            Some(b'[') => self.array(|inside| inside.skip(deeper)),
            _ => self.value().map(|_| ()),
        }
    }
}

/// The length of an escape with its backslash, of which `rest` is what follows.
#[cold]
#[inline(never)]
fn escape_len(rest: &[u8]) -> Option<usize> {
    match rest.split_first()? {
        (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', _) => Some(2),
        (b'u', hex) => hex.first_chunk::<4>()?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// How many of eight bytes, from the lowest, come before a quote, a backslash or a control character.
fn plain_bytes(bytes: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // Marks the top bit of bytes that are zero, and perhaps of some above the lowest that is; never below it.
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & TOPS;
    let quote = zero(bytes ^ (ONES * b'"' as u64));
    let backslash = zero(bytes ^ (ONES * b'\\' as u64));
    let control = bytes.wrapping_sub(ONES * 0x20) & !bytes & TOPS;
    ((quote | backslash | control).trailing_zeros() / 8) as usize
}

impl<'a> Value<'a> {
    /// The text of a number, whether it is written as one or as text. `None` for null and for an empty text.
    pub(super) fn number(self) -> Result<Option<&'a str>, Problem> {
        match self {
            Self::Text("") | Self::Null => Ok(None),
            Self::Text(text) | Self::Number(text) => Ok(Some(text)),
            Self::Bool(_) | Self::Nested(_) => Err(Problem::Type),
        }
    }

    /// A text without its escapes.
    pub(super) fn string(self) -> Result<Cow<'a, str>, Problem> {
        match self {
            Self::Text(text) if !text.contains('\\') => Ok(Cow::Borrowed(text)),
            Self::Text(text) => {
                let quoted = format!("\"{text}\"");
                serde_json::from_str(&quoted).map(Cow::Owned).map_err(|_| Problem::Type)
            }
            Self::Number(text) => Ok(Cow::Borrowed(text)),
            _ => Err(Problem::Type),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_every_kind() {
        let mut scan = Scan::new(r#" {"a" : "x\"y", "b":[1,-2.5e3,{"c":null}],"d":true} "#);
        let mut found = Vec::new();
        scan.object(|key, scan| {
            found.push((key, scan.value()?));
            Ok::<(), Broken>(())
        })
        .unwrap();
        scan.end().unwrap();
        let expected =
            [("a", Value::Text(r#"x\"y"#)), ("b", Value::Nested("[1,-2.5e3,{\"c\":null}]")), ("d", Value::Bool(true))];
        assert_eq!(found, expected);
        assert_eq!(found[0].1.string().unwrap(), "x\"y");
        let deep = "[".repeat(10_000);
        assert!(Scan::new(&deep).value().is_err());
        assert!(Scan::new("\"a\nb\"").value().is_err(), "raw control characters are not JSON");
    }

    proptest! {
        #[test]
        fn eight_bytes_at_once(bytes: [u8; 8], at in 0usize..9, special in prop::sample::select(vec![b'"', b'\\', 0, 9, 0x1f])) {
            let mut bytes = bytes;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = special;
            }
            let plain = |b: &u8| *b >= 0x20 && *b != b'"' && *b != b'\\';
            let expected = bytes.iter().take_while(|b| plain(b)).count();
            prop_assert_eq!(plain_bytes(u64::from_le_bytes(bytes)), expected);
        }

        /// By grammar alone, as `RawValue` reads it.
        #[test]
        fn takes_all_json_and_nothing_else(text in r#"[\[\]{}:,"a1\\ ntrue.-]{0,24}|[0-9.eE+-]{1,8}"#) {
            let ours = { let mut s = Scan::new(&text); s.value().and_then(|v| s.end().map(|()| v)) };
            prop_assert_eq!(ours.is_ok(), serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            _ = Scan::new(&text).value();
        }
    }
}
