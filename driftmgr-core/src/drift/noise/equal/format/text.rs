//! Names that have several spellings.

use crate::value::Value;

/// Partition, service and region of an ARN have no case; what stands behind the account has. All of an Azure resource id has none
/// (Azure Resource Manager, "Naming rules and restrictions": compare case-insensitively).
pub(super) fn arn(text: &str) -> Option<Value> {
    const AZURE: &str = "/subscriptions/";
    if text
        .get(..AZURE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(AZURE))
    {
        return Some(text.to_ascii_lowercase().into());
    }
    let mut parts = text.splitn(6, ':');
    let (Some(scheme), Some(partition), Some(service), Some(region), Some(account), Some(resource)) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return None;
    };
    let named = scheme.eq_ignore_ascii_case("arn") && !partition.is_empty() && !service.is_empty();
    if !named || resource.is_empty() {
        return None;
    }
    let head = format!("arn:{partition}:{service}:{region}").to_ascii_lowercase();
    Some(format!("{head}:{account}:{resource}").into())
}

/// A DNS name (RFC 4343: no case; the root's dot at the end says no more than that the name is whole).
pub(super) fn host(text: &str) -> Option<Value> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*'))
    };
    name.split('.')
        .all(label)
        .then(|| name.to_ascii_lowercase().into())
}

/// `West Europe` and `westeurope`.
pub(super) fn place(text: &str) -> Option<Value> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    (!text.trim().is_empty() && text.chars().all(letters))
        .then(|| text.replace(' ', "").to_ascii_lowercase().into())
}

pub(super) fn uuid(text: &str) -> Option<Value> {
    (text.len() == 36)
        .then(|| uuid::Uuid::try_parse(text).ok())
        .flatten()
        .map(|uuid| uuid.to_string().into())
}

/// The text without one dot or slash at its end; a dot or slash alone is kept.
pub(super) fn without_end(text: &str) -> &str {
    text.strip_suffix(['.', '/'])
        .filter(|rest| !rest.is_empty())
        .unwrap_or(text)
}

/// A URL with its scheme and host in lower case, and its percent-encoding in one form.
pub(super) fn url(text: &str) -> Option<Value> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !is_scheme || rest.is_empty() {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    // The part before an `@` is a name and a password, which have a case.
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    let scheme = scheme.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    Some(format!("{scheme}://{user}{host}{}", percent(path)).into())
}

/// Characters that need no encoding are decoded, the hexadecimal digits of the others are upper case.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, encoded) = rest.split_at(at);
        out.push_str(before);
        let Some((digits, byte)) = encoded
            .get(1..3)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| Some((d, u8::from_str_radix(d, 16).ok()?)))
        else {
            out.push('%');
            rest = encoded.get(1..).unwrap_or_default();
            continue;
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&digits.to_ascii_uppercase());
        }
        rest = encoded.get(3..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
