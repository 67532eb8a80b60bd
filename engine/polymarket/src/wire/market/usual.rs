//! Price changes in the very form in which the venue writes them. They are nearly all that the channel says, and reading
//! what is expected costs a third of finding out what is there.

use super::{PriceChange, PriceChanges};
use crate::wire::field;
use crate::wire::scan::Scan;

/// Reads a frame that is one message of price changes as the venue's own encoder writes it: these fields in this order,
/// nothing between them, nothing missing. `None` for every other frame, and for one in which anything is wrong: the reader
/// of all frames then tells what it is. What this one reads, that one reads the same.
pub(super) fn price_changes(frame: &str) -> Option<PriceChanges<'_>> {
    let mut scan = Scan::new(frame);
    let market = field::condition(scan.text_behind(br#"{"market":"#)?)?;
    scan.literally(br#","price_changes":["#)?;
    // One order changes a level of each outcome.
    let mut changes = Vec::with_capacity(2);
    loop {
        changes.push(change(&mut scan)?);
        if scan.literally(b",").is_none() {
            break;
        }
    }
    let time = field::time(scan.text_behind(br#"],"timestamp":"#)?).ok()?;
    scan.literally(br#","event_type":"price_change"}"#)?;
    scan.end().ok()?;
    Some(PriceChanges { market, time, changes })
}

#[inline]
fn change<'a>(scan: &mut Scan<'a>) -> Option<PriceChange<'a>> {
    let change = PriceChange {
        token: field::token_id(scan.text_behind(br#"{"asset_id":"#)?)?,
        price: field::level_price(scan.text_behind(br#","price":"#)?).ok()?,
        size: field::size(scan.text_behind(br#","size":"#)?).ok()?,
        side: field::side(scan.text_behind(br#","side":"#)?).ok()?,
        hash: field::opaque(scan.text_behind(br#","hash":"#)?).ok()?,
        best_bid: Some(field::price(scan.text_behind(br#","best_bid":"#)?).ok()?),
        best_ask: Some(field::price(scan.text_behind(br#","best_ask":"#)?).ok()?),
    };
    scan.literally(b"}")?;
    Some(change)
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
    fn the_venues_own_form_is_read() {
        assert!(agree(FRAME).unwrap());
        let read = price_changes(FRAME).unwrap();
        assert_eq!(
            (read.changes.len(), read.changes[1].side, read.changes[1].best_ask),
            (2, field::side("SELL").unwrap(), field::price("0.5").ok())
        );
    }

    /// Every byte replaced, left out, doubled; every cut.
    #[test]
    fn frames_that_are_a_little_wrong() {
        let (mut read, mut passed_on) = (0, 0);
        let mut see = |frame: String| if agree(&frame).unwrap() { read += 1 } else { passed_on += 1 };
        for at in 0..FRAME.len() {
            let (before, after) = (&FRAME[..at], &FRAME[at + 1..]);
            see(before.to_owned());
            see(format!("{before}{after}"));
            see(format!("{before}{}{}", &FRAME[at..=at], &FRAME[at..]));
            for other in
                ['"', '\\', ' ', '\n', '\u{1}', '0', '1', '9', '.', '-', 'e', 'x', ',', ':', '{', '}', '[', ']', 'é']
            {
                see(format!("{before}{other}{after}"));
            }
        }
        assert!(read > 500 && passed_on > 10_000, "{read} {passed_on}");
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
