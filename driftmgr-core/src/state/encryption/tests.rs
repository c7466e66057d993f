//! Keys and envelopes against what other programs made of the same, and what must not be read.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::error::{Error, ErrorKind};

/// What OpenTofu 1.12.6 wrote for one output, with [`PASSPHRASE`] and a key of 24 bytes.
const STORED: &str = r#"{
  "serial": 1,
  "lineage": "a39053d2-7626-2217-14a9-f2beb8e8b3cf",
  "meta": {
    "key_provider.pbkdf2.main": "eyJzYWx0IjoiQnVNUTY3cW5XVWc9IiwiaXRlcmF0aW9ucyI6MjAwMDAwLCJoYXNoX2Z1bmN0aW9uIjoic2hhMjU2Iiwia2V5X2xlbmd0aCI6MjR9"
  },
  "encrypted_data": "MkmQ2Fh8+S1JADJpdR5cZthbR3prj0Kqd6qeVq5YsdNo9NfLGzI6ClKJfcrKkYBVzgMANC6KHVvzZ+vTXqtQSjVzmrPk0MzZD8fMgWS3lsp+pMUaIjFeX2Z5BYCYkb6U8xA7TLKRJRUIuJmZeTFmKKtn6c757ZrZci8KQs1N4nTgVz24Fx1DPx8lflol0q5mbsXvbFOeHVixk0F8Lb/35RdVwxhNbZBjHze2JjoSO5N+6FTyd0s8v2kPt3UVarCjY9ZJkTHl/bkGic0Endq1u+e3b64TD9EsKs0UE0YEU7I=",
  "encryption_version": "v0"
}
"#;
const PLAIN: &str = r#"{"version":4,"terraform_version":"1.12.6","serial":1,"lineage":"a39053d2-7626-2217-14a9-f2beb8e8b3cf","outputs":{"greeting":{"value":"hello","type":"string"}},"resources":[],"check_results":null}"#;
const PASSPHRASE: &str = "correct horse battery staple";
/// A state that is as small as can be.
const SMALL: &str = r#"{"serial":7,"lineage":"l"}"#;

fn source(name: &str, keys: impl KeyProvider + 'static) -> KeySource {
    KeySource::Provider(Provider {
        address: format!("key_provider.{name}"),
        metadata_key: format!("key_provider.{name}"),
        chain: None,
        keys: Arc::new(keys),
    })
}

fn pbkdf2(passphrase: &str) -> Pbkdf2 {
    let keys = Pbkdf2::new(Pbkdf2::passphrase(passphrase)).unwrap();
    keys.with_iterations(200_000).unwrap()
}

fn key(bytes: usize) -> Vec<u8> {
    (0..=255).take(bytes).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A key that is given as it is, under the name that the provider `static` would have.
fn fixed(bytes: &[u8]) -> KeySource {
    source("static.k", StaticKey::from_hex(&hex(bytes)).unwrap())
}

fn aes_gcm(keys: KeySource) -> Method {
    Method::AesGcm(AesGcm::new(keys, Vec::new()).unwrap())
}

fn encryption(keys: KeySource) -> Encryption {
    Encryption::new("method.aes_gcm.main", aes_gcm(keys))
}

fn opened(encryption: &Encryption, stored: impl Into<Vec<u8>>) -> Result<String, Error> {
    let plain = encryption.decrypt(&Bytes::from(stored.into()))?;
    Ok(String::from_utf8(plain.to_vec()).unwrap())
}

fn text(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.hints())
}

#[test]
fn what_opentofu_wrote_is_read() {
    let encryption = encryption(source("pbkdf2.main", pbkdf2(PASSPHRASE)));
    // Lengths, hash and iterations are those that are stored, whatever is configured for writing.
    let plain = opened(&encryption, STORED).unwrap();
    let [plain, expected]: [serde_json::Value; 2] =
        [plain.as_str(), PLAIN].map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(plain, expected);
}

#[test]
fn keys_are_those_that_python_derives() {
    let derived = |hash: &str, length: usize| {
        let stored = format!(
            r#"{{"salt":"{}","iterations":3,"hash_function":"{hash}","key_length":{length}}}"#,
            STANDARD.encode("salt")
        );
        // The second time in another of Unicode's forms.
        let [composed, other] = ["staple \u{e9}", "staple e\u{301}"].map(|end| {
            let keys = pbkdf2(&format!("correct horse battery {end}"));
            let key = keys.decryption_key(stored.as_bytes(), None).unwrap();
            hex(key.expose())
        });
        assert_eq!(composed, other);
        composed
    };
    let sha256 = "1892309828e8a17f82e9559b2c4dee4ac24d3ce946c417d32ed4a9c15497aa606e3bb11ab9e60d0a6d30aee6d58e1149d4575df7f59ebc3ca7021b03b93344909c7f40b229aacbfef5271c433bfba92ac4edc809c17e4b685771cdfff382663fa243dcdd";
    let sha512 = "a0a8b7f7d643e7bf06243b86459c81aeb82ebcce8905f24e40de1b33a0abdd9c4667c6bed2a9dd3ad3720ce45491a9a9ec0e403181ecd711b7d5724cd9f463f6689e29d058ab008148c781c1e8e9ddf52a6776dc4dc16fe4cbaee759ba0b10f38d9254ef";
    for (hash, expected) in [("sha256", sha256), ("sha512", sha512)] {
        for length in [16, 24, 32, 100] {
            assert_eq!(
                derived(hash, length),
                expected[..2 * length],
                "{hash} {length}"
            );
        }
    }
}

#[test]
fn ciphertexts_of_python_are_read_with_each_key_length_and_with_aad() {
    let nonce = "6465666768696a6b6c6d6e6f";
    for (length, aad, sealed) in [
        (
            16,
            "",
            "61403dc0a96bd996b904603ca4a6428255e91f9ab093ff36d6129dadfc27a72188adc85450d768fc0564",
        ),
        (
            16,
            "\u{1}\u{2}\u{3}",
            "61403dc0a96bd996b904603ca4a6428255e91f9ab093ff36d6125c3df993cd009a2c0072084392ffcdda",
        ),
        (
            24,
            "",
            "924ac81920c66f54f1ebd52dd89ef2d0b83839afd8b35383a33e4dad8643125947c619ecf22e5ad68811",
        ),
        (
            24,
            "\u{1}\u{2}\u{3}",
            "924ac81920c66f54f1ebd52dd89ef2d0b83839afd8b35383a33e98b7968425bc7a7b4ec3c6bb6aea190f",
        ),
        (
            32,
            "",
            "3339ad030b8037f21c5868c4f809039327a3616fa956d11e85acc16358e5f1154e7b0442a36277226d7d",
        ),
        (
            32,
            "\u{1}\u{2}\u{3}",
            "3339ad030b8037f21c5868c4f809039327a3616fa956d11e85ac5c9ed22cb1ff566c17ead6ed6b77668f",
        ),
    ] {
        let keys = KeySource::Given {
            encryption: Key::new(key(length)),
            decryption: Some(Key::new(key(length))),
        };
        let method = |aad: &str| {
            let method = AesGcm::new(keys.clone(), aad.as_bytes().to_vec()).unwrap();
            Encryption::new("method.aes_gcm.main", Method::AesGcm(method))
        };
        let sealed = StaticKey::from_hex(&format!("{nonce}{sealed}")).unwrap();
        let sealed = sealed
            .decryption_key(br#"{"magic":"Hello world!"}"#, None)
            .unwrap();
        let envelope = Envelope {
            metadata: std::collections::BTreeMap::new(),
            data: sealed.expose().to_vec(),
            serial: Some(7),
            lineage: Some("l".to_owned()),
        };
        let stored = envelope.to_bytes().unwrap();
        assert_eq!(opened(&method(aad), stored.clone()).unwrap(), SMALL);
        let error = opened(&method("other"), stored).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
}

#[test]
fn only_the_right_passphrase_opens_and_nobody_tells_it() {
    let planted = "planted-secret-passphrase";
    let encryption = encryption(source("pbkdf2.main", pbkdf2(planted)));
    let error = opened(&encryption, STORED).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        error.context_value("tried"),
        Some("method.aes_gcm.main: the key is another one, or the data was changed")
    );
    for shown in [
        text(&error),
        format!("{encryption:?} {:?}", pbkdf2(planted)),
    ] {
        assert!(!shown.contains("planted"), "{shown}");
    }
    let planted = key(32);
    let shown = format!("{:?}", fixed(&planted));
    assert!(shown.contains("Key(32 bytes)"), "{shown}");
    assert!(
        !shown.contains(&hex(&planted)) && !shown.contains("10, 11"),
        "{shown}"
    );
}

#[test]
fn what_one_key_wrote_the_next_reads_as_fallback_and_writes_anew() {
    let (old, new) = (fixed(&key(16)), source("pbkdf2.new", pbkdf2(PASSPHRASE)));
    let before = encryption(old.clone()).encrypt(SMALL.as_bytes()).unwrap();
    let alone = opened(&encryption(new.clone()), before.clone()).unwrap_err();
    let reason = alone.context_value("tried").unwrap();
    assert!(
        reason.contains("no metadata `key_provider.pbkdf2.new`, it has `key_provider.static.k`"),
        "{reason}"
    );
    let both =
        encryption(new.clone()).with_fallback("method.aes_gcm.old", Ok(aes_gcm(old.clone())));
    assert_eq!(opened(&both, before).unwrap(), SMALL);
    let after = both.encrypt(SMALL.as_bytes()).unwrap();
    assert_eq!(opened(&encryption(new), after.clone()).unwrap(), SMALL);
    assert!(opened(&encryption(old), after).is_err());
}

#[test]
fn every_method_that_was_tried_is_told_with_its_reason() {
    let broken = Error::new(ErrorKind::InvalidConfig, "no passphrase").with("line", 3);
    let all = encryption(fixed(&key(32)))
        .with_fallback("method.aes_gcm.b", Ok(aes_gcm(fixed(&key(24)))))
        .with_fallback("method.aes_gcm.c", Err(broken))
        .with_fallback("method.unencrypted.d", Ok(Method::Unencrypted));
    let stored = encryption(fixed(&key(16)))
        .encrypt(SMALL.as_bytes())
        .unwrap();
    let error = opened(&all, stored).unwrap_err();
    let tried: Vec<&str> = error.context().iter().map(|(_, v)| v.as_str()).collect();
    let wrong = "the key is another one, or the data was changed";
    let expected = [
        format!("method.aes_gcm.main: {wrong}"),
        format!("method.aes_gcm.b: {wrong}"),
        "method.aes_gcm.c: no passphrase (line 3)".to_owned(),
    ];
    assert_eq!(tried, expected);
    assert!(!error.hints().is_empty());
}

#[test]
fn a_state_that_is_not_encrypted_is_read_where_that_is_allowed_alone() {
    let strict = encryption(fixed(&key(32)));
    let error = opened(&strict, PLAIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(
        error.hints()[0].contains("unencrypted"),
        "{:?}",
        error.hints()
    );
    let migrating = strict.with_fallback("method.unencrypted.no", Ok(Method::Unencrypted));
    assert_eq!(opened(&migrating, PLAIN).unwrap(), PLAIN);
    let stored = migrating.encrypt(PLAIN.as_bytes()).unwrap();
    assert_eq!(opened(&migrating, stored.clone()).unwrap(), PLAIN);
    let back = Encryption::new("method.unencrypted.no", Method::Unencrypted);
    assert_eq!(back.encrypt(PLAIN.as_bytes()).unwrap(), PLAIN.as_bytes());
    assert_eq!(opened(&back, PLAIN).unwrap(), PLAIN);
    let error = opened(&back, stored).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.context_value("tried"), None);
}

#[test]
fn a_chained_key_is_derived_from_the_key_before_it() {
    let chained = |first: &[u8]| {
        let keys = Pbkdf2::new(Passphrase::Chained).unwrap();
        let keys = keys.with_iterations(200_000).unwrap();
        encryption(KeySource::Provider(Provider {
            address: "key_provider.pbkdf2.second".to_owned(),
            metadata_key: "alias".to_owned(),
            chain: Some(Box::new(fixed(first))),
            keys: Arc::new(keys),
        }))
    };
    let stored = chained(&key(16)).encrypt(SMALL.as_bytes()).unwrap();
    let envelope = Envelope::parse(&stored).unwrap().unwrap();
    let names: Vec<&String> = envelope.metadata.keys().collect();
    assert_eq!(names, ["alias", "key_provider.static.k"]);
    assert_eq!(opened(&chained(&key(16)), stored.clone()).unwrap(), SMALL);
    assert!(opened(&chained(&key(17)), stored).is_err());
    let error = chained(&key(15)).encrypt(SMALL.as_bytes()).unwrap_err();
    assert!(error.message().contains("too short"), "{error}");
}

#[test]
fn nothing_is_made_twice() {
    let encryption = encryption(source("pbkdf2.main", pbkdf2(PASSPHRASE)));
    let envelope = || {
        let stored = encryption.encrypt(SMALL.as_bytes()).unwrap();
        Envelope::parse(&stored).unwrap().unwrap()
    };
    let (one, two) = (envelope(), envelope());
    assert_eq!((one.serial, one.lineage.as_deref()), (Some(7), Some("l")));
    assert_ne!(one.metadata, two.metadata, "a salt is used twice");
    assert_ne!(one.data[..12], two.data[..12], "a nonce is used twice");
}

#[test]
fn the_serial_and_lineage_in_the_clear_are_those_of_the_state() {
    let encryption = encryption(fixed(&key(32)));
    let stored = String::from_utf8(encryption.encrypt(SMALL.as_bytes()).unwrap()).unwrap();
    for (from, to, what) in [("7,", "8,", "serial"), ("\"l\"", "\"m\"", "lineage")] {
        let changed = stored.replacen(from, to, 1);
        assert_ne!(changed, stored);
        let error = opened(&encryption, changed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
        assert!(error.message().contains(what), "{error}");
    }
    // The first versions wrote neither.
    let without = stored
        .replacen("\"serial\"", "\"other\"", 1)
        .replacen("\"l\"", "\"\"", 1);
    assert_eq!(opened(&encryption, without).unwrap(), SMALL);
}

#[test]
fn broken_envelopes_are_refused_with_their_place() {
    let encryption = encryption(fixed(&key(32)));
    for (stored, kind, message) in [
        (
            r#"{"encrypted_data":"x"}"#,
            ErrorKind::InvalidState,
            "without `encryption_version`",
        ),
        (
            r#"{"encryption_version":"v0"}"#,
            ErrorKind::InvalidState,
            "without `encrypted_data`",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":""}"#,
            ErrorKind::InvalidState,
            "without `meta`",
        ),
        (
            r#"{"encryption_version":"v1"}"#,
            ErrorKind::Unsupported,
            "a format that is not known",
        ),
        (
            r#"{"encryption_version":1}"#,
            ErrorKind::InvalidState,
            "is a number",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"-","meta":{}}"#,
            ErrorKind::InvalidState,
            "not base64",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"","meta":[]}"#,
            ErrorKind::InvalidState,
            "`meta` is a list",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"","meta":{"k":{}}}"#,
            ErrorKind::InvalidState,
            "is an object",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"","meta":{"k":"-"}}"#,
            ErrorKind::InvalidState,
            "not base64",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"","meta":{},"serial":"1"}"#,
            ErrorKind::InvalidState,
            "`serial`",
        ),
        (
            r#"{"encryption_version":"v0","encrypted_data":"","meta":{}}"#,
            ErrorKind::Unauthenticated,
            "no configured method",
        ),
    ] {
        let error = opened(&encryption, stored).unwrap_err();
        assert_eq!(error.kind(), kind, "{stored}: {error}");
        assert!(error.message().contains(message), "{stored}: {error}");
    }
    for data in ["", "AAAA"] {
        let meta = STANDARD.encode(r#"{"magic":"Hello world!"}"#);
        let stored = format!(
            r#"{{"encryption_version":"v0","encrypted_data":"{data}","meta":{{"key_provider.static.k":"{meta}"}}}}"#
        );
        let error = opened(&encryption, stored).unwrap_err();
        assert!(
            error.context_value("tried").unwrap().ends_with("too short"),
            "{error}"
        );
    }
}

#[test]
fn what_a_file_asks_for_is_bounded() {
    let keys = pbkdf2(PASSPHRASE);
    let stored = |salt: &str, iterations: &str, length: &str| {
        let json = format!(
            r#"{{"salt":"{salt}","iterations":{iterations},"hash_function":"sha512","key_length":{length}}}"#
        );
        keys.decryption_key(json.as_bytes(), None)
            .map(|key| key.len())
    };
    assert_eq!(stored("AAAA", "1", "32").unwrap(), 32);
    for (salt, iterations, length) in [
        ("", "1", "32"),
        ("-", "1", "32"),
        ("AAAA", "0", "32"),
        ("AAAA", "-1", "32"),
        ("AAAA", "1.5", "32"),
        ("AAAA", "9999999999", "32"),
        ("AAAA", "18446744073709551615", "4096"),
        ("AAAA", "1", "0"),
        ("AAAA", "1", "1000000000000"),
    ] {
        let error = stored(salt, iterations, length).unwrap_err();
        assert!(error.message().contains("not that of `pbkdf2`"), "{error}");
    }
    assert!(
        keys.decryption_key(br#"{"magic":"Hello world!"}"#, None)
            .is_err()
    );
    assert!(
        StaticKey::from_hex("00")
            .unwrap()
            .decryption_key(b"{}", None)
            .is_err()
    );
}

#[test]
fn keys_that_cannot_be_used_are_refused_beforehand() {
    for length in [0, 1, 15, 17, 31, 33, 64] {
        let keys = KeySource::Given {
            encryption: Key::new(key(length)),
            decryption: None,
        };
        let error = AesGcm::new(keys, Vec::new()).unwrap_err();
        assert!(
            error.message().contains(&format!("this one has {length}")),
            "{error}"
        );
    }
    for text in ["", "0", "0g", "+1", "00 1", "äü"] {
        assert!(StaticKey::from_hex(text).is_err(), "{text}");
    }
    assert!(Pbkdf2::new(Pbkdf2::passphrase("fifteen letters")).is_err());
    let keys = pbkdf2(PASSPHRASE);
    assert!(keys.clone().with_iterations(199_999).is_err());
    assert!(keys.clone().with_iterations(u64::MAX).is_err());
    assert!(keys.clone().with_key_length(0).is_err());
    assert!(keys.clone().with_salt_length(0).is_err());
    assert!(keys.with_salt_length(u64::MAX).is_err());
    // What can only be written is told when it is to be read.
    let writing = encryption(KeySource::Given {
        encryption: Key::new(key(16)),
        decryption: None,
    });
    let stored = writing.encrypt(SMALL.as_bytes()).unwrap();
    let error = opened(&writing, stored).unwrap_err();
    assert!(error.to_string().contains("no `decryption_key`"), "{error}");
}

#[test]
fn only_states_are_encrypted() {
    let encryption = encryption(fixed(&key(32)));
    for text in [
        "",
        "[]",
        "{",
        "\u{feff}{}",
        r#"{"serial":"x"}"#,
        r#"{"lineage":1}"#,
    ] {
        let error = encryption.encrypt(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState, "{text}");
    }
    assert!(encryption.encrypt(b"\xff{}").is_err());
}

#[test]
fn one_flipped_bit_never_gives_another_state() {
    let encryption = encryption(fixed(&key(32)));
    let stored = encryption.encrypt(SMALL.as_bytes()).unwrap();
    let mut refused = 0;
    for at in 0..stored.len() {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[at] ^= 1 << bit;
            match encryption.decrypt(&Bytes::from(changed)) {
                Ok(plain) => assert_eq!(plain, SMALL, "bit {bit} of byte {at}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(
        refused > stored.len() * 6,
        "{refused} of {}",
        stored.len() * 8
    );
}

#[test]
fn one_flipped_bit_of_the_data_is_refused() {
    let encryption = encryption(fixed(&key(32)));
    let stored = encryption.encrypt(SMALL.as_bytes()).unwrap();
    let envelope = Envelope::parse(&stored).unwrap().unwrap();
    for at in 0..envelope.data.len() {
        for bit in 0..8 {
            let mut changed = envelope.clone();
            changed.data[at] ^= 1 << bit;
            let error = opened(&encryption, changed.to_bytes().unwrap()).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Unauthenticated,
                "bit {bit} of byte {at}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_is_encrypted_is_read_again(
        bytes in prop::sample::select(vec![16, 24, 32]),
        serial in any::<u64>(),
        lineage in ".*",
        value in ".*",
    ) {
        let state = serde_json::json!({"serial": serial, "lineage": lineage, "outputs": {"x": value}}).to_string();
        let encryption = encryption(fixed(&key(bytes)));
        let stored = encryption.encrypt(state.as_bytes()).unwrap();
        prop_assert!(Envelope::parse(&stored).unwrap().is_some());
        prop_assert_eq!(opened(&encryption, stored).unwrap(), state);
    }

    #[test]
    fn any_bytes_are_read_or_refused(stored in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = encryption(fixed(&key(32))).decrypt(&Bytes::from(stored));
    }

    #[test]
    fn any_envelope_is_read_or_refused(data in ".*", meta in ".*", name in ".*", version in "v0|.*") {
        let stored = serde_json::json!({
            "encryption_version": version, "encrypted_data": STANDARD.encode(data), "meta": {name: STANDARD.encode(meta)},
        });
        prop_assert!(opened(&encryption(fixed(&key(32))), stored.to_string()).is_err());
    }

    #[test]
    fn an_envelope_that_is_written_is_read_as_it_was(
        metadata in prop::collection::btree_map(".*", prop::collection::vec(any::<u8>(), 0..40), 0..4),
        data in prop::collection::vec(any::<u8>(), 0..100),
        serial in prop::option::of(any::<u64>()),
        lineage in prop::option::of(".+"),
    ) {
        let envelope = Envelope { metadata, data, serial, lineage };
        prop_assert_eq!(Envelope::parse(&envelope.to_bytes().unwrap()).unwrap(), Some(envelope));
    }
}
