//! Takes secrets out of what a provider says: diagnostics love to quote the value they complain about.

use std::collections::{BTreeMap, BTreeSet};

use crate::provider::schema::{Attribute, AttributeType, Block, Nesting};
use crate::redact::MASK;
use crate::state::RawAttributes;
use crate::value::{Path, PathSet, Step, Value};

/// Shorter texts are no secrets, and replacing them would make every message unreadable.
const MIN_SECRET: usize = 3;
/// Lines of a longer secret (a private key) are secrets of their own from this length.
const MIN_LINE: usize = 8;

/// Known secrets. It has no `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Scrubber(BTreeSet<String>);

impl Scrubber {
    /// Adds the sensitive parts of an object.
    pub(crate) fn add_object(&mut self, object: &Value, block: &Block) {
        let Some(entries) = object.as_map() else {
            return;
        };
        self.add_attributes(entries, &block.attributes);
        for (name, nested) in &block.blocks {
            if let Some(value) = entries.get(name) {
                for object in objects(value, nested.nesting) {
                    self.add_object(object, &nested.block);
                }
            }
        }
    }

    /// Adds the sensitive parts of a stored object.
    pub(crate) fn add_stored(&mut self, attributes: &RawAttributes, block: &Block) {
        match attributes {
            RawAttributes::Json(raw) => {
                if let Ok(json) = serde_json::from_str(raw.get()) {
                    self.add_object(&untyped(json), block);
                }
            }
            RawAttributes::Flatmap(map) => {
                for (key, text) in map {
                    if flat_key_is_sensitive(key, block) {
                        self.add_text(text);
                    }
                }
            }
        }
    }

    /// Adds what stands where the schema knows no attribute: an older schema may have called it sensitive.
    pub(crate) fn add_unknown(&mut self, object: &Value, block: &Block) {
        let Some(entries) = object.as_map() else {
            return self.add_all(object);
        };
        let known = |name| block.attributes.contains_key(name) || block.blocks.contains_key(name);
        let unknown = entries.iter().filter(|(name, _)| !known(name.as_str()));
        unknown.for_each(|(_, value)| self.add_all(value));
    }

    /// Adds what stands at these paths and below.
    pub(crate) fn add_marked(&mut self, value: &Value, marks: &PathSet) {
        self.add_marked_at(value, marks, &Path::root());
    }

    fn add_marked_at(&mut self, value: &Value, marks: &PathSet, at: &Path) {
        if marks.covers(at) {
            return self.add_all(value);
        }
        match value {
            Value::Map(entries) => {
                for (name, value) in entries {
                    self.add_marked_at(value, marks, &at.join(Step::Attribute(name.clone())));
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add_marked_at(item, marks, &at.join(Step::Index(index)));
                }
            }
            Value::Dynamic(inner) => self.add_marked_at(&inner.1, marks, at),
            _ => {}
        }
    }

    fn add_attributes(
        &mut self,
        entries: &BTreeMap<String, Value>,
        attributes: &BTreeMap<String, Attribute>,
    ) {
        for (name, attribute) in attributes {
            let Some(value) = entries.get(name) else {
                continue;
            };
            if attribute.sensitive {
                self.add_all(value);
            } else if let AttributeType::Nested {
                nesting,
                attributes,
            } = &attribute.attribute_type
            {
                for object in objects(value, *nesting) {
                    if let Some(entries) = object.as_map() {
                        self.add_attributes(entries, attributes);
                    }
                }
            }
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Number(number) => self.add_text(&number.to_string()),
            Value::List(items) | Value::Set(items) => items.iter().for_each(|v| self.add_all(v)),
            Value::Map(entries) => entries.values().for_each(|v| self.add_all(v)),
            Value::Dynamic(inner) => self.add_all(&inner.1),
            Value::Null | Value::Unknown | Value::Bool(_) => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        if text.len() < MIN_SECRET {
            return;
        }
        self.0.insert(text.to_owned());
        // As it looks inside quotes.
        let quoted = format!("{text:?}");
        self.0
            .extend(quoted.get(1..quoted.len() - 1).map(str::to_owned));
        let lines = text.lines().map(str::trim);
        self.0
            .extend(lines.filter(|l| l.len() >= MIN_LINE).map(str::to_owned));
    }

    /// The text with every known secret masked.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut found: Vec<&String> = self
            .0
            .iter()
            .filter(|s| text.contains(s.as_str()))
            .collect();
        // A secret that contains another goes first, or its rest would show.
        found.sort_by_key(|s| std::cmp::Reverse(s.len()));
        found
            .into_iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

/// The objects of a nested block or attribute.
fn objects(value: &Value, nesting: Nesting) -> Vec<&Value> {
    match nesting {
        Nesting::Single | Nesting::Group => vec![value],
        Nesting::List | Nesting::Set => value.as_elements().unwrap_or_default().iter().collect(),
        Nesting::Map => value
            .as_map()
            .map(|m| m.values().collect())
            .unwrap_or_default(),
    }
}

/// `password`, `disk.0.key`: names of attributes, with a position or hash after the name of a block.
fn flat_key_is_sensitive(key: &str, block: &Block) -> bool {
    let (name, rest) = key.split_once('.').unwrap_or((key, ""));
    if let Some(attribute) = block.attributes.get(name) {
        return attribute.sensitive;
    }
    match (block.blocks.get(name), rest.split_once('.')) {
        (Some(nested), Some((_, inner))) => flat_key_is_sensitive(inner, &nested.block),
        _ => false,
    }
}

/// JSON as a value, without a type: arrays are lists and objects are maps.
pub(crate) fn untyped(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(number) => match number.to_string().parse() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(number.to_string()),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(untyped).collect()),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(k, v)| (k, untyped(v))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::schema::NestedBlock;
    use crate::value::Type;

    fn attribute(sensitive: bool) -> Attribute {
        Attribute {
            attribute_type: AttributeType::Plain(Type::Dynamic),
            required: false,
            optional: true,
            computed: false,
            sensitive,
            write_only: false,
        }
    }

    fn block() -> Block {
        let attributes = || {
            BTreeMap::from([("name", false), ("key", true)].map(|(n, s)| (n.into(), attribute(s))))
        };
        let mut block = Block {
            attributes: attributes(),
            blocks: BTreeMap::new(),
        };
        let nested = AttributeType::Nested {
            nesting: Nesting::Map,
            attributes: attributes(),
        };
        let logins = Attribute {
            attribute_type: nested,
            ..attribute(false)
        };
        block.attributes.insert("logins".into(), logins);
        let disk = NestedBlock {
            nesting: Nesting::List,
            block: Block {
                attributes: attributes(),
                blocks: BTreeMap::new(),
            },
        };
        block.blocks.insert("disk".into(), disk);
        block
    }

    #[test]
    fn masks_sensitive_parts_wherever_they_stand_and_nothing_else() {
        let json = r#"{"name": "public", "key": ["hunter2", {"deep": "hunter22"}, 73313],
            "logins": {"a": {"name": "alice", "key": "s3cret \"x\""}},
            "disk": [{"name": "root", "key": "line one is long\nline two is long"}]}"#;
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let mut scrubber = Scrubber::default();
        scrubber.add_stored(&RawAttributes::Json(raw.into()), &block());
        for (text, want) in [
            ("public alice root", "public alice root".to_owned()),
            ("bad hunter22!", format!("bad {MASK}!")),
            ("bad hunter2, 73313", format!("bad {MASK}, {MASK}")),
            (r#"got "s3cret \"x\"""#, format!("got \"{MASK}\"")),
            ("near line two is long", format!("near {MASK}")),
        ] {
            assert_eq!(scrubber.scrub(text), want);
        }
    }

    #[test]
    fn old_flat_states_have_secrets_too() {
        let flat = [
            ("name", "public"),
            ("key", "hunter2"),
            ("disk.0.key", "hunter3"),
            ("disk.#", "1111"),
        ];
        let flat = flat.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let mut scrubber = Scrubber::default();
        scrubber.add_stored(&RawAttributes::Flatmap(flat), &block());
        assert_eq!(
            scrubber.scrub("public hunter2 hunter3 1111"),
            format!("public {MASK} {MASK} 1111")
        );
    }

    #[test]
    fn tiny_values_do_not_shred_the_text() {
        let mut scrubber = Scrubber::default();
        scrubber.add_object(&[("key", "a")].into_iter().collect(), &block());
        assert_eq!(scrubber.scrub("a banana"), "a banana");
    }

    #[test]
    fn what_a_state_marks_is_secret_and_so_is_what_no_schema_knows() {
        let json = r#"{"name": "public", "key": null, "old": ["hunter1"], "list": ["open", "hunter2"], "tags": {"a": "hunter3"}}"#;
        let object = untyped(serde_json::from_str(json).unwrap());
        let marks = [
            vec![Step::Attribute("list".into()), Step::Index(1)],
            vec![Step::Attribute("tags".into()), Step::Key("a".into())],
        ];
        let mut scrubber = Scrubber::default();
        scrubber.add_marked(&object, &marks.into_iter().map(Path).collect());
        let text = "public open hunter1 hunter2 hunter3";
        assert_eq!(
            scrubber.scrub(text),
            format!("public open hunter1 {MASK} {MASK}")
        );
        let mut scrubber = Scrubber::default();
        let mut known = block();
        for name in ["list", "tags"] {
            known.attributes.insert(name.into(), attribute(false));
        }
        scrubber.add_unknown(&object, &known);
        assert_eq!(
            scrubber.scrub(text),
            format!("public open {MASK} hunter2 hunter3")
        );
        let mut scrubber = Scrubber::default();
        scrubber.add_unknown(&"hunter1".into(), &known);
        assert_eq!(scrubber.scrub("hunter1"), MASK);
    }
}
