//! Every sample cut off at every byte, and with every field of another type: an error, or a field that is not read;
//! never a panic, and never a value that was not there.

use super::samples::{Sample, samples};
use serde_json::{Value, json};

#[test]
fn cut_off_at_every_byte() {
    let mut cuts = 0;
    for sample in samples() {
        let text = sample.json.to_string();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let read = (sample.read)(&text[..end]);
            assert!(read.is_err(), "{} cut at {end} was read: {read:?}", sample.name);
            cuts += 1;
        }
        for more in ["}", "]", ",", " x", "{}"] {
            let read = (sample.read)(&format!("{text}{more}"));
            assert!(read.is_err(), "{} with {more} behind it was read: {read:?}", sample.name);
        }
    }
    assert!(cuts > 10_000, "{cuts}");
}

/// The places of all values in a JSON value.
fn places(json: &Value, at: String, out: &mut Vec<String>) {
    out.push(at.clone());
    match json {
        Value::Object(map) => {
            for (key, value) in map {
                places(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                places(value, format!("{at}/{i}"), out);
            }
        }
        _ => {}
    }
}

fn with(json: &Value, place: &str, value: Value) -> Value {
    let mut changed = json.clone();
    *changed.pointer_mut(place).unwrap() = value;
    changed
}

fn without(json: &Value, place: &str) -> Option<Value> {
    let (parent, key) = place.rsplit_once('/')?;
    let mut changed = json.clone();
    let key = key.replace("~1", "/").replace("~0", "~");
    changed.pointer_mut(parent)?.as_object_mut()?.remove(&key)?;
    Some(changed)
}

/// Values that no field can have in place of `value`.
fn wrong(value: &Value) -> Vec<Value> {
    let mut out = vec![json!({"a": 1}), json!([{"a": 1}]), json!([[[]]])];
    match value {
        Value::Bool(_) => out.extend([json!("yes"), json!(7)]),
        _ => out.extend([json!(true), json!(false)]),
    }
    if value.is_array() || value.is_object() {
        out.extend([json!("oops"), json!(7), json!(-1)]);
    }
    out
}

/// Values of which a field that takes any text may keep the text.
fn odd(value: &Value) -> Vec<(Value, &'static str)> {
    if value.is_array() || value.is_object() || value.is_boolean() {
        return Vec::new();
    }
    let texts = ["oops", "-1", "1e400", "0x", "0xzz", "1.2.3", "NaN", "\u{1F600}\\\"\n", "9".repeat(90).leak()];
    let mut out: Vec<(Value, &'static str)> = texts.into_iter().map(|text| (json!(text), text)).collect();
    out.push((json!(-1), "-1"));
    out
}

fn check(sample: &Sample, place: &str, value: Value, kept: Option<&str>, bad: &mut Vec<String>) {
    // Of these words only some matter; any other one stands for "none of those".
    if kept.is_some() && ["/status", "/market_type", "/outcomeType"].iter().any(|word| place.ends_with(word)) {
        return;
    }
    let changed = with(&sample.json, place, value);
    let original = (sample.read)(&sample.json.to_string());
    let read = (sample.read)(&changed.to_string());
    let Ok(found) = &read else { return };
    // Words that are not known are kept, cut.
    let kept = kept.map(|text| text.chars().take(60).collect::<String>().escape_debug().to_string());
    // An object of which nothing is known says as much as an empty one.
    let nothing = (sample.read)(&with(&sample.json, place, json!({})).to_string());
    let as_nothing = changed.pointer(place).unwrap().is_object() && sample.json.pointer(place).unwrap().is_object();
    if as_nothing && read == nothing && !place.is_empty() {
        return;
    }
    // What is escaped when it is read is escaped once more when it is shown.
    let is_kept = kept.is_some_and(|text| {
        let twice = text.escape_debug().to_string();
        found.contains(&text) || found.contains(&twice)
    });
    if read != original && !is_kept {
        bad.push(format!("{} with {} at {place} was read: {found}", sample.name, changed.pointer(place).unwrap()));
    }
}

#[test]
fn wrong_types_in_every_field() {
    let (mut changes, mut bad) = (0, Vec::new());
    for sample in samples() {
        let mut at = Vec::new();
        places(&sample.json, String::new(), &mut at);
        for place in at {
            let value = sample.json.pointer(&place).unwrap().clone();
            for wrong in wrong(&value) {
                check(&sample, &place, wrong, None, &mut bad);
                changes += 1;
            }
            for (odd, text) in odd(&value) {
                check(&sample, &place, odd, Some(text), &mut bad);
                changes += 1;
            }
            // Null is an error, or the same as no field at all; an empty list and an empty text may also be null.
            let read = (sample.read)(&with(&sample.json, &place, Value::Null).to_string());
            let missing = without(&sample.json, &place).map(|json| (sample.read)(&json.to_string()));
            let original = (sample.read)(&sample.json.to_string());
            let empty = [json!([]), json!("")].map(|e| (sample.read)(&with(&sample.json, &place, e).to_string()));
            if read.is_ok() && read != original && !empty.contains(&read) {
                assert_eq!(Some(read), missing, "{}: null at {place}", sample.name);
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(changes > 2_000, "{changes}");
}

/// A field given twice is refused where it counts, as it is not known which one was meant.
#[test]
fn fields_given_twice() {
    for sample in samples() {
        let text = sample.json.to_string();
        let Some(first) = sample.json.as_object().and_then(|map| map.iter().next()) else { continue };
        let twice = format!("{{{}:{},{}", json!(first.0), first.1, &text[1..]);
        let read = (sample.read)(&twice);
        assert!(read.is_err() || read == (sample.read)(&text), "{}: {read:?}", sample.name);
    }
}
