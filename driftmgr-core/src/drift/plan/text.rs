//! From the bytes of a file to the text of a plan, or to what the file is instead.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};

/// How the right file is made.
const MAKE: &str = "make it with `terraform show -json PLANFILE > plan.json` (or `tofu show -json`), where PLANFILE is what `plan -out=PLANFILE` wrote";

/// An error about the file as a whole.
pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
        .with_operation("plan.read")
        .with_hint(MAKE)
}

/// The text, whatever byte order mark the shell gave it.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>> {
    match bytes {
        [] => Err(refused("empty, and not a plan")),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        // PowerShell before version 6 writes UTF-16.
        [0xFF, 0xFE, rest @ ..] | rest @ [b'{', 0, ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] | rest @ [0, b'{', ..] => utf16(rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => Err(refused(
            "a saved plan file (`plan -out`), which is a zip archive and not JSON",
        )),
        [0x1F, 0x8B, ..] => Err(refused("gzip-compressed, and not a plan as it is")
            .with_hint("decompress it first: `gunzip < FILE > plan.json`")),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>> {
    if bytes.iter().take(4096).any(|b| *b == 0) {
        return Err(refused("binary, and not a plan in JSON"));
    }
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|e| refused("not UTF-8 text, and not a plan").with("byte", e.valid_up_to()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(refused("broken UTF-16 text: half a character at the end"));
    }
    let units = pairs.map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        _ => 0,
    });
    char::decode_utf16(units)
        .collect::<std::result::Result<String, _>>()
        .map(Cow::Owned)
        .map_err(|_| refused("broken UTF-16 text, and not a plan"))
}

/// The one JSON object that the text holds, or what the text holds instead.
pub(super) fn parse(text: &str) -> Result<Json> {
    let body = text.trim_start();
    match body.as_bytes().first() {
        None => return Err(refused("empty, and not a plan")),
        Some(b'{' | b'[') => {}
        Some(_) => return Err(no_json(text)),
    }
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let first = match documents.next() {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(broken(&error)),
        None => return Err(refused("empty, and not a plan")),
    };
    let end = documents.byte_offset();
    refuse_what_is_no_plan(&first)?;
    let rest = text.get(end..).unwrap_or_default();
    if let Some(at) = rest.find(|c: char| !c.is_whitespace()) {
        let line = line_of(text, end + at);
        return Err(refused("something follows the JSON of the plan").with("line", line));
    }
    Ok(first)
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// The parser's own sentence can quote what it read.
fn broken(error: &serde_json::Error) -> Error {
    let message = match error.classify() {
        serde_json::error::Category::Eof => "truncated: the JSON ends before it is complete",
        _ if error.to_string().starts_with("recursion limit") => "nested too deep for a plan",
        _ => "not valid JSON",
    };
    refused(message)
        .with("line", error.line())
        .with("column", error.column())
}

/// Text that does not begin as JSON does.
fn no_json(text: &str) -> Error {
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return refused("a Git LFS pointer: the plan itself was not checked out")
            .with_hint("run `git lfs pull`");
    }
    const SPOKEN: [&str; 4] = [
        "will perform the following actions",
        "No changes. ",
        "Changes to Outputs:",
        "Objects have changed outside of ",
    ];
    let spoken = SPOKEN.iter().any(|words| text.contains(words));
    match json_below(text) {
        Some(line) => {
            let what = match line {
                2 => "a log line stands",
                _ => "log lines stand",
            };
            refused(format!("{what} before the JSON"))
                .with("JSON from line", line)
                .with_hint(
                    "redirect standard output alone (no `2>&1`), without a wrapper that writes there",
                )
        }
        None if spoken => refused("a plan as text for people, and not in JSON"),
        None => refused("text, and not a plan in JSON"),
    }
}

/// The line from which on the text is a JSON object. A text of another kind can have many lines that look like the first one.
fn json_below(text: &str) -> Option<usize> {
    const TRIES: usize = 10;
    let mut at = 0;
    let mut lines = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_start().starts_with('{') {
            lines.push((index + 1, at));
        }
        at += line.len();
    }
    lines
        .into_iter()
        .take(TRIES)
        .find(|(_, at)| {
            let rest = text.get(*at..).unwrap_or_default();
            serde_json::from_str::<serde::de::IgnoredAny>(rest).is_ok()
        })
        .map(|(line, _)| line)
}

/// Known JSON that is no plan.
fn refuse_what_is_no_plan(document: &Json) -> Result<()> {
    let is_message = |json: &Json| json.get("@level").is_some() || json.get("@message").is_some();
    let messages = match document {
        Json::Array(items) => items.first().is_some_and(is_message),
        other => is_message(other),
    };
    if messages {
        return Err(refused(
            "the message stream of `terraform plan -json`, and not the plan itself",
        ));
    }
    let Json::Object(top) = document else {
        return Err(refused("a JSON array, and not a plan"));
    };
    let has = |name: &str| top.contains_key(name);
    if has("driftmgr_snapshot") {
        return Err(refused("a snapshot of driftmgr, and not a plan")
            .with_hint("give it with --snapshot FILE"));
    }
    if has("encrypted_data") {
        return Err(refused("an encrypted file of OpenTofu, and not a plan"));
    }
    if !has("format_version")
        && has("version")
        && (has("resources") || has("modules") || has("lineage"))
    {
        return Err(refused("a state, and not a plan").with_hint(
            "a state is a target: `driftmgr drift FILE`; --against FILE compares a target with another state",
        ));
    }
    let plan = [
        "planned_values",
        "resource_changes",
        "resource_drift",
        "output_changes",
    ];
    if plan.iter().any(|name| has(name)) || (has("prior_state") && has("configuration")) {
        return Ok(());
    }
    let what = if has("values") {
        "the output of `terraform show -json` for a state, and not for a plan"
    } else if has("provider_schemas") {
        "the output of `terraform providers schema -json`, and not a plan"
    } else if has("function_signatures") {
        "the output of `terraform metadata functions -json`, and not a plan"
    } else if has("valid") && has("diagnostics") {
        "the output of `terraform validate -json`, and not a plan"
    } else if has("format_version") && (has("configuration") || has("applyable")) {
        // A plan of an empty configuration.
        return Ok(());
    } else if has("format_version") {
        "the JSON of another command, or of an empty state, and not a plan"
    } else {
        "JSON, but not a plan: it has no `resource_changes`"
    };
    Err(refused(what))
}
