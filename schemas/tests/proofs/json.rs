//! JSON is what people and other programs read; nothing is lost on the way there and back.

use super::strategies;
use proptest::prelude::*;
use schemas::{Envelope, Seq};

proptest! {
    #[test]
    fn an_envelope_survives_json(record in strategies::record(), seq in 1..=u64::MAX) {
        let envelope = record.at(Seq::new(seq).unwrap());
        let text = serde_json::to_string(&envelope).unwrap();
        prop_assert!(!text.contains('\n'), "one line an event");
        prop_assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope.clone());
        let pretty = serde_json::to_vec_pretty(&envelope).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Envelope>(&pretty).unwrap(), envelope);
    }

    #[test]
    fn arbitrary_json_gives_an_error(text in "(?s).{0,80}") {
        prop_assert!(serde_json::from_str::<Envelope>(&text).is_err());
    }
}

#[test]
fn amounts_are_written_as_decimal_texts() {
    let line = r#"{"seq":3,"time":"2026-06-07T01:30:51.472Z","cause":null,"cycle":null,"event":{"Account":{"BalanceObserved":{"cash":"-12.000001"}}}}"#;
    let envelope: Envelope = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
    let as_float = line.replace("\"-12.000001\"", "-12.000001");
    assert!(serde_json::from_str::<Envelope>(&as_float).is_err(), "a float must not become money");
    let sequence_zero = line.replace("\"seq\":3", "\"seq\":0");
    assert!(serde_json::from_str::<Envelope>(&sequence_zero).is_err());
}
