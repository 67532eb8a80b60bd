use super::*;
use eventlog::Signer;

const LOG: LogId = [7; 16];

fn signer() -> Signer {
    let dir = tempfile::tempdir().unwrap();
    Signer::create(&dir.path().join("key")).unwrap()
}

fn head(seq: u64) -> Head {
    if seq == 0 { Head::genesis(&LOG) } else { Head { seq, chain: Bytes32([seq as u8; 32]) } }
}

fn object(kind: Kind, first: u64, last: u64) -> Object {
    Object {
        key: format!("{}/{}", kind.folder(), eventlog::segment::file_name(first, last)),
        kind,
        name: eventlog::segment::file_name(first, last),
        sealed: Sealed::Plain,
        stored_len: 10,
        stored_hash: Bytes32([1; 32]),
        plain_len: 10,
        plain_hash: Bytes32([1; 32]),
        range: Some(Range { before: head(first - 1), head: head(last) }),
    }
}

fn manifest() -> Manifest {
    let time: UtcNanos = "2026-11-24T00:00:00.5Z".parse().unwrap();
    let objects = vec![object(Kind::Segment, 1, 10), object(Kind::Segment, 11, 30), object(Kind::Tail, 31, 33)];
    Manifest {
        format: FORMAT,
        id: id_text(time, 33),
        time,
        made_by: made_by(),
        log_id: id_hex(&LOG),
        head: head(33),
        objects,
    }
}

#[test]
fn ids_sort_by_time_and_are_read_back() {
    let id = |t: &str| id_text(t.parse().unwrap(), 5);
    assert_eq!(id("2026-11-24T00:00:00Z"), "20261124T000000.000Z-5");
    assert_eq!(id("2026-11-24T09:08:07.0421Z"), "20261124T090807.042Z-5");
    assert!(id("2026-11-24T00:00:00.9Z") < id("2026-11-24T00:00:01Z"));
    let key = manifest_key(&id("2026-11-24T00:00:00Z"));
    assert_eq!(id_in(&key), Some("20261124T000000.000Z-5"));
    assert_eq!(id_in("manifests/other.json"), None);
}

#[test]
fn signed_and_read_back() {
    let signer = signer();
    let signed = manifest().sign(&signer).unwrap();
    let bytes = signed.to_bytes().unwrap();
    let back = SignedManifest::parse(&bytes, "m").unwrap();
    assert_eq!(back, signed);
    assert_eq!(back.key(), Some(signer.public_key()));
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = manifest().sign(&signer()).unwrap().to_bytes().unwrap();
    let (mut refused, mut unsigned) = (0, 0);
    for at in 0..bytes.len() {
        for flip in [1u8, 0x20] {
            let mut bad = bytes.clone();
            bad[at] ^= flip;
            match SignedManifest::parse(&bad, "m") {
                Err(BackupError::BadSignature { .. }) => (refused, unsigned) = (refused + 1, unsigned + 1),
                Err(_) => refused += 1,
                // White space and the case of hex digits carry no meaning; what is read is what was signed.
                Ok(read) => assert_eq!(read.manifest, manifest(), "byte {at}"),
            }
        }
    }
    assert!(refused > bytes.len() && unsigned > 500, "{refused} refused, {unsigned} by their signature");
}

#[test]
fn another_key_cannot_sign_for_this_one() {
    let mut signed = manifest().sign(&signer()).unwrap();
    signed.public_key = hex(&signer().public_key());
    let error = SignedManifest::parse(&signed.to_bytes().unwrap(), "m").unwrap_err();
    assert!(matches!(error, BackupError::BadSignature { .. }), "{error}");
}

#[test]
fn a_newer_format_is_told_before_anything_else() {
    let text = r#"{ "manifest": { "format": 2, "shape": "unknown" }, "seal": [] }"#;
    let error = SignedManifest::parse(text.as_bytes(), "TARGET/m-1.json").unwrap_err();
    assert_eq!(error.to_string(), "TARGET/m-1.json has manifest format 2, this build reads up to 1");
}

#[test]
fn contradictions_are_named() {
    type Break = fn(&mut Manifest);
    let broken: [(&str, Break); 9] = [
        ("no log id", |m| m.log_id = "x".to_owned()),
        ("does not fit", |m| m.id = "20261124T000000.000Z-34".to_owned()),
        ("no place", |m| m.objects[0].key = "../segments/x".to_owned()),
        ("no place", |m| m.objects[0].name = "a/b".to_owned()),
        ("listed twice", |m| m.objects[1].key = m.objects[0].key.clone()),
        ("say which events", |m| m.objects[1].range = None),
        ("two hashes", |m| m.objects[1].stored_len = 9),
        ("does not go on", |m| drop(m.objects.remove(1))),
        ("do not end at event", |m| drop(m.objects.pop())),
    ];
    for (expected, break_it) in broken {
        let mut bad = manifest();
        break_it(&mut bad);
        let reason = bad.check().unwrap_err();
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    let mut other = manifest();
    other.objects[0].range = Some(Range { before: Head { seq: 0, chain: Bytes32([9; 32]) }, head: head(10) });
    assert!(other.check().unwrap_err().contains("does not go on where the object before it ends, at event 0"));
}
