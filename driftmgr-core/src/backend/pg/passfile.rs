//! Files that libpq reads: passwords (<https://www.postgresql.org/docs/current/libpq-pgpass.html>) and services
//! (<https://www.postgresql.org/docs/current/libpq-pgservice.html>).

use std::path::Path;

use crate::error::{Error, Result};

/// The password for host, port, database and user; `None` when the file has none, is not there, or can be read by others.
///
/// # Errors
/// The kinds of [`Error::io`].
pub(super) fn password(file: &Path, wanted: [&str; 4]) -> Result<Option<String>> {
    let fail = |e| Error::io("read the passwords of PostgreSQL", file, e);
    match std::fs::metadata(file) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(fail(e)),
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Ok(metadata) if readable_by_others(&metadata) => {
            tracing::warn!(file = %file.display(), "passwords that others can read are not used; set its mode to 0600");
            return Ok(None);
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(file).map_err(fail)?;
    Ok(text.lines().find_map(|line| of_line(line, wanted)))
}

#[cfg(unix)]
fn readable_by_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn readable_by_others(_: &std::fs::Metadata) -> bool {
    false
}

/// The last field of a line whose first four fit.
fn of_line(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (c, fields.len()) {
            // The rest is the password.
            (':', 1..=4) => fields.push(String::new()),
            ('\\', _) => fields.last_mut()?.extend(rest.next()),
            (c, _) => fields.last_mut()?.push(c),
        }
    }
    let password = (fields.len() == 5).then(|| fields.pop()).flatten()?;
    let fits = |(field, wanted): (&String, &str)| {
        // Local sockets of the default folder are called localhost.
        let local = field == "localhost" && wanted.starts_with('/');
        field == "*" || field == wanted || local
    };
    fields.iter().zip(wanted).all(fits).then_some(password)
}

/// The settings of a service in a file; `None` when it does not stand there.
pub(super) fn service(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut found: Option<Vec<(String, String)>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            if section == name {
                found = Some(Vec::new());
            }
        } else if let (Some(found), Some((key, value))) = (&mut found, line.split_once('='))
            && !line.starts_with('#')
        {
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let wanted = ["db.example", "5432", "states", "me"];
        for (line, expected) in [
            ("db.example:5432:states:me:secret", Some("secret")),
            ("*:*:*:*:a:b\\:c\\\\", Some("a:b:c\\")),
            ("*:*:*:you:secret", None),
            ("#*:*:*:*:secret", None),
            ("*:*:*:secret", None),
            ("", None),
        ] {
            assert_eq!(of_line(line, wanted).as_deref(), expected, "{line}");
        }
        let socket = ["/var/run/postgresql", "5432", "states", "me"];
        assert_eq!(of_line("localhost:*:*:*:x", socket).as_deref(), Some("x"));
    }

    #[cfg(unix)]
    #[test]
    fn passwords_that_others_can_read_are_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "other:*:*:*:x\n*:*:*:me:hunter2\n").unwrap();
        let look = || password(file.path(), ["h", "1", "d", "me"]).unwrap();
        for (mode, expected) in [(0o600, Some("hunter2")), (0o640, None), (0o604, None)] {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, mode).unwrap();
            assert_eq!(look().as_deref(), expected);
        }
        let absent = password(Path::new("/no/such/file"), ["h", "1", "d", "me"]);
        assert_eq!(absent.unwrap(), None);
    }

    #[test]
    fn a_service_ends_where_the_next_begins() {
        let text =
            "# all\n[other]\nhost=x\n\n[mine]\nhost = db\n# user=no\nport=1\n[last]\nuser=z\n";
        let found = service(text, "mine").unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(found, [pair("host", "db"), pair("port", "1")]);
        assert_eq!(service(text, "none"), None);
    }
}
