//! Rows of numbers and words, comma-separated, one a line. The columns hold no text that could contain a comma or a
//! line end, so a stray quote in a damaged row stays the trouble of that row: it cannot swallow the rows after it.

use super::field;

/// The fields of a row, trimmed and without quotes around them.
pub(super) fn fields<const N: usize>(line: &[u8]) -> Result<[&str; N], String> {
    let text = field::utf8(line)?;
    let mut out = [""; N];
    let mut parts = text.split(',');
    for slot in &mut out {
        let Some(part) = parts.next() else { return Err(wrong_count(text, N)) };
        *slot = bare(part);
    }
    if parts.next().is_some() { Err(wrong_count(text, N)) } else { Ok(out) }
}

fn wrong_count(text: &str, expected: usize) -> String {
    format!("expected {expected} fields, found {}: {}", text.split(',').count(), field::shown(text))
}

fn bare(part: &str) -> &str {
    let part = part.trim();
    part.strip_prefix('"').and_then(|p| p.strip_suffix('"')).unwrap_or(part)
}

/// Whether a first line names exactly these columns.
pub(super) fn is_header(line: &[u8], columns: &str) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    text.split(',').map(bare).eq(columns.split(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_and_counted() {
        assert_eq!(fields::<3>(b"1, 2 ,\"x\"").unwrap(), ["1", "2", "x"]);
        assert_eq!(fields::<2>(b",").unwrap(), ["", ""]);
        assert!(fields::<3>(b"1,2").unwrap_err().contains("expected 3 fields, found 2"));
        assert!(fields::<1>(b"1,2").is_err());
        assert!(fields::<1>(b"\xff").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn headers_match_whole() {
        assert!(is_header(b"\"seq\", ts_ms", "seq,ts_ms"));
        assert!(!is_header(b"seq,ts_ms,x", "seq,ts_ms") && !is_header(b"seq", "seq,ts_ms"));
    }
}
