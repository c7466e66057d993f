//! Connection strings in libpq's two forms: a URL, and words `key=value`
//! (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>).

use std::iter::Peekable;
use std::str::Chars;

use percent_encoding::percent_decode_str;

/// The keywords of a connection string with their values, in order. An error says what is wrong, without any value.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    for scheme in ["postgres://", "postgresql://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return url(rest);
        }
    }
    // Not in a password: words have an equals sign before it.
    match text.split_once("://") {
        Some((scheme, _)) if !scheme.contains('=') => {
            Err("its scheme is neither postgres:// nor postgresql://".to_owned())
        }
        _ => words(text),
    }
}

fn url(rest: &str) -> Result<Vec<(String, String)>, String> {
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, database) = match rest.split_once('/') {
        Some((authority, database)) => (authority, database),
        None => (rest, ""),
    };
    let (who, servers) = match authority.rsplit_once('@') {
        Some((who, servers)) => (who, servers),
        None => ("", authority),
    };
    let (user, password) = match who.split_once(':') {
        Some((user, password)) => (user, password),
        None => (who, ""),
    };
    let (hosts, ports) = hosts_and_ports(servers)?;
    let mut found = Vec::new();
    let mut add = |key: &str, value: &str| -> Result<(), String> {
        if !value.is_empty() {
            found.push((key.to_owned(), decode(key, value)?));
        }
        Ok(())
    };
    add("user", user)?;
    add("password", password)?;
    add("host", &hosts)?;
    add("port", &ports)?;
    add("dbname", database)?;
    for pair in query.into_iter().flat_map(|q| q.split('&')) {
        let (key, value) = match pair.split_once('=') {
            Some((key, value)) => (decode("its parameters", key)?, value),
            None if pair.is_empty() => continue,
            None => return Err("a parameter of its URL has no value".to_owned()),
        };
        add(&key, value)?;
    }
    Ok(found)
}

/// Hosts and ports of a URL, each with commas between them; no ports at all when none is given.
fn hosts_and_ports(servers: &str) -> Result<(String, String), String> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for server in servers.split(',') {
        let (host, port) = match server.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest
                    .split_once(']')
                    .ok_or("an IPv6 address in its URL has no closing bracket")?;
                (host, port.strip_prefix(':').unwrap_or(port))
            }
            None => server.split_once(':').unwrap_or((server, "")),
        };
        hosts.push(host);
        ports.push(port);
    }
    let ports = match ports.iter().all(|port| port.is_empty()) {
        true => String::new(),
        false => ports.join(","),
    };
    Ok((hosts.join(","), ports))
}

fn decode(key: &str, text: &str) -> Result<String, String> {
    let wrong = || format!("the percent escapes of `{}` are wrong", key.escape_debug());
    let bytes = text.as_bytes();
    let escapes = bytes.iter().enumerate().filter(|(_, b)| **b == b'%');
    for (at, _) in escapes {
        let digits = bytes.get(at + 1..at + 3).ok_or_else(wrong)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
    }
    let text = percent_decode_str(text).decode_utf8();
    text.map(std::borrow::Cow::into_owned).map_err(|_| wrong())
}

fn words(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut rest = text.chars().peekable();
    let mut found = Vec::new();
    loop {
        skip_spaces(&mut rest);
        let mut key = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(c);
        }
        if key.is_empty() && rest.peek().is_none() {
            return Ok(found);
        }
        skip_spaces(&mut rest);
        if key.is_empty() || rest.next() != Some('=') {
            // The word itself may be the rest of a password with a space in it.
            return Err("it has a word that is not `key=value`".to_owned());
        }
        skip_spaces(&mut rest);
        let value = value(&mut rest)
            .ok_or_else(|| format!("the value of `{}` does not end", key.escape_debug()))?;
        found.push((key, value));
    }
}

fn skip_spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A value, in quotes or up to a space. `None` when a quote or an escape does not end.
fn value(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match rest.peek().copied() {
            None if quoted => return None,
            None => return Some(value),
            Some(c) if !quoted && c.is_whitespace() => return Some(value),
            Some('\'') if quoted => {
                rest.next();
                return Some(value);
            }
            Some('\\') => {
                rest.next();
                value.push(rest.next()?);
            }
            Some(c) => {
                rest.next();
                value.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(found) => found
                .iter()
                .map(|(key, value)| format!("{key}={value};"))
                .collect(),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        for (text, expected) in [
            ("postgres://", ""),
            ("postgresql://localhost", "host=localhost;"),
            (
                "postgres://u:p%40ss@db.example:5433/states?sslmode=disable&connect_timeout=3",
                "user=u;password=p@ss;host=db.example;port=5433;dbname=states;sslmode=disable;connect_timeout=3;",
            ),
            ("postgres://u@h/", "user=u;host=h;"),
            ("postgres:///db", "dbname=db;"),
            ("postgres://[::1]:5433/db", "host=::1;port=5433;dbname=db;"),
            ("postgres://a,b:2/db", "host=a,b;port=,2;dbname=db;"),
            (
                "postgres://%2Fvar%2Frun/db?host=other",
                "host=/var/run;dbname=db;host=other;",
            ),
            (
                "host=h port = 5433  dbname='my db' password='it''s'",
                "error: it has a word that is not `key=value`",
            ),
            (
                r"host=h password='it\'s \\ =' user=a\ b",
                r"host=h;password=it's \ =;user=a b;",
            ),
            ("", ""),
            ("user='' host=h", "user=;host=h;"),
            ("password=x://y host=h", "password=x://y;host=h;"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_values() {
        for text in [
            "mysql://u:hunter2@h/db",
            "postgres://u:hunter2%zz@h/db",
            "postgres://u:hunter2%f@h/db",
            "postgres://u:hunter2%ff@h/db",
            "postgres://u:hunter2@[::1/db",
            "postgres://h/db?hunter2",
            "host=h password=hunter2 hunter2",
            "password='hunter2",
            "password=hunter2\\",
            "=hunter2",
        ] {
            let reason = parse(text).unwrap_err();
            assert!(!reason.contains("hunter2"), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_value_is_read_as_it_was(value in ".*") {
            let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
            let found = parse(&format!("host=h password='{quoted}'")).unwrap();
            prop_assert_eq!(found, [
                ("host".to_owned(), "h".to_owned()),
                ("password".to_owned(), value),
            ]);
        }

        #[test]
        fn no_text_stops_it(text in ".*") {
            let _ = parse(&text);
        }
    }
}
