//! Keyed hashes in the place of secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::codec;
use crate::state::{Instance, RawAttributes};
use crate::value::{Path, PathSet, Step, Value};

/// What stands before each hash.
const PREFIX: &str = "hmac-sha256:";

/// The key of a snapshot. `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Seal(Vec<u8>);

impl Seal {
    /// A new key of 256 bits, 244 of them random.
    pub(super) fn random() -> Self {
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        Self(halves.iter().flat_map(|half| *half.as_bytes()).collect())
    }

    pub(super) fn to_text(&self) -> String {
        STANDARD.encode(&self.0)
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text).ok()?;
        (key.len() >= 16).then_some(Self(key))
    }

    fn hash(&self, parts: &[&[u8]]) -> String {
        // A key of any length is one; the error type is for other algorithms.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return PREFIX.to_owned();
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        PREFIX.to_owned() + &STANDARD.encode(mac.finalize().into_bytes())
    }

    /// What tells whether a state still holds the same object.
    pub(super) fn digest(&self, instance: &Instance) -> String {
        let version = instance.schema_version.to_string();
        match &instance.attributes {
            RawAttributes::Json(raw) => {
                self.hash(&[b"json", version.as_bytes(), raw.get().as_bytes()])
            }
            RawAttributes::Flatmap(flat) => {
                let mut parts: Vec<&[u8]> = vec![b"flatmap", version.as_bytes()];
                for (key, value) in flat {
                    parts.extend([key.as_bytes(), value.as_bytes()]);
                }
                self.hash(&parts)
            }
        }
    }

    /// The object with a hash in the place of every secret. Null stays null: it holds nothing.
    pub(super) fn object(&self, object: &Value, sensitive: &PathSet) -> Value {
        self.at(object, &Path::root(), sensitive, false)
    }

    /// The path with hashes in the place of secrets: members of sets stand in it by their value.
    pub(super) fn path(&self, path: &Path, sensitive: &PathSet) -> Path {
        let mut sealed = Path::root();
        let mut at = Path::root();
        for step in path.steps() {
            let here = at.join(step.clone());
            sealed = sealed.join(match step {
                Step::Element(member) if sensitive.hides(&at) => {
                    Step::Element(Box::new(self.at(member, &here, sensitive, true)))
                }
                step => step.clone(),
            });
            at = here;
        }
        sealed
    }

    fn at(&self, value: &Value, at: &Path, sensitive: &PathSet, hidden: bool) -> Value {
        // A mark inside a set hides the whole set.
        let hidden = hidden
            || sensitive.covers_anywhere(at)
            || (matches!(value, Value::Set(_)) && sensitive.hides(at));
        match value {
            Value::Null | Value::Unknown => value.clone(),
            Value::Map(entries) => entries
                .iter()
                .map(|(name, value)| {
                    let at = at.join(Step::Attribute(name.clone()));
                    (name.clone(), self.at(value, &at, sensitive, hidden))
                })
                .collect(),
            Value::List(items) => Value::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.at(item, &at.join(Step::Index(i)), sensitive, hidden))
                    .collect(),
            ),
            Value::Set(members) if hidden => {
                Value::set(members.iter().map(|m| self.at(m, at, sensitive, true)))
            }
            Value::Dynamic(inner) => Value::Dynamic(Box::new((
                inner.0.clone(),
                self.at(&inner.1, at, sensitive, hidden),
            ))),
            secret if hidden => {
                let text = codec::write(secret).to_string();
                Value::String(self.hash(&[b"value", text.as_bytes()]))
            }
            open => open.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn value(text: &str) -> Value {
        json::decode_untyped(text).unwrap()
    }

    fn marks(paths: &[&[&str]]) -> PathSet {
        paths.iter().map(|words| Path::of_words(words)).collect()
    }

    #[test]
    fn secrets_go_and_everything_else_stays() {
        let seal = Seal::random();
        let object = value(
            r#"{"a":"open","b":"planted","c":[{"d":"planted","e":1}],"f":null,"g":{"h":"planted"}}"#,
        );
        let sealed = seal.object(&object, &marks(&[&["b"], &["c", "7", "d"], &["f"], &["g"]]));
        let text = json::encode(&sealed).to_string();
        assert!(!text.contains("planted"), "{text}");
        assert_eq!(sealed.attribute("a"), object.attribute("a"));
        assert_eq!(sealed.attribute("f"), Some(&Value::Null));
        assert!(
            text.contains(r#""e":1"#) && text.contains(r#""h":"hmac"#),
            "{text}"
        );
    }

    #[test]
    fn equal_secrets_are_equal_under_one_key_and_no_other() {
        let (seal, other) = (Seal::random(), Seal::random());
        let all = marks(&[&["a"]]);
        let sealed = |seal: &Seal, text: &str| seal.object(&value(text), &all);
        let (one, two) = (r#"{"a":"x"}"#, r#"{"a":"y"}"#);
        assert!(sealed(&seal, one) == sealed(&seal, one));
        assert!(sealed(&seal, one) != sealed(&seal, two));
        assert!(sealed(&seal, one) != sealed(&other, one));
        // Text is no number.
        assert!(sealed(&seal, r#"{"a":"1"}"#) != sealed(&seal, r#"{"a":1}"#));
        let again = Seal::from_text(&seal.to_text()).unwrap();
        assert!(sealed(&seal, one) == sealed(&again, one));
        assert!(Seal::from_text("AAAA").is_none() && Seal::from_text("no base64!").is_none());
    }

    #[test]
    fn a_member_of_a_secret_set_is_sealed_in_paths_as_in_values() {
        let seal = Seal::random();
        let set = Value::set(["planted-one".into(), "planted-two".into()]);
        let object = Value::from_iter([("s", set)]);
        let all = marks(&[&["s"]]);
        let sealed = seal.object(&object, &all);
        let path = Path(vec![
            Step::Attribute("s".into()),
            Step::Element(Box::new("planted-one".into())),
        ]);
        let path = seal.path(&path, &all);
        let Some(Step::Element(member)) = path.steps().last() else {
            panic!("no member")
        };
        assert!(
            sealed
                .attribute("s")
                .unwrap()
                .as_elements()
                .unwrap()
                .contains(member)
        );
        assert!(!codec::write_path(&path).to_string().contains("planted"));
    }
}
