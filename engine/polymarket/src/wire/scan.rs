//! A small reader of JSON text, for the market channel: it borrows, copies nothing, and takes fields in any order.

use super::error::{Problem, WireError};
use std::borrow::Cow;

/// Objects and arrays in each other; the venue's are four deep.
const DEPTH_MAX: u32 = 64;

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

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn wrong<T>(&self) -> Result<T, WireError> {
        Err(WireError::Json(self.at))
    }

    /// The next byte that is not white space, which stays.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `expected`, after white space, if it is next.
    fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, expected: u8) -> Result<(), WireError> {
        if self.take(expected) { Ok(()) } else { self.wrong() }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), WireError> {
        if self.peek().is_none() { Ok(()) } else { self.wrong() }
    }

    /// A string's text between its quotes, escapes left as they are.
    pub(super) fn text(&mut self) -> Result<&'a str, WireError> {
        self.expect(b'"')?;
        let from = self.at;
        let bytes = self.text.as_bytes();
        loop {
            while let Some(next) = bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
                let plain = plain_bytes(u64::from_le_bytes(*next));
                self.at += plain;
                if plain < 8 {
                    break;
                }
            }
            match bytes.get(self.at) {
                Some(b'"') => break,
                // What is escaped is looked at when the text is needed; a quote behind a backslash does not end it.
                Some(b'\\') if bytes.len() > self.at + 1 => self.at += 2,
                Some(0x20..) if bytes[self.at] != b'\\' => self.at += 1,
                _ => return self.wrong(),
            }
        }
        // Both ends are beside quotes, which are one byte.
        let text = self.text.get(from..self.at).ok_or(WireError::Json(self.at))?;
        self.at += 1;
        Ok(text)
    }

    /// Calls `each` with every key, which must take its value.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&'a str, &mut Self) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = {
                self.peek();
                self.text()?
            };
            self.expect(b':')?;
            each(key, self)?;
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Calls `each` at every element, which it must take.
    pub(super) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Result<(), WireError>) -> Result<(), WireError> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            each(self)?;
            if !self.take(b',') {
                return self.expect(b']');
            }
        }
    }

    /// Any value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, WireError> {
        match self.peek() {
            Some(b'"') => self.text().map(Value::Text),
            Some(b'{' | b'[') => {
                let from = self.at;
                self.skip(DEPTH_MAX)?;
                self.text.get(from..self.at).map(Value::Nested).ok_or(WireError::Json(from))
            }
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => {
                let from = self.at;
                while let Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') = self.byte() {
                    self.at += 1;
                }
                self.text.get(from..self.at).map(Value::Number).ok_or(WireError::Json(from))
            }
            _ => self.wrong(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, WireError> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(value)
        } else {
            self.wrong()
        }
    }

    /// Past any value, objects and arrays at most `depth` deep.
    fn skip(&mut self, depth: u32) -> Result<(), WireError> {
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
            Ok(())
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

        /// What serde_json refuses as JSON may pass here only where numbers or escapes are wrong; what it takes passes.
        #[test]
        fn takes_all_json(text in r#"[\[\]{}:,"a1\\ ntrue.-]{0,24}"#) {
            let ours = { let mut s = Scan::new(&text); s.value().and_then(|v| s.end().map(|()| v)) };
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(ours.is_ok(), "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            _ = Scan::new(&text).value();
        }
    }
}
