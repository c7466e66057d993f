//! Paths and secret marks as a report spells them, read back.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::redact::MASK;
use crate::value::{Path, PathSet, Step, Value};

/// A step that no object takes. A mark that ends in it hides what has no parts, and nothing of what has some.
const NOWHERE: &str = "\u{0}";

/// The marked paths of both objects, each beside its marks. Written again, they are the same marks.
pub(super) fn marked(sides: [(&Json, &Json); 2]) -> PathSet {
    let mut found = Marked::default();
    // `false` stands where there is no object at all.
    let there = |(value, marks): &(&Json, &Json)| !value.is_null() || **marks != Json::Bool(false);
    for (value, marks) in sides.into_iter().filter(there) {
        found.visit(value, marks, &Path::root());
    }
    // Where one side has a secret without parts, and the other has parts that are shown, the mark was one on a part that is not there.
    let inner = |path: Path| {
        if found.open.contains(&path) {
            path.join(Step::Attribute(NOWHERE.to_owned()))
        } else {
            path
        }
    };
    found.secret.into_iter().map(inner).collect()
}

#[derive(Default)]
struct Marked {
    secret: BTreeSet<Path>,
    /// Objects and lists that are not secret as a whole.
    open: BTreeSet<Path>,
}

impl Marked {
    /// A position in a list stands for all of them, as it does when values are masked.
    fn visit(&mut self, value: &Json, marks: &Json, at: &Path) {
        if *marks == Json::Bool(true) {
            self.secret.insert(at.clone());
            return;
        }
        match value {
            Json::Object(entries) => {
                self.open.insert(at.clone());
                for (name, item) in entries {
                    let below = at.join(Step::Attribute(name.clone()));
                    self.visit(item, marks.get(name).unwrap_or(&Json::Null), &below);
                }
            }
            Json::Array(items) => {
                self.open.insert(at.clone());
                let below = at.join(Step::Index(0));
                for (i, item) in items.iter().enumerate() {
                    self.visit(item, marks.get(i).unwrap_or(&Json::Null), &below);
                }
            }
            // A null is never marked for what is secret below it.
            Json::Null => drop(self.open.insert(at.clone())),
            _ => {}
        }
    }
}

/// A path as [`Path::display_masked`] spells it. Only the objects tell a key of a map from a member of a set. A text that is no such
/// path is kept as the name of one attribute, so that it is shown again as it is.
pub(super) fn path<'a>(text: &'a str, objects: [Option<&'a Value>; 2]) -> Path {
    let mut reader = Reader {
        rest: text,
        at: objects,
    };
    let path = reader.path();
    match path {
        Some(path) if path.display_masked(&PathSet::default()) == text => path,
        _ => Path::attribute_of_root(text),
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// What stands where the reader is, on both sides.
    at: [Option<&'a Value>; 2],
}

impl Reader<'_> {
    fn path(&mut self) -> Option<Path> {
        let mut path = Path::root();
        while !self.rest.is_empty() {
            let step = if self.eat("[") {
                let step = self.bracketed()?;
                self.eat("]").then_some(step)?
            } else {
                let first = path.steps().is_empty();
                (first || self.eat(".")).then_some(())?;
                Step::Attribute(self.until(&['.', '[']).to_owned())
            };
            self.enter(&step);
            path = path.join(step);
        }
        Some(path)
    }

    fn bracketed(&mut self) -> Option<Step> {
        let inside_list = self
            .at
            .iter()
            .flatten()
            .any(|value| value.as_elements().is_some());
        Some(match self.value()? {
            Value::String(key) if !inside_list && key != MASK => Step::Key(key),
            Value::Number(n) => match n.as_u64().map(usize::try_from) {
                Some(Ok(index)) => Step::Index(index),
                _ => Step::Element(Box::new(Value::Number(n))),
            },
            member => Step::Element(Box::new(member)),
        })
    }

    fn enter(&mut self, step: &Step) {
        for side in &mut self.at {
            *side = side.and_then(|value| match step {
                Step::Attribute(name) | Step::Key(name) => value.attribute(name),
                Step::Index(i) => value.as_elements()?.get(*i),
                Step::Element(_) => None,
            });
        }
    }

    /// A value as [`crate::value::one_line`] writes it.
    fn value(&mut self) -> Option<Value> {
        if self.eat(MASK) {
            return Some(MASK.into());
        }
        if self.eat("(known after apply)") {
            return Some(Value::Unknown);
        }
        if self.rest.starts_with('"') {
            return self.quoted().map(Value::String);
        }
        if self.eat("[") {
            let mut items = Vec::new();
            while !self.eat("]") {
                (items.is_empty() || self.eat(", ")).then_some(())?;
                items.push(self.value()?);
            }
            return Some(Value::List(items));
        }
        if self.eat("{") {
            let mut entries = Vec::new();
            while !self.eat("}") {
                (entries.is_empty() || self.eat(", ")).then_some(())?;
                let name = if self.rest.starts_with('"') {
                    self.quoted()?
                } else {
                    self.until(&[' ']).to_owned()
                };
                self.eat(" = ").then_some(())?;
                entries.push((name, self.value()?));
            }
            return Some(entries.into_iter().collect());
        }
        match self.until(&[',', ']', '}']) {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number => number.parse().ok().map(Value::Number),
        }
    }

    /// A quoted string as [`crate::address::quote`] and reports write it.
    fn quoted(&mut self) -> Option<String> {
        self.eat("\"").then_some(())?;
        let mut out = String::new();
        loop {
            if self.eat("$${") {
                out.push_str("${");
                continue;
            }
            if self.eat("%%{") {
                out.push_str("%{");
                continue;
            }
            match self.next()? {
                '"' => return Some(out),
                '\\' => out.push(match self.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let hex = self.rest.get(..4)?;
                        self.rest = self.rest.get(4..)?;
                        char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
                    }
                    c => c,
                }),
                c => out.push(c),
            }
        }
    }

    fn eat(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        Some(c)
    }

    fn until(&mut self, ends: &[char]) -> &str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::generate::{typed_value, value_type};

    #[test]
    fn every_kind_of_step_is_read() {
        let object = Value::from_iter([
            ("tags", Value::from_iter([("a.b", "x")])),
            ("zones", Value::List(vec!["a".into()])),
        ]);
        let read = |text: &str| path(text, [Some(&object), None]).0;
        let attribute = |name: &str| Step::Attribute(name.to_owned());
        assert_eq!(
            read(r#"tags["a.b"]"#),
            [attribute("tags"), Step::Key("a.b".into())]
        );
        assert_eq!(
            read(r#"zones["a"]"#),
            [attribute("zones"), Step::Element(Box::new("a".into()))]
        );
        assert_eq!(
            read("ingress[0].port"),
            [attribute("ingress"), Step::Index(0), attribute("port")]
        );
        assert_eq!(
            read(r#"rule[{cidr = ["a", 1], on = true}].x"#),
            [
                attribute("rule"),
                Step::Element(Box::new(Value::from_iter([
                    ("cidr", Value::List(vec!["a".into(), 1.into()])),
                    ("on", true.into()),
                ]))),
                attribute("x"),
            ]
        );
        assert_eq!(
            read("rule[(sensitive value)]"),
            [attribute("rule"), Step::Element(Box::new(MASK.into()))]
        );
        assert_eq!(read("no path ["), [attribute("no path [")]);
        assert_eq!(read(""), []);
    }

    proptest! {
        /// Whatever a path is: read from its text it has the same text.
        #[test]
        fn a_path_reads_as_it_is_shown(
            names in prop::collection::vec(any::<String>(), 1..3),
            key in any::<String>(),
            index in any::<usize>(),
            (_, member) in value_type().prop_flat_map(typed_value),
        ) {
            let mut shown = Path::root();
            for name in names {
                shown = shown.join(Step::Attribute(name));
            }
            for step in [Step::Key(key), Step::Index(index), Step::Element(Box::new(member))] {
                shown = shown.join(step);
                let text = shown.display_masked(&PathSet::default());
                let read = path(&text, [None, None]);
                prop_assert_eq!(read.display_masked(&PathSet::default()), text);
            }
        }
    }
}
