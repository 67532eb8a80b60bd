//! Mistakes in a released version that the encoding lets pass. Each is made here to the second version, as somebody
//! would who changes its types and keeps its number, and each is caught before a log is written: by the golden bytes,
//! by the fingerprint, or by both.

use super::golden::{HEAD, frame};
use super::reading::records_as;
use super::v2::{self, BOOK_CHECKED, V2};
use schemas::UtcNanos;
use schemas::frame::{FrameError, Schema, describe, encode_as, fingerprint_of};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The number of the kind that some of the mistakes add.
const ADDED: u8 = BOOK_CHECKED + 1;

/// The second version once more, with a mistake in one place.
macro_rules! mistaken_version {
    (
        $(#[$doc:meta])*
        mod $name:ident {
            quote { $($quote:ident),* }
            resolution { $($resolution:ident),* }
            behind_book_delta { $($middle:tt)* }
            at_the_end { $($end:tt)* }
        }
    ) => {
        $(#[$doc])*
        mod $name {
            use super::super::v2::{self, BOOK_CHECKED, BookDelta, MarketListed, Trade, V2};
            use schemas::event::{
                AccountEvent, AgentEvent, BookSnapshot, FeedScope, MarketChange, ModelEvent, OrderEvent, SystemEvent,
                Top,
            };
            use schemas::frame::{Schema, Stored};
            use schemas::{Bytes32, CycleId, EventKind, MarketId, Prob, Size, TokenId, UtcNanos};
            use serde::{Deserialize, Serialize};

            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
            pub struct Quote {
                pub token: TokenId,
                pub top: Top,
                $(pub $quote: Size,)*
                pub source_time: UtcNanos,
            }

            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
            #[serde(rename_all = "snake_case")]
            pub enum Resolution {
                $($resolution,)*
            }

            #[derive(Clone, Debug, PartialEq, Eq)]
            #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
            pub enum MarketEvent {
                Listed(Box<MarketListed>),
                Changed { market: MarketId, change: MarketChange },
                BookSnapshot(Box<BookSnapshot>),
                BookDelta(BookDelta),
                $($middle)*
                Trade(Trade),
                Quote(Quote),
                Resolved { market: MarketId, resolution: Resolution },
                FeedGap { scope: FeedScope, lost: u32 },
                FeedStale { scope: FeedScope },
                FeedRestored { scope: FeedScope },
                Probability { market: MarketId, probability: Prob, source_time: UtcNanos },
                BookChecked { token: TokenId, hash: Bytes32 },
                $($end)*
            }

            #[derive(Clone, Debug, PartialEq, Eq)]
            #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
            pub enum Event {
                Market(MarketEvent),
                Model(ModelEvent),
                Agent(AgentEvent),
                Order(OrderEvent),
                Account(AccountEvent),
                System(SystemEvent),
            }

            #[derive(Clone, Debug, PartialEq, Eq)]
            #[derive(Serialize, Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
            pub struct Record {
                pub time: UtcNanos,
                pub cause: u64,
                pub cycle: CycleId,
                pub event: Event,
            }

            impl Stored for Record {
                fn time(&self) -> UtcNanos {
                    self.time
                }

                #[allow(unreachable_patterns, reason = "not every mistake adds a variant")]
                fn kind_bit(&self) -> u64 {
                    let event = match self.event.clone() {
                        Event::Model(e) => v2::Event::Model(e),
                        Event::Agent(e) => v2::Event::Agent(e),
                        Event::Order(e) => v2::Event::Order(e),
                        Event::Account(e) => v2::Event::Account(e),
                        Event::System(e) => v2::Event::System(e),
                        Event::Market(e) => {
                            return match e {
                                MarketEvent::Listed(_) => EventKind::MarketListed.bit(),
                                MarketEvent::Changed { .. } => EventKind::MarketChanged.bit(),
                                MarketEvent::BookSnapshot(_) => EventKind::BookSnapshot.bit(),
                                MarketEvent::BookDelta(_) => EventKind::BookDelta.bit(),
                                MarketEvent::Trade(_) => EventKind::Trade.bit(),
                                MarketEvent::Quote(_) => EventKind::Quote.bit(),
                                MarketEvent::Resolved { .. } => EventKind::MarketResolved.bit(),
                                MarketEvent::FeedGap { .. } => EventKind::FeedGap.bit(),
                                MarketEvent::FeedStale { .. } => EventKind::FeedStale.bit(),
                                MarketEvent::FeedRestored { .. } => EventKind::FeedRestored.bit(),
                                MarketEvent::Probability { .. } => EventKind::Probability.bit(),
                                MarketEvent::BookChecked { .. } => 1 << BOOK_CHECKED,
                                _ => 1 << super::ADDED,
                            };
                        }
                    };
                    v2::Record { time: self.time, cause: self.cause, cycle: self.cycle, event }.kind_bit()
                }
            }

            pub enum Version {}

            impl Schema for Version {
                const VERSION: u16 = 2;
                type Previous = Self;
                type Record = Record;

                // The same on purpose: what the mistake changes must show without the list of kinds.
                fn kinds() -> Vec<(u8, &'static str)> {
                    V2::kinds()
                }
            }
        }
    };
}

mistaken_version! {
    /// No mistake: what the others are measured against.
    mod faithful {
        quote { bid_size, ask_size }
        resolution { Yes, No, Split }
        behind_book_delta {}
        at_the_end {}
    }
}
mistaken_version! {
    /// Two fields of one type have changed places.
    mod swapped {
        quote { ask_size, bid_size }
        resolution { Yes, No, Split }
        behind_book_delta {}
        at_the_end {}
    }
}
mistaken_version! {
    /// A field has another name, and perhaps another meaning.
    mod renamed {
        quote { bid_size, ask_depth }
        resolution { Yes, No, Split }
        behind_book_delta {}
        at_the_end {}
    }
}
mistaken_version! {
    /// A variant without content was put between others.
    mod inserted {
        quote { bid_size, ask_size }
        resolution { Yes, Disputed, No, Split }
        behind_book_delta {}
        at_the_end {}
    }
}
mistaken_version! {
    /// A whole event was put between others; no larger than they are.
    mod inserted_event {
        quote { bid_size, ask_size }
        resolution { Yes, No, Split }
        behind_book_delta { BookCrossed { token: TokenId, side: schemas::Side, by: schemas::Price }, }
        at_the_end {}
    }
}
mistaken_version! {
    /// A variant without content was put behind the others.
    mod appended {
        quote { bid_size, ask_size }
        resolution { Yes, No, Split, Disputed }
        behind_book_delta {}
        at_the_end {}
    }
}
mistaken_version! {
    /// A whole event was put behind the others; no larger than they are.
    mod appended_event {
        quote { bid_size, ask_size }
        resolution { Yes, No, Split }
        behind_book_delta {}
        at_the_end { BookCrossed { token: TokenId, side: schemas::Side, by: schemas::Price }, }
    }
}

/// The same records in other types, field by field and variant by variant by their names: what the author meant.
fn meant<R: DeserializeOwned>(records: &[v2::Record]) -> Vec<R> {
    records.iter().map(|record| by_name(record)).collect()
}

fn by_name<R: DeserializeOwned>(record: &impl Serialize) -> R {
    serde_json::from_str(&serde_json::to_string(record).unwrap()).unwrap()
}

/// Whether the golden frame's test fails in a build with these types.
fn golden_bytes_catch<S: Schema>() -> bool {
    encode_as::<S>(&HEAD, &meant(&v2::samples())).unwrap().0 != frame()
}

/// Whether the test of the frozen fingerprint fails, and a file with the real version's fingerprint is refused.
fn fingerprint_catches<S: Schema>() -> bool {
    fingerprint_of::<S>() != fingerprint_of::<V2>()
}

/// Whether only the text of the types tells the two apart, not the size of a record.
fn same_size<S: Schema>() -> bool {
    let line = |text: String| text.lines().nth(1).unwrap().to_owned();
    line(describe::<S>()) == line(describe::<V2>())
}

#[test]
fn without_a_mistake_nothing_is_caught() {
    assert!(!golden_bytes_catch::<faithful::Version>());
    assert!(!fingerprint_catches::<faithful::Version>());
    let read = records_as::<faithful::Version>(&frame()).unwrap();
    assert_eq!(read, meant::<faithful::Record>(&v2::samples()));
}

#[test]
fn swapped_fields_are_read_in_silence_and_caught_twice() {
    let read = records_as::<swapped::Version>(&frame()).expect("the decoder sees nothing wrong");
    let meant = meant::<swapped::Record>(&v2::samples());
    let differ: Vec<_> = read.iter().zip(&meant).filter(|(read, meant)| read != meant).collect();
    let [(read, meant)] = differ[..] else { panic!("one sample is a quote") };
    let sizes = |record: &swapped::Record| match &record.event {
        swapped::Event::Market(swapped::MarketEvent::Quote(q)) => (q.bid_size, q.ask_size),
        other => panic!("not a quote: {other:?}"),
    };
    let (bid, ask) = sizes(meant);
    assert_eq!(sizes(read), (ask, bid), "the wrong side of every quote");
    assert!(golden_bytes_catch::<swapped::Version>() && same_size::<swapped::Version>());
    assert!(fingerprint_catches::<swapped::Version>());
}

#[test]
fn an_inserted_variant_is_read_in_silence_and_caught_twice() {
    let mut read = records_as::<inserted::Version>(&frame()).expect("the decoder sees nothing wrong");
    let resolutions = |records: &mut Vec<inserted::Record>| -> Vec<inserted::Resolution> {
        let of = |record: inserted::Record| match record.event {
            inserted::Event::Market(inserted::MarketEvent::Resolved { resolution, .. }) => Some(resolution),
            _ => None,
        };
        records.drain(..).filter_map(of).collect()
    };
    use inserted::Resolution::{Disputed, No, Split, Yes};
    assert_eq!(resolutions(&mut meant(&v2::samples())), [Yes, No, Split]);
    assert_eq!(resolutions(&mut read), [Yes, Disputed, No], "markets that ended otherwise");
    assert!(golden_bytes_catch::<inserted::Version>() && same_size::<inserted::Version>());
    assert!(fingerprint_catches::<inserted::Version>());
}

#[test]
fn an_inserted_event_is_caught_by_the_header_too() {
    // Each event behind it is taken for the one before, and the kinds are then not those in the header.
    let refused = records_as::<inserted_event::Version>(&frame()).unwrap_err();
    assert!(matches!(refused, FrameError::Undecodable { .. }), "{refused}");
    assert!(golden_bytes_catch::<inserted_event::Version>() && same_size::<inserted_event::Version>());
    assert!(fingerprint_catches::<inserted_event::Version>());
}

#[test]
fn an_appended_variant_passes_the_golden_bytes_and_is_caught_by_the_fingerprint() {
    assert!(!golden_bytes_catch::<appended::Version>() && same_size::<appended::Version>());
    assert!(!golden_bytes_catch::<appended_event::Version>() && same_size::<appended_event::Version>());
    assert!(fingerprint_catches::<appended::Version>());
    assert!(fingerprint_catches::<appended_event::Version>());
    let read = records_as::<appended::Version>(&frame()).unwrap();
    assert_eq!(read, meant::<appended::Record>(&v2::samples()));
}

#[test]
fn a_renamed_field_passes_the_golden_bytes_and_is_caught_by_the_fingerprint() {
    let read = records_as::<renamed::Version>(&frame()).unwrap();
    assert_eq!(encode_as::<renamed::Version>(&HEAD, &read).unwrap().0, frame(), "byte for byte the same");
    assert!(fingerprint_catches::<renamed::Version>() && same_size::<renamed::Version>());
}

#[test]
fn what_only_the_mistaken_version_can_say_is_refused_by_the_real_one() {
    let time = UtcNanos(1);
    let disputed =
        appended::MarketEvent::Resolved { market: schemas::MarketId(1), resolution: appended::Resolution::Disputed };
    let record =
        appended::Record { time, cause: 0, cycle: Default::default(), event: appended::Event::Market(disputed) };
    let (mistaken, _) = encode_as::<appended::Version>(&HEAD, &vec![record]).unwrap();
    assert!(matches!(records_as::<V2>(&mistaken), Err(FrameError::Undecodable { first_seq: 42, .. })));
    let crossed = appended_event::MarketEvent::BookCrossed {
        token: schemas::TokenId(1),
        side: schemas::Side::Buy,
        by: schemas::Price(1),
    };
    let record = appended_event::Record {
        time,
        cause: 0,
        cycle: Default::default(),
        event: appended_event::Event::Market(crossed),
    };
    let (mistaken, _) = encode_as::<appended_event::Version>(&HEAD, &vec![record]).unwrap();
    assert!(matches!(records_as::<V2>(&mistaken), Err(FrameError::Undecodable { .. })));
}

#[test]
fn no_two_of_these_versions_are_taken_for_each_other() {
    let mut fingerprints = vec![
        fingerprint_of::<V2>(),
        fingerprint_of::<swapped::Version>(),
        fingerprint_of::<renamed::Version>(),
        fingerprint_of::<inserted::Version>(),
        fingerprint_of::<inserted_event::Version>(),
        fingerprint_of::<appended::Version>(),
        fingerprint_of::<appended_event::Version>(),
    ];
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 7);
}
