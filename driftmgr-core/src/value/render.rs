//! Values for people: on one line, and with secrets masked.

use std::fmt::Write as _;

use super::types::is_identifier;
use super::{Path, PathSet, Step, Value};
use crate::address::quote;
use crate::redact::MASK;

/// A value on one line of at most `width` characters (`usize::MAX` for all of it): `"t3.small"`, `["a", "b"]`, `{size = 1}`,
/// `null`, `(known after apply)`. Null attributes are left out of objects. Control characters are escaped, so that no value can
/// steer a terminal. Mask it first: this shows what it is given.
pub fn one_line(value: &Value, width: usize) -> String {
    let mut out = String::new();
    write(&mut out, value);
    if out.chars().count() <= width {
        return out;
    }
    let mut cut: String = out.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Unknown => out.push_str("(known after apply)"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{n}");
        }
        Value::String(text) if text == MASK => out.push_str(MASK),
        Value::String(text) => out.push_str(&literal(text)),
        Value::List(items) | Value::Set(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write(out, item);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            for (i, (key, item)) in entries.enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                if is_identifier(key) {
                    out.push_str(key);
                } else {
                    out.push_str(&literal(key));
                }
                out.push_str(" = ");
                write(out, item);
            }
            out.push('}');
        }
        Value::Dynamic(inner) => write(out, &inner.1),
    }
}

/// Quoted as in Terraform's language, with everything escaped that a terminal would act upon or that turns text around.
fn literal(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let quoted = quote(text);
    if !quoted.chars().any(steers) {
        return quoted;
    }
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        if steers(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The value with [`MASK`] in the place of every part that the paths mark. Nulls stay: they hold nothing, and so a secret that
/// appeared or went can be told. A position in a list stands for all positions, since an insertion moves secrets along, and a
/// mark inside a set hides the whole set.
pub fn mask(value: &Value, sensitive: &PathSet) -> Value {
    mask_at(value, &Path::root(), sensitive)
}

/// [`mask`] for the part of an object that stands at `at`; the paths are those of the whole object.
pub fn mask_at(value: &Value, at: &Path, sensitive: &PathSet) -> Value {
    let rest: Option<Vec<&[Step]>> = sensitive.iter().try_fold(Vec::new(), |mut rest, path| {
        let mut steps = path.steps();
        for step in at.steps() {
            match steps.split_first() {
                None => return None,
                Some((first, tail)) if marks(first, step) => steps = tail,
                Some(_) => return Some(rest),
            }
        }
        rest.push(steps);
        Some(rest)
    });
    match rest {
        Some(rest) => masked(value, &rest),
        None => hide(value),
    }
}

fn hide(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Dynamic(inner) if inner.1.is_null() => Value::Null,
        _ => MASK.into(),
    }
}

/// `marked` is what remains of each path below this value.
fn masked(value: &Value, marked: &[&[Step]]) -> Value {
    if marked.is_empty() {
        return value.clone();
    }
    if marked.iter().any(|steps| steps.is_empty()) {
        return hide(value);
    }
    let below = |step: &Step| -> Vec<&[Step]> {
        let entered = marked.iter().filter_map(|steps| steps.split_first());
        entered
            .filter(|(first, _)| marks(first, step))
            .map(|(_, rest)| rest)
            .collect()
    };
    match value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, item)| (key.clone(), masked(item, &below(&Step::Key(key.clone())))))
                .collect(),
        ),
        Value::List(items) => {
            let below = below(&Step::Index(0));
            Value::List(items.iter().map(|item| masked(item, &below)).collect())
        }
        Value::Dynamic(inner) => masked(&inner.1, marked),
        // A set, or something else than what the marks were made for.
        other => hide(other),
    }
}

fn marks(mark: &Step, step: &Step) -> bool {
    match (mark.name(), step.name()) {
        (Some(mark), Some(name)) => mark == name,
        (None, None) => true,
        _ => false,
    }
}

impl PathSet {
    /// True when showing what stands at `path` could show something marked, at whatever position of a list or set the mark is.
    pub fn hides(&self, path: &Path) -> bool {
        self.iter().any(|marked| {
            let pairs = marked.steps().iter().zip(path.steps());
            pairs.into_iter().all(|(mark, step)| marks(mark, step))
        })
    }

    /// True when the path, or one above it, is marked at whatever position of a list or set.
    pub(crate) fn covers_anywhere(&self, path: &Path) -> bool {
        self.iter().any(|marked| {
            let (mark, steps) = (marked.steps(), path.steps());
            mark.len() <= steps.len() && mark.iter().zip(steps).all(|(m, s)| marks(m, s))
        })
    }
}

impl Path {
    /// The path as reports spell it: members of sets stand by their value, masked where that could show something sensitive.
    pub fn display_masked(&self, sensitive: &PathSet) -> String {
        let mut out = String::new();
        let mut at = Path::root();
        for step in self.steps() {
            match step {
                Step::Element(member) => {
                    // A member with masked parts would only pretend to name itself, so it is masked as a whole.
                    let shown = if sensitive.hides(&at.join(step.clone())) {
                        MASK.to_owned()
                    } else {
                        one_line(member, usize::MAX)
                    };
                    let _ = write!(out, "[{shown}]");
                }
                Step::Attribute(name) if out.is_empty() => out.push_str(name),
                Step::Attribute(name) => {
                    let _ = write!(out, ".{name}");
                }
                Step::Key(key) => {
                    let _ = write!(out, "[{}]", literal(key));
                }
                Step::Index(index) => {
                    let _ = write!(out, "[{index}]");
                }
            }
            at = at.join(step.clone());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::{decode_untyped, encode};

    fn value(text: &str) -> Value {
        decode_untyped(text).unwrap()
    }

    fn path(steps: &[Step]) -> Path {
        Path(steps.to_vec())
    }

    fn attribute(name: &str) -> Step {
        Step::Attribute(name.to_owned())
    }

    #[test]
    fn values_fit_on_a_line() {
        for (text, want) in [
            (r#""t3.small""#, r#""t3.small""#),
            (r#"["a",1,null,true]"#, r#"["a", 1, null, true]"#),
            (
                r#"{"b c":1,"a":{"x":"y"},"n":null}"#,
                r#"{a = {x = "y"}, "b c" = 1}"#,
            ),
            (
                r#""line\nbreak\u001b[31m\u202e""#,
                r#""line\nbreak\u001b[31m\u202e""#,
            ),
            ("[]", "[]"),
        ] {
            assert_eq!(one_line(&value(text), 80), want);
        }
        assert_eq!(one_line(&Value::Unknown, 80), "(known after apply)");
        assert_eq!(one_line(&MASK.into(), 80), MASK);
        assert_eq!(one_line(&"äöüäöü".into(), 5), "\"äöü…");
    }

    #[test]
    fn marked_parts_are_masked() {
        let object = value(
            r#"{"a":{"b":"s","c":1},"l":[{"p":"s"},{"p":"s","q":2}],"n":null,"w":{"x":["s"]}}"#,
        );
        let sensitive: PathSet = [
            path(&[attribute("a"), Step::Key("b".into())]),
            path(&[attribute("l"), Step::Index(0), attribute("p")]),
            path(&[attribute("n")]),
            path(&[attribute("w")]),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            encode(&mask(&object, &sensitive)).to_string(),
            r#"{"a":{"b":"M","c":1},"l":[{"p":"M"},{"p":"M","q":2}],"n":null,"w":"M"}"#
                .replace('M', MASK)
        );
        let below = path(&[attribute("w"), attribute("x"), Step::Index(3)]);
        assert_eq!(mask_at(&"s".into(), &below, &sensitive), MASK.into());
        let beside = path(&[attribute("l"), Step::Index(3)]);
        assert_eq!(
            encode(&mask_at(&value(r#"{"p":"s","q":2}"#), &beside, &sensitive)).to_string(),
            r#"{"p":"M","q":2}"#.replace('M', MASK)
        );
    }

    #[test]
    fn a_mark_that_does_not_fit_hides_more_and_not_less() {
        let sensitive: PathSet = [path(&[attribute("a"), attribute("b")])]
            .into_iter()
            .collect();
        for inside in [
            Value::from("s"),
            Value::set([Value::from_iter([("b", "s")])]),
            Value::Dynamic(Box::new((super::super::Type::String, "s".into()))),
        ] {
            let masked = mask(&Value::from_iter([("a", inside)]), &sensitive);
            assert_eq!(masked, Value::from_iter([("a", MASK)]));
        }
    }

    #[test]
    fn hidden_above_below_and_beside() {
        let sensitive: PathSet = [path(&[attribute("l"), Step::Index(0), attribute("p")])]
            .into_iter()
            .collect();
        assert!(sensitive.hides(&path(&[attribute("l")])));
        assert!(sensitive.hides(&path(&[attribute("l"), Step::Index(7)])));
        assert!(sensitive.hides(&path(&[attribute("l"), Step::Index(7), attribute("p")])));
        assert!(!sensitive.hides(&path(&[attribute("l"), Step::Index(0), attribute("q")])));
        assert!(sensitive.hides(&Path::root()));
        assert!(!PathSet::default().hides(&Path::root()));
    }

    #[test]
    fn members_of_sets_stand_by_value_unless_secret() {
        let member = Value::from_iter([("port", Value::from(22)), ("from", Value::Null)]);
        let ingress = path(&[
            attribute("a"),
            attribute("ingress"),
            Step::Element(Box::new(member)),
        ]);
        let none = PathSet::default();
        assert_eq!(ingress.display_masked(&none), "a.ingress[{port = 22}]");
        for marked in [
            path(&[attribute("a")]),
            path(&[
                attribute("a"),
                attribute("ingress"),
                Step::Index(0),
                attribute("port"),
            ]),
        ] {
            let sensitive: PathSet = [marked].into_iter().collect();
            assert_eq!(
                ingress.display_masked(&sensitive),
                format!("a.ingress[{MASK}]")
            );
        }
        let plain = path(&[
            attribute("a"),
            Step::Index(1),
            Step::Key("b c".into()),
            attribute("d"),
        ]);
        assert_eq!(plain.display_masked(&none), plain.to_string());
    }
}
