//! Logins: the bytes of the official clients, and only about now.

use super::desk::*;
use polymarket::auth::l1_verify;
use schemas::UtcNanos;
use signer::ledger::Ledger;
use signer::{LocalSigner, OrderSigner};

const NOON_S: u64 = 1_795_521_600;

#[test]
fn signed_as_the_venue_checks_them() {
    let signature = local(policy()).sign_l1(NOON_S, 3).unwrap();
    l1_verify(137, &owner(), NOON_S, 3, &signature).unwrap();
    assert!(l1_verify(137, &owner(), NOON_S, 4, &signature).is_err());
}

#[test]
fn only_within_five_minutes() {
    for (timestamp, good) in [
        (NOON_S - 300, true),
        (NOON_S + 300, true),
        (NOON_S - 301, false),
        (NOON_S + 301, false),
        (0, false),
        (u64::MAX, false),
    ] {
        let result = local(policy()).sign_l1(timestamp, 0);
        assert_eq!(result.as_ref().err().and_then(|e| e.rule()), (!good).then_some("login_time"), "{timestamp}");
    }
    // A clock that knows no better than 1677.
    let signer = LocalSigner::new(key(), policy(), Ledger::volatile(), || UtcNanos(i64::MIN));
    assert!(signer.sign_l1(NOON_S, 0).is_err());
}

#[test]
fn or_not_at_all() {
    let mut none = policy();
    none.logins = false;
    assert_eq!(local(none).sign_l1(NOON_S, 0).unwrap_err().rule(), Some("login"));
}
