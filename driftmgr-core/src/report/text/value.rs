//! Values as Terraform expressions, with secret parts masked.

use std::fmt::Write as _;

use super::safe;
use crate::address::quote;
use crate::redact::MASK;
use crate::value::{Path, PathSet, Step, Value};

/// A value on one line. `at` is where it stands, `secret` what must not be shown.
pub(super) fn inline(value: &Value, at: &Path, secret: &PathSet) -> String {
    let mut out = String::new();
    write(&mut out, value, at, secret);
    out
}

fn write(out: &mut String, value: &Value, at: &Path, secret: &PathSet) {
    if secret.covers(at) {
        out.push_str(MASK);
        return;
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Unknown => out.push_str("(not known)"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{n}");
        }
        Value::String(s) => out.push_str(&safe::one_line(&quote(s))),
        Value::List(items) => {
            sequence(out, items, |out, i, item| {
                write(out, item, &at.join(Step::Index(i)), secret);
            });
        }
        Value::Set(items) => {
            sequence(out, items, |out, _, item| {
                let at = at.join(Step::Element(Box::new(item.clone())));
                write(out, item, &at, secret);
            });
        }
        Value::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Value::Map(entries) => {
            out.push_str("{ ");
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(&name(key));
                out.push_str(" = ");
                write(out, item, &at.join(Step::Key(key.clone())), secret);
            }
            out.push_str(" }");
        }
        Value::Dynamic(inner) => write(out, &inner.1, at, secret),
    }
}

fn sequence(out: &mut String, items: &[Value], mut each: impl FnMut(&mut String, usize, &Value)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        each(out, i, item);
    }
    out.push(']');
}

/// A key of an object, quoted when it is no identifier.
fn name(key: &str) -> String {
    let identifier = key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if identifier {
        key.to_owned()
    } else {
        safe::one_line(&quote(key))
    }
}

/// A path as in an expression; members of sets stand by value, unless something in them is secret.
pub(super) fn path(path: &Path, secret: &PathSet) -> String {
    let mut out = String::new();
    let mut at = Path::root();
    for step in path.steps() {
        at = at.join(step.clone());
        match step {
            Step::Attribute(name) if out.is_empty() => out.push_str(&safe::one_line(name)),
            Step::Attribute(name) => {
                out.push('.');
                out.push_str(&safe::one_line(name));
            }
            Step::Key(key) => {
                let _ = write!(out, "[{}]", safe::one_line(&quote(key)));
            }
            Step::Index(i) => {
                let _ = write!(out, "[{i}]");
            }
            Step::Element(_) if secret.touches(&at) => out.push_str("[…]"),
            Step::Element(member) => {
                let _ = write!(out, "[{}]", inline(member, &at, secret));
            }
        }
    }
    out
}

/// Both sides of a change as text that is better compared by lines: multi-line strings, and JSON documents laid out.
pub(super) fn documents(before: Option<&Value>, after: Option<&Value>) -> Option<(String, String)> {
    let (before, after) = (before?.as_str()?, after?.as_str()?);
    if let (Some(a), Some(b)) = (json_document(before), json_document(after)) {
        // Layout alone differs: then the raw text is what there is to see.
        return (a != b).then_some((a, b));
    }
    let several = |text: &str| text.trim_end_matches('\n').contains('\n');
    (several(before) || several(after)).then(|| (before.to_owned(), after.to_owned()))
}

fn json_document(text: &str) -> Option<String> {
    text.trim_start()
        .starts_with(['{', '['])
        .then(|| serde_json::from_str::<serde_json::Value>(text).ok())
        .flatten()
        .and_then(|document| serde_json::to_string_pretty(&document).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(names: &[&str]) -> Path {
        Path(names.iter().map(|n| Step::Key((*n).to_owned())).collect())
    }

    #[test]
    fn reads_as_an_expression() {
        let value: Value = [
            ("a", Value::from(1)),
            ("b c", Value::List(vec!["x\n${y}".into(), Value::Null])),
            ("e", Value::Map(Default::default())),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            inline(&value, &Path::root(), &PathSet::default()),
            r#"{ a = 1, "b c" = ["x\n$${y}", null], e = {} }"#
        );
    }

    #[test]
    fn secrets_are_masked_where_they_stand() {
        let value: Value = [("user", Value::from("bob")), ("password", "pw-1".into())]
            .into_iter()
            .collect();
        let secret: PathSet = [at(&["login", "password"])].into_iter().collect();
        assert_eq!(
            inline(&value, &at(&["login"]), &secret),
            format!("{{ password = {MASK}, user = \"bob\" }}")
        );
        let member = at(&["login"]).join(Step::Element(Box::new("pw-1".into())));
        let whole: PathSet = [at(&["login"])].into_iter().collect();
        assert_eq!(path(&member, &whole), r#"["login"][…]"#);
        assert_eq!(path(&member, &PathSet::default()), r#"["login"]["pw-1"]"#);
    }

    #[test]
    fn documents_are_laid_out() {
        let json = documents(Some(&r#"{"a":1}"#.into()), Some(&r#"{"a":2}"#.into()));
        assert_eq!(
            json,
            Some(("{\n  \"a\": 1\n}".into(), "{\n  \"a\": 2\n}".into()))
        );
        assert!(documents(Some(&"a\n".into()), Some(&"b\n".into())).is_none());
        assert!(documents(Some(&"a\nb".into()), Some(&"b".into())).is_some());
        assert!(documents(Some(&"a\nb".into()), None).is_none());
    }
}
