//! Hashes, of text and of files, and name-based UUIDs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use uuid::Uuid;

use super::arguments::Arguments;
use super::{Answer, Folders, filesystem, wrong};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>, folders: &Folders<'_>) -> Option<Answer> {
    if name == "uuidv5" {
        return Some(uuid(arguments));
    }
    let (of_file, kind) = match name.strip_prefix("file") {
        Some(kind) => (true, kind),
        None => (false, name),
    };
    let digest: fn(&[u8]) -> String = match kind {
        "md5" => |bytes| hex(&Md5::digest(bytes)),
        "sha1" => |bytes| hex(&Sha1::digest(bytes)),
        "sha256" => |bytes| hex(&Sha256::digest(bytes)),
        "sha512" => |bytes| hex(&Sha512::digest(bytes)),
        "base64sha256" => |bytes| STANDARD.encode(Sha256::digest(bytes)),
        "base64sha512" => |bytes| STANDARD.encode(Sha512::digest(bytes)),
        _ => return None,
    };
    Some(arguments.count(1..=1).and_then(|()| {
        let text = arguments.string(0)?;
        Ok(Value::String(if of_file {
            digest(&filesystem::read(folders, &text)?)
        } else {
            digest(text.as_bytes())
        }))
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn uuid(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let namespace = match arguments.string(0)?.as_str() {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => other
            .parse()
            .map_err(|_| wrong("the namespace is dns, url, oid, x500 or a UUID"))?,
    };
    let name = arguments.string(1)?;
    Ok(Value::from(
        Uuid::new_v5(&namespace, name.as_bytes()).to_string(),
    ))
}
