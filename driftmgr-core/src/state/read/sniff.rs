//! What a file is, when it is no state.

use bytes::Bytes;
use bytestring::ByteString;

use super::json::{Document, Object};
use crate::error::{Error, ErrorKind, Result};
use crate::state::source::Encoding;

/// The text of the file, or what the bytes are instead.
pub(super) fn text(bytes: Bytes) -> Result<(ByteString, Encoding)> {
    let invalid =
        |message: &str| Error::new(ErrorKind::InvalidState, message).with_operation("state.read");
    let (text, encoding) = match bytes.as_ref() {
        [0xEF, 0xBB, 0xBF, ..] => (utf8(bytes.slice(3..), 3)?, Encoding::Utf8WithMark),
        [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes)?, Encoding::Utf16Le),
        [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes)?, Encoding::Utf16Be),
        [b'P', b'K', 3, 4, ..] => {
            return Err(invalid("a zip archive, probably a saved plan, and not a state")
                .with("byte", 0)
                .with_hint("`terraform show -json PLANFILE` prints a plan; `terraform state pull` prints the state"));
        }
        [0x1F, 0x8B, ..] => {
            return Err(invalid("gzip-compressed, and not a state as it is")
                .with("byte", 0)
                .with_hint("decompress it first: `gunzip < FILE > terraform.tfstate`"));
        }
        _ => (utf8(bytes, 0)?, Encoding::Utf8),
    };
    if text.trim().is_empty() {
        let what = if text.is_empty() {
            "empty"
        } else {
            "empty: there is only white space"
        };
        return Err(invalid(what).with("bytes", text.len()).with_hint(
            "terraform writes no empty states; restore it from `terraform.tfstate.backup` or an earlier version",
        ));
    }
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Err(
            invalid("a Git LFS pointer: the state itself was not checked out")
                .with("byte", 0)
                .with_hint("run `git lfs pull`"),
        );
    }
    Ok((text, encoding))
}

fn utf8(bytes: Bytes, skipped: usize) -> Result<ByteString> {
    let refused = |what: &str, at: usize| {
        Error::new(ErrorKind::InvalidState, format!("{what}, and not a state"))
            .with_operation("state.read")
            .with("byte", at + skipped)
            .with_hint("a state is JSON in UTF-8; is this the right file?")
    };
    if let Some(at) = bytes.iter().take(4096).position(|b| *b == 0) {
        return Err(refused("binary", at));
    }
    ByteString::try_from(bytes).map_err(|error| refused("not UTF-8 text", error.valid_up_to()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<ByteString> {
    let broken = |at: usize| {
        Error::new(ErrorKind::InvalidState, "broken UTF-16 text")
            .with_operation("state.read")
            .with("byte", at)
            .with_hint("the file was not written or copied completely")
    };
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(broken(bytes.len() + 1));
    }
    let units = pairs.map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        _ => 0,
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for (i, c) in char::decode_utf16(units).enumerate() {
        text.push(c.map_err(|_| broken(2 + 2 * i))?);
    }
    Ok(text.into())
}

/// Known JSON files that are no state.
pub(super) fn refuse_what_is_no_state(
    document: &Document<'_>,
    top: &Object<'_>,
    no_resources: bool,
) -> Result<()> {
    let no_state = |field: Option<&str>, message: &str, hint: &str| {
        let error = match field {
            Some(raw) => document.error(raw, message),
            None => document.error_at(0, message),
        };
        Err(error.with_hint(hint))
    };
    let has = |name: &str| top.get(name).is_some();
    if has("encrypted_data") {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "an encrypted OpenTofu state: its resources cannot be read without the key",
        )
        .with_operation("state.read")
        .with("encryption", encryption_version(top))
        .with_hint("set TF_ENCRYPTION as for `tofu`, or give the folder of the root module whose `encryption` block says how"));
    }
    if has("planned_values") || (has("resource_changes") && !has("lineage")) {
        return no_state(
            top.get("planned_values")
                .or_else(|| top.get("resource_changes")),
            "a plan in JSON (`terraform show -json PLANFILE`), and not a state",
            "give the state itself: `terraform state pull` prints it",
        );
    }
    if has("format_version") && !has("version") {
        return no_state(
            top.get("format_version"),
            "the output of `terraform show -json` or another command, and not the state itself",
            "give the state itself: `terraform state pull` prints it",
        );
    }
    if has("version") && no_resources && !has_modules(top) {
        if let Some(backend) = top.get("backend").filter(|raw| has_type(raw)) {
            return no_state(
                Some(backend),
                &format!(
                    "a backend pointer: the state itself is in the backend{}",
                    type_of(backend)
                ),
                "give the directory instead of this file, or the output of `terraform state pull`",
            );
        }
        if let Some(remote) = top.get("remote").filter(|raw| has_type(raw)) {
            return no_state(
                Some(remote),
                &format!(
                    "a legacy remote pointer: the state itself is in the remote{}",
                    type_of(remote)
                ),
                "this is how Terraform before 0.9 kept it; give the output of `terraform state pull`",
            );
        }
    }
    if !has("version") {
        let known: &[(&str, &str)] = &[
            (
                "Operation",
                "a lock of a state (`.terraform.tfstate.lock.info`)",
            ),
            (
                "Modules",
                "a list of installed modules (`.terraform/modules/modules.json`)",
            ),
            (
                "provider_schemas",
                "the output of `terraform providers schema -json`",
            ),
        ];
        for (field, what) in known {
            if has(field) {
                return no_state(
                    top.get(field),
                    &format!("{what}, and not a state"),
                    "give the state itself",
                );
            }
        }
    }
    Ok(())
}

fn encryption_version(top: &Object<'_>) -> String {
    top.get("encryption_version")
        .and_then(|raw| serde_json::from_str::<String>(raw).ok())
        .filter(|text| text.len() < 20 && text.chars().all(|c| c.is_ascii_alphanumeric()))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn backend_type(raw: &str) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(raw).ok()?;
    let name = object.get("type")?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn has_type(raw: &str) -> bool {
    backend_type(raw).is_some()
}

fn type_of(raw: &str) -> String {
    backend_type(raw).map_or_else(String::new, |name| format!(" `{name}`"))
}

/// True when a state of an old format holds anything.
fn has_modules(top: &Object<'_>) -> bool {
    let modules = top
        .get("modules")
        .and_then(|raw| serde_json::from_str::<Vec<serde_json::Value>>(raw).ok());
    modules.is_some_and(|modules| {
        modules.iter().any(|module| {
            ["resources", "outputs"].iter().any(|part| {
                module
                    .get(part)
                    .and_then(serde_json::Value::as_object)
                    .is_some_and(|entries| !entries.is_empty())
            })
        })
    })
}
