use proptest::prelude::*;

use super::*;
use crate::value::generate::{typed_value, value_type};
use crate::value::json;

fn decoded(bytes: &[u8], ty: &str) -> Result<Value, DecodeError> {
    decode(bytes, &ty.parse().unwrap())
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn reads_every_number_encoding_exactly() {
    for (bytes, want) in [
        (&[0x05][..], "5"),
        (&[0xff], "-1"),
        (&[0xcc, 0xff], "255"),
        (&[0xcd, 0xff, 0xff], "65535"),
        (&[0xce, 0xff, 0xff, 0xff, 0xff], "4294967295"),
        (
            &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "18446744073709551615",
        ),
        (&[0xd0, 0x80], "-128"),
        (&[0xd1, 0x80, 0x00], "-32768"),
        (&[0xd2, 0x80, 0x00, 0x00, 0x00], "-2147483648"),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"),
        (&[0xca, 0x3f, 0x00, 0x00, 0x00], "0.5"),
        (
            &[0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a],
            "0.1",
        ),
        (b"\xb51234567890123456789.5", "1234567890123456789.5"),
    ] {
        assert_eq!(decoded(bytes, r#""number""#).unwrap(), number(want));
    }
}

#[test]
fn writes_numbers_as_terraform_does() {
    let bytes = |text: &str| encode(&number(text), &Type::Number).unwrap();
    assert_eq!(bytes("1"), [0x01]);
    assert_eq!(bytes("-9223372036854775808")[0], 0xd3);
    assert_eq!(bytes("0.5"), [0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes("0.1"), b"\xa30.1");
    assert_eq!(bytes("9223372036854775808"), b"\xb39223372036854775808");
    assert_eq!(bytes("1e500"), b"\xa51e500");
}

/// Type, JSON and msgpack of the same values, as go-cty 1.16 writes them.
const OF_CTY: &[(&str, &str, &str)] = &[
    (r#""number""#, r#"0"#, "00"),
    (r#""number""#, r#"-1"#, "ff"),
    (r#""number""#, r#"127"#, "7f"),
    (r#""number""#, r#"128"#, "cc80"),
    (r#""number""#, r#"-33"#, "d0df"),
    (r#""number""#, r#"65536"#, "ce00010000"),
    (
        r#""number""#,
        r#"9223372036854775807"#,
        "cf7fffffffffffffff",
    ),
    (
        r#""number""#,
        r#"-9223372036854775808"#,
        "d38000000000000000",
    ),
    (
        r#""number""#,
        r#"9223372036854775808"#,
        "b339323233333732303336383534373735383038",
    ),
    (
        r#""number""#,
        r#"18446744073709551615"#,
        "b43138343436373434303733373039353531363135",
    ),
    (r#""number""#, r#"0.5"#, "cb3fe0000000000000"),
    (r#""number""#, r#"-1.25"#, "cbbff4000000000000"),
    (r#""number""#, r#"0.1"#, "a3302e31"),
    (
        r#""number""#,
        r#"123456789012345678901234567890"#,
        "be313233343536373839303132333435363738393031323334353637383930",
    ),
    (
        r#""number""#,
        r#"10000000000000000000000000000000000000000"#,
        "d9293130303030303030303030303030303030303030303030303030303030303030303030303030303030",
    ),
    (
        r#""number""#,
        r#"3.14159265358979323846264338327950288"#,
        "d925332e3134313539323635333538393739333233383436323634333338333237393530323838",
    ),
    (
        r#"["set","string"]"#,
        r#"["a","b","ä"]"#,
        "93a161a162a2c3a4",
    ),
    (
        r#"["object",{"b":"string","a":["list",["object",{"x":"number"}]],"c":"dynamic"}]"#,
        r#"{"a":[{"x":1},{"x":null}],"b":null,"c":{"value":[true,null],"type":["list","bool"]}}"#,
        "83a1619281a1780181a178c0a162c0a16392c40f5b226c697374222c22626f6f6c225d92c3c0",
    ),
    (
        r#"["map",["tuple",["string","bool"]]]"#,
        r#"{"e":null,"k":["v",false]}"#,
        "82a165c0a16b92a176c2",
    ),
    (r#""dynamic""#, r#"null"#, "c0"),
    (
        r#""dynamic""#,
        r#"{"value":{"a":"x"},"type":["object",{"a":"string"}]}"#,
        "92c4195b226f626a656374222c7b2261223a22737472696e67227d5d81a161a178",
    ),
    (
        r#"["list","dynamic"]"#,
        r#"[{"value":1.5,"type":"number"},{"value":2,"type":"number"}]"#,
        "9292c408226e756d62657222cb3ff800000000000092c408226e756d6265722202",
    ),
    (
        r#""dynamic""#,
        r#"{"value":null,"type":"string"}"#,
        "92c40822737472696e6722c0",
    ),
];

fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn agrees_with_terraforms_own_library() {
    for (ty, json, hex) in OF_CTY {
        let ty: Type = ty.parse().unwrap();
        let value = json::decode(json, &ty).unwrap();
        assert!(decode(&bytes_of(hex), &ty).unwrap() == value, "{json}");
        assert_eq!(encode(&value, &ty).unwrap(), bytes_of(hex), "{json}");
    }
}

#[test]
fn agrees_on_unknown_values() {
    for hex in [
        "d40000",
        "c7030c8101c2",
        "c7070c8102a461726e3a",
        "c7090c8301c2050106cd012c",
        "d70c810392a3302e31c3",
    ] {
        assert_eq!(decode(&bytes_of(hex), &Type::String), Ok(Value::Unknown));
    }
    let typed = bytes_of("92c40822737472696e6722d40000");
    let want = Value::Dynamic(Box::new((Type::String, Value::Unknown)));
    assert_eq!(decode(&typed, &Type::Dynamic), Ok(want));
}

#[test]
fn infinities_and_text_are_no_numbers() {
    for bytes in [
        &[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0][..],
        b"\xa3one",
        &[0xc3],
        &[0x90],
    ] {
        assert!(decoded(bytes, r#""number""#).is_err());
    }
}

#[test]
fn any_extension_is_unknown_and_refinements_are_skipped() {
    let refined = [0xc7, 0x03, 12, 0x81, 0x01, 0xc3];
    for bytes in [&UNKNOWN[..], &refined, &[0xd5, 12, 0x81, 0x01]] {
        for ty in [r#""string""#, r#"["list","string"]"#, r#""dynamic""#] {
            assert_eq!(decoded(bytes, ty).unwrap(), Value::Unknown);
        }
    }
    let pair = [&[0x92], &refined[..], &[0xa1, b'a']].concat();
    assert_eq!(
        decoded(&pair, r#"["list","string"]"#).unwrap(),
        Value::List(vec![Value::Unknown, "a".into()])
    );
}

#[test]
fn a_dynamic_value_carries_its_type() {
    let bytes = b"\x92\xc4\x08\"string\"\xa1a";
    let value = decoded(bytes, r#""dynamic""#).unwrap();
    assert_eq!(value, Value::Dynamic(Box::new((Type::String, "a".into()))));
    assert_eq!(encode(&value, &Type::Dynamic).unwrap(), bytes);
    // A value without a stated type gets the one a literal has.
    assert_eq!(encode(&"a".into(), &Type::Dynamic).unwrap(), bytes);
    assert_eq!(decoded(&[0xc0], r#""dynamic""#).unwrap(), Value::Null);
}

#[test]
fn objects_are_written_whole_and_sorted() {
    let ty: Type = r#"["object",{"b":"string","a":["list","bool"]}]"#.parse().unwrap();
    let value = Value::from_iter([("b", "x")]);
    let bytes = encode(&value, &ty).unwrap();
    assert_eq!(bytes, b"\x82\xa1a\xc0\xa1b\xa1x");
    let whole = Value::from_iter([("a", Value::Null), ("b", "x".into())]);
    assert_eq!(decode(&bytes, &ty).unwrap(), whole);

    let error = encode(&Value::from_iter([("c", "secret")]), &ty).unwrap_err();
    assert_eq!(
        error.to_string(),
        "c: the schema does not have this attribute"
    );
}

#[test]
fn objects_must_fit_the_schema() {
    let ty = r#"["object",{"a":"string","b":"string"}]"#;
    for (bytes, want) in [
        (&b"\x81\xa1a\xc0"[..], "b: the attribute is missing"),
        (
            b"\x82\xa1a\xc0\xa1x\xc0",
            "x: the schema does not have this attribute",
        ),
        (b"\x82\xa1a\xc0\xa1a\xc0", "b: the attribute is missing"),
        (b"\x82\xa1a\xc3\xa1b\xc0", "a: a string is required"),
        (b"\x90", "an object is required"),
    ] {
        assert_eq!(decoded(bytes, ty).unwrap_err().to_string(), want);
    }
}

#[test]
fn errors_say_where_and_not_what() {
    let ty = r#"["map",["list",["object",{"size":"number"}]]]"#;
    let mut bytes = b"\x81\xa3a b\x91\x81\xa4size".to_vec();
    bytes.extend_from_slice(b"\xa6secret");
    assert_eq!(
        decoded(&bytes, ty).unwrap_err().to_string(),
        r#"["a b"][0].size: a finite decimal number is required"#
    );
}

#[test]
fn set_order_and_text_form_mean_nothing() {
    let ty = r#"["set","string"]"#;
    assert_eq!(
        decoded(b"\x93\xa1b\xa1a\xa1b", ty).unwrap(),
        decoded(b"\x92\xa1a\xa1b", ty).unwrap()
    );
    let decomposed = b"\xa3e\xcc\x81";
    assert_eq!(
        decoded(decomposed, r#""string""#).unwrap(),
        Value::from("\u{e9}")
    );
}

#[test]
fn declared_lengths_are_not_believed() {
    let ty = r#"["list","string"]"#;
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0],
        &[0x91, 0xdb, 0xff, 0xff, 0xff, 0xff, b'a'],
        &[0x91, 0xc9, 0xff, 0xff, 0xff, 0xff, 0x00],
    ] {
        assert!(decoded(bytes, ty).is_err());
    }
    assert!(decoded(&[0xdf, 0xff, 0xff, 0xff, 0xff], r#"["map","string"]"#).is_err());
    assert!(decoded(&[0x90, 0xc0], ty).is_err(), "left over bytes");
}

#[test]
fn endless_dynamic_nesting_is_an_error() {
    let bytes = b"\x92\xc4\x09\"dynamic\"".repeat(1_000_000);
    let error = decoded(&bytes, r#""dynamic""#).unwrap_err();
    assert!(error.reason.contains("levels deep"), "{error}");
}

proptest! {
    #[test]
    fn round_trip((ty, value) in value_type().prop_flat_map(typed_value)) {
        let bytes = encode(&value, &ty).unwrap();
        prop_assert!(decode(&bytes, &ty).unwrap() == value);
    }

    #[test]
    fn cut_bytes_are_an_error(
        (ty, value) in value_type().prop_flat_map(typed_value),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = encode(&value, &ty).unwrap();
        prop_assert!(decode(&bytes[..cut.index(bytes.len())], &ty).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        ty in value_type(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert!(encode(&value, &ty).is_ok());
        }
    }
}
