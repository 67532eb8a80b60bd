//! Hashes of books.

use super::ledger::{Ledger, text};
use polymarket::wire::rest;
use polymarket::{book_hash, preimage};

pub fn hashes(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let book = vector["book"].to_string();
        assert_eq!(preimage(&book).as_deref(), Some(text(vector, "preimage")), "{i}");
        assert_eq!(book_hash(&book).as_deref(), Some(text(vector, "sha1")), "{i}");
        let mut partial = vector["book"].clone();
        partial.as_object_mut().unwrap().remove("tick_size");
        assert_eq!(book_hash(&partial.to_string()), None, "{i}: without a field there is nothing to compare");
        true
    });
}

/// Books that the venue itself hashed, full depth, as recorded in May and June 2026.
#[test]
fn recorded_books_carry_the_hash() {
    let folder = super::ledger::folder().join("../polymarket-gamma");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let single = read("hugompt_clob_book.json");
    assert_eq!(rest::book(&single).unwrap().hash_matches(), Some(true));
    let many = read("fed-decision-june_clob-books.json");
    let books = rest::books(&many).unwrap();
    assert_eq!(books.len(), 10);
    for book in books {
        let book = book.unwrap();
        assert_eq!(book.hash_matches(), Some(true), "{}", book.token);
        let other = book.raw.replacen("\"size\": \"", "\"size\": \"1", 1);
        assert_eq!(rest::book(&other).unwrap().hash_matches(), Some(false), "another size is another book");
    }
}
