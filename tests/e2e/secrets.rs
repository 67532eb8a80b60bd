//! Looking for secrets where none may be.

use super::purse::{KEY, PASSWORD};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Every form in which a secret could be written down.
pub fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let mut forms = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    // In a longer text, base64 begins at any of three places; what depends on neighbours is left out.
    for shift in 0..3 {
        let padded = [vec![0; shift], secret.to_vec()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&padded);
            forms.push(text.as_bytes()[(shift * 8).div_ceil(6)..text.len() - 2].to_vec());
        }
    }
    forms
}

/// The purse's key and its password, in every form.
pub fn secrets() -> Vec<Vec<u8>> {
    let key = polymarket::from_hex(KEY).unwrap();
    [&key[..], KEY.as_bytes(), PASSWORD.as_bytes()].iter().flat_map(|s| forms(s)).collect()
}

/// Fails if one of the secrets is in `bytes`.
pub fn assert_clean(what: &str, bytes: &[u8], secrets: &[Vec<u8>]) {
    for secret in secrets {
        let found = memchr::memmem::find(bytes, secret);
        assert!(found.is_none(), "{what} holds a secret as {:?}", String::from_utf8_lossy(secret));
    }
}

/// Fails if a secret is in what a running process was started with or has in its memory, which is what a core file would
/// hold. Its memory may be shut to us, as it should be to every other process of the same user.
pub fn assert_process_clean(pid: u32, secrets: &[Vec<u8>]) {
    let proc = Path::new("/proc").join(pid.to_string());
    let closed = |e: std::io::Error| assert_eq!(e.kind(), std::io::ErrorKind::PermissionDenied, "{e}");
    for name in ["environ", "cmdline"] {
        match fs::read(proc.join(name)) {
            Ok(bytes) => assert_clean(name, &bytes, secrets),
            Err(e) => closed(e),
        }
    }
    let limits = fs::read_to_string(proc.join("limits")).unwrap();
    let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|w| *w == "0").count(), 2, "{core}");
    let mut memory = match fs::File::open(proc.join("mem")) {
        Ok(memory) => memory,
        Err(e) => return closed(e),
    };
    let mut looked_at = 0;
    for line in fs::read_to_string(proc.join("maps")).unwrap().lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|n| u64::from_str_radix(n, 16).unwrap());
        // What only shows a file is read as a file.
        if !rest.starts_with('r') || (rest.contains(" /") && !rest.starts_with("rw-p")) || rest.contains("[v") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.seek(SeekFrom::Start(from)).unwrap();
        // The process goes on, and gives memory back meanwhile.
        let Ok(()) = memory.read_exact(&mut bytes) else { continue };
        assert_clean(&format!("memory at {range}"), &bytes, secrets);
        looked_at += bytes.len();
    }
    assert!(looked_at > 1_000_000, "{looked_at} bytes of memory");
}
