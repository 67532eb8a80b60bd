//! Names of objects. A key is a path below the target, of plain characters only: a manifest from elsewhere must not be
//! able to name a file outside of it.

use eventlog::LogId;
use schemas::Bytes32;

/// Folders below a log's own folder.
pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const MANIFESTS: &str = "manifests";

/// Whether a key stays below the target and is a file name or a path of such names.
pub(crate) fn is_safe(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    !key.is_empty() && key.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain))
}

/// Whether it is the name of a single file.
pub(crate) fn is_file_name(name: &str) -> bool {
    is_safe(name) && !name.contains('/')
}

/// A file's name with every character replaced that an object's name cannot have.
pub(crate) fn plain_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if is_file_name(&name) { name } else { format!("file_{}", name.trim_matches('.')) }
}

/// A log's id in hex, as its folder is named.
pub(crate) fn id_hex(id: &LogId) -> String {
    eventlog::hex(id)
}

/// The id in a folder's name.
pub(crate) fn id_of(folder: &str) -> Option<LogId> {
    let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if folder.len() != 32 || !folder.bytes().all(lower) {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16).map_or(0, |d| d as u8);
    let mut id = LogId::default();
    for (byte, pair) in id.iter_mut().zip(folder.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0]) << 4 | digit(pair[1]);
    }
    Some(id)
}

/// The first hex digits of a hash, to tell contents apart by name.
pub(crate) fn short(hash: &Bytes32) -> String {
    eventlog::hex(&hash.0[..8])
}

/// The events in a segment's name, which more may follow.
pub(crate) fn range_in(name: &str) -> Option<(u64, u64)> {
    let rest = name.strip_prefix("s-")?;
    let (first, last) = (rest.get(..16)?, rest.get(17..33)?);
    let hex = |digits: &str| u64::from_str_radix(digits, 16).ok();
    (rest.get(16..17)? == "-" && rest.get(33..)?.starts_with(".aas")).then_some((hex(first)?, hex(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_target() {
        for good in ["a", "segments/s-01-02.aas.age", "0123/manifests/m-1.json", "a~1"] {
            assert!(is_safe(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "a//b", "../x", "a/../b", "a/.hidden", "a b", "a\\b", "a/", "ä"] {
            assert!(!is_safe(bad), "{bad}");
        }
        assert!(is_file_name("p-0.aap") && !is_file_name("a/b"));
        for odd in ["arena.toml", ".hidden", "my file.toml", "..", "", "ä/b"] {
            assert!(is_file_name(&plain_name(odd)), "{odd}");
        }
    }

    #[test]
    fn ids_and_ranges_come_back() {
        let id: LogId = [0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff];
        assert_eq!(id_of(&id_hex(&id)), Some(id));
        for bad in ["", "ab", "zz0102030405060708090a0b0c0d0eff", "AB0102030405060708090A0B0C0D0EFF"] {
            assert_eq!(id_of(bad), None, "{bad}");
        }
        assert_eq!(range_in(&eventlog::segment::file_name(1, 300)), Some((1, 300)));
        assert_eq!(range_in("s-0000000000000001-000000000000012c.aas~2.age"), Some((1, 300)));
        for bad in ["s-1-2.aas", "p-0000000000000001-0000000000000002.aas", "s-0000000000000001-0000000000000002"] {
            assert_eq!(range_in(bad), None, "{bad}");
        }
    }
}
