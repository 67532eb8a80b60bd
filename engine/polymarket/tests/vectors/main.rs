//! Every vector that the official clients made, reproduced by name. A vector that nothing checked is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a vector that is missed fails by panicking"
)]

mod amounts;
mod auth;
mod books;
mod chain;
mod floats;
mod ledger;
mod orders;
mod whole_cents;

use ledger::Ledger;
use std::collections::BTreeSet;

/// Checks the vectors of a file.
type Check = fn(&mut Ledger);

/// Each file with the number of its vectors and what checks them.
const FILES: [(&str, usize, Check); 12] = [
    ("amounts_limit.json", 246, amounts::limit),
    ("amounts_market.json", 244, amounts::market),
    ("book_hash.json", 4, books::hashes),
    ("chain.json", 17, chain::calls_and_transactions),
    ("fees.json", 96, amounts::fees),
    ("l1_auth.json", 7, auth::l1),
    ("l2_hmac.json", 37, auth::l2),
    ("market_price.json", 40, amounts::market_price),
    ("orders_v1.json", 4, orders::v1),
    ("orders_v2.json", 79, orders::v2),
    ("orders_v3.json", 32, orders::v3),
    ("wallets.json", 2, chain::wallets),
];

/// Read by the tests of the wire types.
const SAMPLES: [&str; 2] = ["samples_rest.json", "samples_ws.json"];

#[test]
fn every_vector_is_reproduced() {
    let mut total = 0;
    for (file, count, check) in FILES {
        let mut ledger = Ledger::open(file);
        assert_eq!(ledger.vectors(), count, "{file} has another number of vectors than its table says");
        check(&mut ledger);
        ledger.close();
        total += count;
    }
    assert_eq!(total, 808);
}

#[test]
fn every_file_is_in_the_table() {
    let known: BTreeSet<String> = FILES.iter().map(|(f, ..)| *f).chain(SAMPLES).map(str::to_owned).collect();
    let names = std::fs::read_dir(ledger::folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(found, known);
}

#[test]
#[should_panic(expected = "not checked")]
fn a_vector_that_is_passed_over_is_found() {
    let mut ledger = Ledger::open("wallets.json");
    ledger.each("vectors", |_, index| index == 0);
    ledger.close();
}
