//! Files, read only. Relative paths start at the root module's folder, where Terraform would run.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::arguments::Arguments;
use super::{Answer, Error, Folders, wrong};
use crate::configuration::load::normalize;
use crate::value::Value;

/// Larger files do not belong into a configuration.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// How many entries `fileset` looks at.
const MAX_ENTRIES: usize = 100_000;

pub(super) fn call(name: &str, arguments: &Arguments<'_>, folders: &Folders<'_>) -> Option<Answer> {
    Some(match name {
        "file" => path(arguments, |p| {
            String::from_utf8(read(folders, p)?)
                .map(Value::String)
                .map_err(|_| wrong("the file is not UTF-8 text"))
        }),
        "filebase64" => path(arguments, |p| {
            Ok(Value::from(STANDARD.encode(read(folders, p)?)))
        }),
        "fileexists" => path(arguments, |p| match std::fs::metadata(folders.resolve(p)) {
            Ok(found) if found.is_file() => Ok(Value::Bool(true)),
            Ok(_) => Err(wrong("the path is not a file")),
            Err(_) => Ok(Value::Bool(false)),
        }),
        "fileset" => file_set(arguments, folders),
        "abspath" => path(arguments, |p| {
            let full = normalize(&folders.current.join(p));
            Ok(Value::from(full.to_string_lossy().as_ref()))
        }),
        "pathexpand" => path(arguments, |p| {
            Ok(Value::from(folders.expand(p).to_string_lossy().as_ref()))
        }),
        "basename" => path(arguments, |p| Ok(Value::from(base_name(p)))),
        "dirname" => path(arguments, |p| Ok(Value::String(dir_name(p)))),
        _ => return None,
    })
}

fn path(arguments: &Arguments<'_>, compute: impl FnOnce(&str) -> Answer) -> Answer {
    arguments.count(1..=1)?;
    compute(&arguments.string(0)?)
}

/// The bytes of a file.
pub(super) fn read(folders: &Folders<'_>, path: &str) -> Result<Vec<u8>, Error> {
    let full = folders.resolve(path);
    let fault = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => wrong("the file does not exist"),
        _ => wrong("the file cannot be read"),
    };
    let metadata = std::fs::metadata(&full).map_err(fault)?;
    if !metadata.is_file() {
        return Err(wrong("the path is not a file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(wrong("the file is too large"));
    }
    // A file of the system can hold more than it says.
    let mut bytes = Vec::new();
    std::fs::File::open(&full)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(fault)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(wrong("the file is too large"));
    }
    Ok(bytes)
}

fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".",
        (_, true) => "/",
        _ => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn dir_name(path: &str) -> String {
    match path.rfind('/') {
        None => ".".to_owned(),
        Some(at) => {
            let parent = path.get(..=at).unwrap_or_default();
            normalize(Path::new(parent)).to_string_lossy().into_owned()
        }
    }
}

fn file_set(arguments: &Arguments<'_>, folders: &Folders<'_>) -> Answer {
    arguments.count(2..=2)?;
    let root = folders.resolve(&arguments.string(0)?);
    let pattern = glob(&arguments.string(1)?)?;
    let mut found = Vec::new();
    let mut looked = 0;
    let mut pending: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(dir) = pending.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&dir)) else {
            continue;
        };
        for entry in entries.flatten() {
            looked += 1;
            if looked > MAX_ENTRIES {
                return Err(wrong("the folder has too many entries"));
            }
            let path = dir.join(entry.file_name());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                pending.push(path);
            } else if let Some(text) = path.to_str()
                && pattern.is_match(text)
                // A link counts when it leads to a file.
                && root.join(&path).is_file()
            {
                found.push(Value::from(text));
            }
        }
    }
    Ok(Value::set(found))
}

/// A glob as a regular expression: `*`, `?`, `**`, `[a-z]`, `{a,b}`.
fn glob(pattern: &str) -> Result<Regex, Error> {
    let mut out = String::from("^");
    let mut alternatives = 0;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            out.push_str("(?:[^/]*/)*");
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("**") {
            out.push_str(".*");
            rest = after;
            continue;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                alternatives += 1;
                out.push_str("(?:");
            }
            ',' if alternatives > 0 => out.push('|'),
            '}' if alternatives > 0 => {
                alternatives -= 1;
                out.push(')');
            }
            '[' => {
                let end = after
                    .find(']')
                    .ok_or_else(|| wrong("the pattern has an open bracket"))?;
                let class = after.get(..end).unwrap_or_default();
                let class = class
                    .strip_prefix('!')
                    .map_or(class.to_owned(), |c| format!("^{c}"));
                out.push_str(&format!("[{class}]"));
                rest = after.get(end + 1..).unwrap_or_default();
                continue;
            }
            '\\' => {
                let mut chars = after.chars();
                if let Some(literal) = chars.next() {
                    out.push_str(&regex::escape(&literal.to_string()));
                }
                rest = chars.as_str();
                continue;
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
        rest = after;
    }
    out.push('$');
    Regex::new(&out).map_err(|_| wrong("the pattern is not a glob"))
}
