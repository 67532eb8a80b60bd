//! Price changes in the very form in which the venue writes them. They are nearly all that the channel says, and reading
//! what is expected costs a small part of finding out what is there.

use super::{PriceChange, PriceChanges};
use crate::number;
use crate::wire::field;
use schemas::{Side, Size};

/// Digits of a token id: 2^256 has 78, and one of a thousand ids has fewer than 76. The shortest is tried first: behind it
/// stand quotes of the next field.
const TOKEN_LENS: [usize; 3] = [76, 77, 78];
/// Characters of a condition id, with `0x`, and of a hash.
const CONDITION_LEN: usize = 66;
const HASH_LEN: usize = 40;

/// Reads a frame that is one message of price changes as the venue's own encoder writes it: these fields in this order,
/// nothing between them, nothing missing, ids of the usual lengths. `None` for every other frame, and for one in which
/// anything is wrong: the reader of all frames then tells what it is. What this one reads, that one reads the same.
pub(super) fn price_changes(frame: &str) -> Option<PriceChanges<'_>> {
    let mut rest = Rest(frame);
    rest.literally(br#"{"market":""#)?;
    let market = field::condition(rest.until_quote(CONDITION_LEN)?)?;
    rest.literally(br#"","price_changes":["#)?;
    // One order changes a level of each outcome.
    let mut changes = Vec::with_capacity(2);
    loop {
        changes.push(change(&mut rest)?);
        if rest.literally(b",").is_none() {
            break;
        }
    }
    rest.literally(br#"],"timestamp":""#)?;
    let digits = rest.0.bytes().take_while(u8::is_ascii_digit).count();
    let time = field::time(rest.until_quote(digits)?).ok()?;
    rest.literally(br#"","event_type":"price_change"}"#)?;
    rest.0.is_empty().then_some(PriceChanges { market, time, changes })
}

#[inline]
fn change<'a>(rest: &mut Rest<'a>) -> Option<PriceChange<'a>> {
    rest.literally(br#"{"asset_id":""#)?;
    let token = TOKEN_LENS.iter().find_map(|len| rest.until_quote(*len));
    let token = crate::token::from_decimal(token?)?;
    rest.literally(br#"","price":""#)?;
    let price = field::level_price_of(rest.amount()?).ok()?;
    rest.literally(br#"","size":""#)?;
    let size = Size(rest.amount()?);
    rest.literally(br#"","side":""#)?;
    let side = match rest.literally(b"BUY") {
        Some(()) => Side::Buy,
        None => rest.literally(b"SELL").map(|()| Side::Sell)?,
    };
    rest.literally(br#"","hash":""#)?;
    let hash = rest.until_quote(HASH_LEN)?;
    // Neither a quote nor an escape is among them.
    if !hash.bytes().fold(true, |all, digit| all & digit.is_ascii_hexdigit()) {
        return None;
    }
    rest.literally(br#"","best_bid":""#)?;
    let best_bid = field::price_of(rest.amount()?).ok()?;
    rest.literally(br#"","best_ask":""#)?;
    let best_ask = field::price_of(rest.amount()?).ok()?;
    rest.literally(br#""}"#)?;
    Some(PriceChange { token, price, size, side, hash, best_bid: Some(best_bid), best_ask: Some(best_ask) })
}

/// What is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Takes exactly these bytes, if they are next. They must be ASCII.
    #[inline(always)]
    fn literally<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        if self.0.as_bytes().first_chunk::<N>()? != expected {
            return None;
        }
        self.0 = self.0.get(N..)?;
        Some(())
    }

    /// Takes so many bytes, if a quote follows. They may be anything: whoever reads them must refuse quotes and escapes.
    #[inline(always)]
    fn until_quote(&mut self, len: usize) -> Option<&'a str> {
        if *self.0.as_bytes().get(len)? != b'"' {
            return None;
        }
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(text)
    }

    /// Takes a plain amount, in millionths. What follows it is left.
    #[inline(always)]
    fn amount(&mut self) -> Option<i64> {
        let (micro, len) = number::plain_before_quote(self.0.as_bytes())?;
        self.0 = self.0.get(len..)?;
        Some(micro)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Frame, decode};
    use super::*;
    use proptest::prelude::*;

    /// As the venue writes it.
    const FRAME: &str = concat!(
        r#"{"market":"0x5f65177b394277fd294cd75650044e32ba009a95022d88a0c1d565897d72f8f1","price_changes":["#,
        r#"{"asset_id":"71321045679252212594626385532706912750332728571942532289631379312455583992563","price":"0.5","#,
        r#""size":"200","side":"BUY","hash":"56621a121a47ed9333273e21c83b660cff37ae50","best_bid":"0.5","#,
        r#""best_ask":"1"},"#,
        r#"{"asset_id":"52114319501245915516055106046884209969926127482827954674443846427813813222426","price":"0.5","#,
        r#""size":"0","side":"SELL","hash":"1895759e4df7a796bf4f1c5a5950b748306923e2","best_bid":"0","#,
        r#""best_ask":"0.5"}],"timestamp":"1757908892351","event_type":"price_change"}"#,
    );

    /// What is read here is read the same there. Whether it was.
    fn agree(frame: &str) -> Result<bool, TestCaseError> {
        let Some(read) = price_changes(frame) else { return Ok(false) };
        prop_assert_eq!(decode::any(frame), Ok(Frame::Messages(vec![Ok(Event::PriceChange(read))])), "{}", frame);
        Ok(true)
    }

    #[test]
    fn ids_of_all_usual_lengths_are_read() -> Result<(), TestCaseError> {
        for digits in ["1", "10", "100"] {
            let id = format!("{digits}{}", "7".repeat(75));
            let frame =
                FRAME.replace("71321045679252212594626385532706912750332728571942532289631379312455583992563", &id);
            assert!(agree(&frame)?, "{id}");
        }
        Ok(())
    }

    #[test]
    fn the_venues_own_form_is_read() -> Result<(), TestCaseError> {
        assert!(agree(FRAME)?);
        let second = |read: PriceChanges<'_>| read.changes.get(1).map(|c| (c.side, c.best_ask));
        assert_eq!(price_changes(FRAME).and_then(second), Some((Side::Sell, field::price("0.5").ok())));
        Ok(())
    }

    /// Every byte replaced, left out, doubled; every cut.
    #[test]
    fn frames_that_are_a_little_wrong() -> Result<(), TestCaseError> {
        let (mut read, mut passed_on) = (0, 0);
        let mut see = |frame: String| -> Result<(), TestCaseError> {
            if agree(&frame)? {
                read += 1
            } else {
                passed_on += 1
            }
            Ok(())
        };
        for at in 0..FRAME.len() {
            let (before, after) = (&FRAME[..at], &FRAME[at + 1..]);
            see(before.to_owned())?;
            see(format!("{before}{after}"))?;
            see(format!("{before}{}{}", &FRAME[at..=at], &FRAME[at..]))?;
            for other in
                ['"', '\\', ' ', '\n', '\u{1}', '0', '1', '9', '.', '-', 'e', 'x', ',', ':', '{', '}', '[', ']', 'é']
            {
                see(format!("{before}{other}{after}"))?;
            }
        }
        assert!(read > 500 && passed_on > 10_000, "{read} {passed_on}");
        Ok(())
    }

    proptest! {
        #[test]
        fn values_of_every_kind(
            texts in prop::collection::vec(r#"[0-9]{0,3}[.]?[0-9]{0,8}|0x[0-9a-f]{62,64}|[0-9]{70,79}|BUY|sell|[ -~]{0,50}|.{0,9}"#, 1..4),
            ats in prop::collection::vec(0usize..16, 4),
        ) {
            // Whole values: the parts between the quotes that stand behind a colon.
            let mut parts: Vec<&str> = FRAME.split('"').collect();
            let values: Vec<usize> = (1..parts.len()).filter(|i| parts[i - 1].ends_with(':')).collect();
            for (text, at) in texts.iter().zip(&ats) {
                parts[values[at % values.len()]] = text;
            }
            agree(&parts.join("\""))?;
        }

        #[test]
        fn real_amounts(price in 0i64..1_100_000, size: u32, best in 0i64..1_100_000, buys: bool) {
            let texts = [schemas::Price(price).to_string(), schemas::Size(i64::from(size)).to_string()];
            let best = schemas::Price(best).to_string();
            let frame = FRAME
                .replace(r#""price":"0.5""#, &format!(r#""price":"{}""#, texts[0]))
                .replace(r#""size":"200""#, &format!(r#""size":"{}""#, texts[1]))
                .replace(r#""best_bid":"0.5""#, &format!(r#""best_bid":"{best}""#))
                .replace("BUY", if buys { "BUY" } else { "SELL" });
            let fits = (1..1_000_000).contains(&price) && best.parse::<schemas::Price>().is_ok_and(|p| p.0 <= 1_000_000);
            prop_assert_eq!(agree(&frame)?, fits);
        }
    }
}
