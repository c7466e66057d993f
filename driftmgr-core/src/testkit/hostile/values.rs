//! Values, as providers and states write them.

use std::sync::OnceLock;

use crate::value::{Type, json, msgpack};

/// A value from a provider, in msgpack. The first byte chooses its type.
pub fn msgpack(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let types = types();
    let ty = &types[usize::from(*choice) % types.len()];
    let Ok(value) = msgpack::decode(bytes, ty) else {
        return;
    };
    let encoded = msgpack::encode(&value, ty).expect("what was decoded can be encoded");
    let again = msgpack::decode(&encoded, ty).expect("what was encoded can be decoded");
    assert_eq!(value, again, "{ty:?}");
}

/// A value of a state, in JSON. The first byte chooses its type.
pub fn values(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = json::decode_untyped(text);
    let types = types();
    let ty = &types[usize::from(*choice) % types.len()];
    if let Ok(value) = json::decode(text, ty) {
        let again = json::decode_parsed(&json::encode(&value), ty);
        assert_eq!(Ok(value), again, "{ty:?}");
    }
}

fn types() -> &'static [Type] {
    static TYPES: OnceLock<Vec<Type>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let texts = [
            r#""string""#,
            r#""number""#,
            r#""bool""#,
            r#""dynamic""#,
            r#"["list","string"]"#,
            r#"["set","number"]"#,
            r#"["map",["list","bool"]]"#,
            r#"["tuple",["string","number"]]"#,
            r#"["object",{"a":"string","b":["set",["object",{"c":"number","d":"dynamic"}]]}]"#,
        ];
        texts
            .iter()
            .map(|text| serde_json::from_str(text).expect("a type"))
            .collect()
    })
}
