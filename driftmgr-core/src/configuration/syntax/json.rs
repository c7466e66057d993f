//! The JSON spelling: which objects are blocks follows from the language's own blocks; strings are templates.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::native::parse_embedded_template;
use super::source::{SourceFile, Span};
use super::syntax_error;
use super::tree::{Attribute, Block, Body, Expression, Node, NodeKind, normal};
use crate::error::Error;
use crate::value::Value;

/// How many labels the blocks of a type have, by the block they stand in; `None` where the name is an attribute.
fn labels_of(parent: Option<&str>, name: &str) -> Option<usize> {
    match (parent, name) {
        (None, "resource" | "data" | "ephemeral") => Some(2),
        (None, "provider" | "variable" | "output" | "module" | "check") => Some(1),
        (None, "locals" | "terraform" | "moved" | "import" | "removed") => Some(0),
        (Some("terraform"), "backend" | "provider_meta") => Some(1),
        (Some("terraform"), "required_providers" | "cloud" | "encryption") => Some(0),
        (Some("cloud"), "workspaces") => Some(0),
        (Some("encryption"), "key_provider" | "method") => Some(2),
        (Some("encryption"), "state" | "plan" | "remote_state_data_sources") => Some(0),
        (Some("state" | "plan" | "fallback"), "fallback") => Some(0),
        (Some("resource" | "data" | "removed"), "lifecycle") => Some(0),
        (Some("resource"), "connection") => Some(0),
        (Some("resource"), "provisioner") => Some(1),
        (Some("provider"), "dynamic") => Some(1),
        (Some("dynamic"), "content") => Some(0),
        _ => None,
    }
}

pub(super) fn parse_body(file: &Arc<SourceFile>) -> Result<Body, Error> {
    read(file, true, |reader, root| reader.body(None, root))
}

pub(super) fn parse_values(file: &Arc<SourceFile>) -> Result<Body, Error> {
    read(file, false, |reader, root| {
        reader.body(Some("values"), root)
    })
}

/// What stands in an `encryption` block.
pub(super) fn parse_encryption(file: &Arc<SourceFile>) -> Result<Body, Error> {
    read(file, true, |reader, root| {
        reader.body(Some("encryption"), root)
    })
}

fn read(
    file: &Arc<SourceFile>,
    templates: bool,
    build: impl FnOnce(&Reader<'_>, &RawValue) -> Result<Body, Error>,
) -> Result<Body, Error> {
    let root: &RawValue = serde_json::from_str(file.text()).map_err(|e| {
        let offset = offset_of(file.text(), e.line(), e.column());
        // serde_json puts its own position at the end of the message; ours stands in the context.
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        syntax_error(file, offset, message)
    })?;
    build(&Reader { file, templates }, root)
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (start + column.saturating_sub(1)).min(text.len())
}

/// An object with its keys in order, duplicates included.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(InOrder).map(Entries)
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    /// Strings are templates; in files of variable values they are not.
    templates: bool,
}

impl Reader<'_> {
    fn span(&self, raw: &RawValue) -> Span {
        // `raw` borrows from the file's text, so the distance of the two is its offset.
        let start =
            (raw.get().as_ptr() as usize).saturating_sub(self.file.text().as_ptr() as usize);
        Span {
            start,
            end: start + raw.get().len(),
        }
    }

    fn wrong(&self, raw: &RawValue, reason: &str) -> Error {
        syntax_error(self.file, self.span(raw).start, reason)
    }

    fn parse<'r, T: Deserialize<'r>>(&self, raw: &'r RawValue, what: &str) -> Result<T, Error> {
        serde_json::from_str(raw.get()).map_err(|_| self.wrong(raw, &format!("expected {what}")))
    }

    fn entries<'r>(&self, raw: &'r RawValue) -> Result<Vec<(String, &'r RawValue)>, Error> {
        Ok(self.parse::<Entries<'r>>(raw, "an object")?.0)
    }

    /// The objects that stand for one or many blocks.
    fn objects<'r>(&self, raw: &'r RawValue) -> Result<Vec<&'r RawValue>, Error> {
        match raw.get().as_bytes().first() {
            Some(b'[') => self.parse(raw, "an array"),
            Some(b'n') => Ok(Vec::new()),
            _ => Ok(vec![raw]),
        }
    }

    fn body(&self, parent: Option<&str>, raw: &RawValue) -> Result<Body, Error> {
        let mut body = Body::default();
        for object in self.objects(raw)? {
            for (name, value) in self.entries(object)? {
                // The documented way to write a comment.
                if name == "//" {
                    continue;
                }
                match labels_of(parent, &name) {
                    Some(labels) => {
                        self.blocks(&name, &mut Vec::new(), labels, value, &mut body)?
                    }
                    None if parent.is_none() => {
                        return Err(self.wrong(value, &format!("unknown block type `{name}`")));
                    }
                    None => body.attributes.push(Attribute {
                        name,
                        value: self.expression(value)?,
                    }),
                }
            }
        }
        Ok(body)
    }

    fn blocks(
        &self,
        block_type: &str,
        labels: &mut Vec<String>,
        missing: usize,
        raw: &RawValue,
        into: &mut Body,
    ) -> Result<(), Error> {
        for object in self.objects(raw)? {
            if missing == 0 {
                into.blocks.push(Block {
                    block_type: block_type.to_owned(),
                    labels: labels.clone(),
                    body: self.body(Some(block_type), object)?,
                    location: self.file.location(self.span(object).start),
                });
                continue;
            }
            for (label, value) in self.entries(object)? {
                if label == "//" {
                    continue;
                }
                labels.push(label);
                self.blocks(block_type, labels, missing - 1, value, into)?;
                labels.pop();
            }
        }
        Ok(())
    }

    fn expression(&self, raw: &RawValue) -> Result<Expression, Error> {
        Ok(Expression {
            file: Arc::clone(self.file),
            node: self.node(raw)?,
        })
    }

    fn node(&self, raw: &RawValue) -> Result<Node, Error> {
        let span = self.span(raw);
        let kind = match raw.get().as_bytes().first() {
            Some(b'"') => return self.text(&self.parse::<String>(raw, "a string")?, span),
            Some(b'[') => NodeKind::Array(
                self.parse::<Vec<&RawValue>>(raw, "an array")?
                    .into_iter()
                    .map(|item| self.node(item))
                    .collect::<Result<_, _>>()?,
            ),
            Some(b'{') => NodeKind::Object(
                self.entries(raw)?
                    .into_iter()
                    .map(|(key, value)| {
                        let span = self.span(value);
                        Ok((self.text(&key, span)?, self.node(value)?))
                    })
                    .collect::<Result<_, Error>>()?,
            ),
            Some(b't' | b'f') => NodeKind::Literal(Value::Bool(self.parse(raw, "a boolean")?)),
            Some(b'n') => NodeKind::Literal(Value::Null),
            _ => NodeKind::Literal(Value::Number(
                raw.get()
                    .parse()
                    .map_err(|_| self.wrong(raw, "a number is out of range"))?,
            )),
        };
        Ok(Node { span, kind })
    }

    fn text(&self, text: &str, span: Span) -> Result<Node, Error> {
        if self.templates && (text.contains("${") || text.contains("%{")) {
            parse_embedded_template(self.file, text, span)
        } else {
            Ok(Node::literal(span, normal(text)))
        }
    }
}
