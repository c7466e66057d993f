use proptest::prelude::*;

use super::*;

/// A small text of each kind, for bytes to be changed in.
const SEEDS: &[&str] = &[
    r#"{"version":4,"serial":1,"lineage":"l","outputs":{},"resources":[{"mode":"managed","type":"a_b","name":"c","provider":"provider[\"registry.terraform.io/x/y\"]","instances":[{"index_key":0,"schema_version":1,"attributes":{"id":"i"}}]}]}"#,
    r#"{"version":3,"serial":1,"lineage":"l","modules":[{"path":["root"],"outputs":{},"resources":{"a_b.c":{"type":"a_b","primary":{"id":"i","attributes":{"id":"i","tags.%":"1","tags.x":"y"}}}}}]}"#,
    "\0resource \"a_b\" \"c\" {\n  d = merge({ e = 1 }, { f = [for g in [1, 2] : g * 2] })\n}\nlocals {\n  h = \"${upper(\"x\")}%{ if true }y%{ endif }\"\n}\n",
    "\u{1}{\"locals\": {\"h\": \"${upper(\\\"x\\\")}\"}}",
    "\u{8}{\"a\": \"x\", \"b\": [{\"c\": 1e400, \"d\": {\"type\": \"string\", \"value\": \"v\"}}]}",
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}\0{\"Version\":\"2012-10-17\",\"Statement\":[]}",
];

const ALL: &[fn(&[u8])] = &[state, configuration, msgpack, values, documents];

fn changed() -> impl Strategy<Value = Vec<u8>> {
    let seed = (0..SEEDS.len()).prop_map(|i| SEEDS.get(i).unwrap().as_bytes().to_vec());
    let edits =
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6);
    (seed, edits).prop_map(|(mut bytes, edits)| {
        for (at, byte, how) in edits {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn texts_with_a_few_wrong_bytes(bytes in changed()) {
        ALL.iter().for_each(|parser| parser(&bytes));
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        ALL.iter().for_each(|parser| parser(&bytes));
    }
}
