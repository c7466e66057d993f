//! Bytes to a state. Whatever cannot be read is refused with what it is, where, and what to do; it is never an empty state.

mod guard;
pub(super) mod json;
mod legacy;
mod scalars;
mod sniff;
pub(super) mod v4;

use std::sync::Arc;

use serde_json::error::Category;
use serde_json::value::RawValue;

use self::json::{Document, Object, kind};
use super::model::State;
use super::source::Source;
use crate::error::{Error, ErrorKind, Result};

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
        let (text, encoding) = sniff::text(bytes)?;
        let document = Document { text: &text };
        if let Some(at) = guard::too_deep(&text) {
            let limit = guard::MAX_DEPTH;
            return Err(document
                .error_at(at, format!("nested more than {limit} levels deep"))
                .with_hint("no state nests like this; fetch the state again"));
        }
        let top = top_level(document)?;
        sniff::refuse_what_is_no_state(&document, &top)?;
        let text = Arc::<str>::from(text.as_ref());
        let mut state = match version(&document, &top)? {
            4 => v4::read(&document, &top, &text)?,
            version => legacy::read(&document, &top, version)?,
        };
        state.source = Some(Source { text, encoding });
        Ok(state)
    }
}

fn top_level(document: Document<'_>) -> Result<Object<'_>> {
    let start = document.text.trim_start().as_bytes().first();
    if start != Some(&b'{')
        && let Ok(other) = serde_json::from_str::<&RawValue>(document.text)
    {
        let kind = kind(other);
        return Err(document
            .error(other, format!("JSON, but not a state: it is {kind}"))
            .with_hint("a state is a JSON object with `version`, `serial` and `lineage`"));
    }
    document.object(document.text, "resources").map_err(|misread| {
        match misread.category {
            Category::Eof => document
                .error_at(misread.at, "truncated: the JSON ends before it is complete")
                .with_hint("the file was not written or copied completely; restore it from `terraform.tfstate.backup` or an earlier version"),
            Category::Data => document.error_at(misread.at, format!("`resources` cannot be read: {}", misread.reason)),
            _ => document
                .error_at(misread.at, format!("not JSON: {}", misread.reason))
                .with_hint("a state is JSON; is this the right file?"),
        }
    })
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
    match serde_json::from_str::<u64>(raw.get()) {
        Ok(version @ 1..=4) => Ok(version),
        Ok(version) => {
            let error = document
                .error(
                    raw,
                    format!("state format version {version} is not supported"),
                )
                .with_hint(hint);
            Err(match top.get("terraform_version") {
                Some(by) => match serde_json::from_str::<String>(by.get()) {
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
