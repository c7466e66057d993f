//! Bytes to a state. Whatever cannot be read is refused with what it is, where, and what to do; it is never an empty state.

pub(super) mod json;
mod legacy;
mod scalars;
mod scan;
mod sniff;
pub(super) mod v4;

use bytes::Bytes;

use self::json::{Document, Object, kind};
use self::scan::Cursor;
use super::model::{Instance, State};
use super::source::Source;
use crate::error::{Error, ErrorKind, Result};

impl Instance {
    /// Reads what a state of format v4 says of one instance.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for anything else.
    pub fn from_json(text: &str) -> Result<Self> {
        v4::one_instance(text)
    }
}

impl State {
    /// Reads a state of format v1 to v4 and upgrades it to v4 in memory.
    ///
    /// Attribute bodies are kept as they are and parsed only when they are asked for. As in Terraform, field names are found without
    /// regard to case, the last of duplicate keys wins, and a fractional `index_key` loses its fraction. Unlike Terraform, byte
    /// order marks and UTF-16 are read.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for what is no state or a broken one; [`ErrorKind::Unsupported`] for an encrypted state and for
    /// format versions after 4. Each names the place (`byte`, `line`, `column`) where there is one, and has a hint.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes(Bytes::copy_from_slice(bytes))
    }

    /// [`State::parse`] without a copy: the state keeps the bytes.
    ///
    /// # Errors
    /// Those of [`State::parse`].
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self> {
        let (text, encoding) = sniff::text(bytes.into())?;
        let document = Document { text: &text };
        let mut resources = v4::Resources::new(&text);
        let top = top_level(document, &mut resources)?;
        sniff::refuse_what_is_no_state(&document, &top, resources.are_none())?;
        let mut state = match version(&document, &top)? {
            4 => v4::read(&document, &top, resources)?,
            version => legacy::read(&document, &top, version)?,
        };
        state.source = Some(Source { text, encoding });
        Ok(state)
    }
}

fn top_level<'a>(document: Document<'a>, resources: &mut v4::Resources<'a>) -> Result<Object<'a>> {
    let mut cursor = Cursor::new(document.text);
    if cursor.peek() != Some(b'{') {
        let other = cursor
            .value()
            .and_then(|value| cursor.end().map(|()| value));
        let other = other.map_err(|stop| document.stopped(stop))?;
        let kind = kind(other);
        return Err(document
            .error(other, format!("JSON, but not a state: it is {kind}"))
            .with_hint("a state is a JSON object with `version`, `serial` and `lineage`"));
    }
    let mut top = Object::default();
    let walked = cursor.members(|cursor, name| {
        if name.eq_ignore_ascii_case("resources") && cursor.peek() == Some(b'[') {
            return resources.walk(cursor);
        }
        top.fields.push((name, cursor.value()?));
        Ok(())
    });
    let walked = walked.and_then(|()| cursor.end());
    walked.map_err(|stop| document.stopped(stop))?;
    Ok(top)
}

fn version(document: &Document<'_>, top: &Object<'_>) -> Result<u64> {
    let Some(raw) = top.get("version") else {
        return Err(Error::new(
            ErrorKind::InvalidState,
            "JSON, but not a state: it has no `version`",
        )
        .with_operation("state.read")
        .with_hint("a state is a JSON object with `version`, `serial` and `lineage`"));
    };
    let hint = "formats 1 to 4 are read: Terraform 0.x to 1.x and OpenTofu write them";
    match serde_json::from_str::<u64>(raw) {
        Ok(version @ 1..=4) => Ok(version),
        Ok(version) => {
            let error = document
                .error(
                    raw,
                    format!("state format version {version} is not supported"),
                )
                .with_hint(hint);
            Err(match top.get("terraform_version") {
                Some(by) => match serde_json::from_str::<String>(by) {
                    Ok(by) if scalars::is_version(&by) => error.with("written by", by),
                    _ => error,
                },
                None => error,
            })
        }
        Err(_) => {
            let kind = kind(raw);
            let message = format!("the state's `version` is {kind} and no positive whole number");
            Err(document.error(raw, message).with_hint(hint))
        }
    }
}
