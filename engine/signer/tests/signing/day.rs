//! The limits of a day: over requests, restarts, clocks and failing disks.

use super::desk::*;
use polymarket::SignatureType;
use schemas::{Side, UtcNanos};
use signer::ledger::Ledger;
use signer::{LocalSigner, OrderSigner, SignError};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

fn on_disk(path: &Path) -> LocalSigner {
    LocalSigner::new(key(), policy(), Ledger::open(path).unwrap(), noon)
}

fn rule(result: Result<Vec<u8>, SignError>) -> Option<String> {
    result.err().map(|e| e.rule().unwrap_or_else(|| panic!("{e}")).to_owned())
}

#[test]
fn sums_end_at_the_limit_and_survive_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signed");
    for _ in 0..6 {
        on_disk(&path).sign_order(&buy(), &STANDARD).unwrap();
    }
    let signer = on_disk(&path);
    let smallest = order(SignatureType::Eoa, Side::Buy, 1, 2);
    assert_eq!(rule(signer.sign_order(&smallest, &STANDARD)).as_deref(), Some("day_dollars"));
    // What sells has a limit of its own: buying much must not lock a position in.
    for _ in 0..12 {
        signer.sign_order(&sell(), &STANDARD).unwrap();
    }
    assert_eq!(rule(signer.sign_order(&sell(), &STANDARD)).as_deref(), Some("day_shares"));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "alpha-arena signed 1\nday 20781\nspent 60000000\nsold 240000000\nsent 0\n");
}

#[test]
fn a_refused_request_counts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signed");
    let signer = on_disk(&path);
    let before = fs::read(&path).unwrap();
    assert!(signer.sign_order(&order(SignatureType::Eoa, Side::Buy, 26 * ONE, 52 * ONE), &STANDARD).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
}

static TIME: AtomicI64 = AtomicI64::new(0);

fn movable() -> UtcNanos {
    UtcNanos(TIME.load(Ordering::SeqCst))
}

#[test]
fn a_new_day_is_free_and_an_old_one_does_not_come_back() {
    const DAY: i64 = 86_400_000_000_000;
    TIME.store(NOON.0, Ordering::SeqCst);
    let signer = LocalSigner::new(key(), policy(), Ledger::volatile(), movable);
    for _ in 0..6 {
        signer.sign_order(&buy(), &STANDARD).unwrap();
    }
    assert!(signer.sign_order(&buy(), &STANDARD).is_err());
    TIME.store(NOON.0 - DAY, Ordering::SeqCst);
    assert!(signer.sign_order(&buy(), &STANDARD).is_err(), "a clock that steps back frees nothing");
    TIME.store(NOON.0 / DAY * DAY + DAY - 1, Ordering::SeqCst);
    assert!(signer.sign_order(&buy(), &STANDARD).is_err(), "the last nanosecond is still today");
    TIME.store(NOON.0 / DAY * DAY + DAY, Ordering::SeqCst);
    signer.sign_order(&buy(), &STANDARD).unwrap();
}

#[test]
fn what_cannot_be_counted_is_not_signed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state");
    fs::create_dir(&folder).unwrap();
    let signer = on_disk(&folder.join("signed"));
    fs::remove_dir_all(&folder).unwrap();
    let error = signer.sign_order(&buy(), &STANDARD).unwrap_err();
    assert!(matches!(error, SignError::Ledger(_)), "{error}");
}

#[test]
fn requests_at_once_share_the_limit() {
    let signer = local(policy());
    let signed: usize = std::thread::scope(|scope| {
        let ask = || (0..5).filter(|_| signer.sign_order(&buy(), &STANDARD).is_ok()).count();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(signed, 6);
}
