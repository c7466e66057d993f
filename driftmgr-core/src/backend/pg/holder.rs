//! Who holds an advisory lock: what the server knows, and what the connection's name says where it is one of ours.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::backend::{LockInfo, LockedBy};
use crate::error::Error;

/// Connections that hold a lock of ours are called so, with what follows.
const PREFIX: &str = "driftmgr/";
/// The server cuts names after so many bytes.
const NAME_LIMIT: usize = 63;

/// The session that holds a lock, as the server tells it. What another role may not know is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: i32,
    pub(super) application: Option<String>,
    pub(super) user: Option<String>,
    pub(super) client: Option<String>,
    /// When the session began, as RFC 3339.
    pub(super) since: Option<String>,
}

/// What a connection that holds a lock is called, so that others and the server's administrator see whose it is:
/// `driftmgr/ID/OPERATION/WHO`, the id in 22 letters, cut at the end by the server's limit.
pub(super) fn name_of(info: &LockInfo) -> String {
    let id = match Uuid::try_parse(&info.id) {
        Ok(id) => BASE64_URL_SAFE_NO_PAD.encode(id.as_bytes()),
        Err(_) => String::new(),
    };
    // The server takes printable ASCII only.
    let plain = |text: &str| -> String {
        let fits = |c: char| match c.is_ascii_graphic() || c == ' ' {
            true => c,
            false => '?',
        };
        text.chars().map(fits).collect()
    };
    let operation = plain(&info.operation).replace('/', "|");
    let mut name = format!("{PREFIX}{id}/{operation}/{}", plain(&info.who));
    name.truncate(NAME_LIMIT);
    name
}

/// What such a name says; `None` for other programs.
fn read_name(name: &str) -> Option<LockInfo> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '/');
    let id = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    let id = Uuid::from_slice(&id).ok()?;
    Some(LockInfo {
        id: id.to_string(),
        operation: parts.next().unwrap_or_default().to_owned(),
        who: parts.next().unwrap_or_default().to_owned(),
        ..LockInfo::default()
    })
}

impl Holder {
    /// The holder as an error tells it.
    fn info(&self, key: i64) -> LockInfo {
        let ours = self.application.as_deref().and_then(read_name);
        let named = ours.is_some();
        let mut info = ours.unwrap_or_default();
        if info.who.is_empty() {
            let user = self.user.as_deref().unwrap_or("unknown");
            // Over a Unix socket there is no address.
            info.who = format!("{user}@{}", self.client.as_deref().unwrap_or("local"));
        }
        if !named {
            info.id = format!("advisory lock {key}");
            info.operation = match self.application.as_deref() {
                None | Some("") => "an unnamed program".to_owned(),
                Some(name) => name.to_owned(),
            };
        }
        info.created = self.since.clone().unwrap_or_else(|| "unknown".to_owned());
        info.path = key.to_string();
        info.info = format!("session {} of the server", self.pid);
        info
    }
}

/// The error of a lock that somebody else holds; `None` when the holder was gone before it could be looked at.
pub(super) fn locked(holder: Option<&Holder>, key: i64) -> Error {
    let Some(holder) = holder else {
        return LockedBy::error(None);
    };
    LockedBy::error(Some(holder.info(key)))
        .with("session", holder.pid)
        .with_hint(format!(
            "the lock ends with its connection; when that is stuck, `SELECT pg_terminate_backend({})` ends it",
            holder.pid
        ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    fn info() -> LockInfo {
        LockInfo {
            id: "5292774d-1f0a-4b2c-9c7e-aabbccddeeff".into(),
            operation: "write state".into(),
            who: "me@host".into(),
            ..LockInfo::default()
        }
    }

    #[test]
    fn a_name_says_whose_lock_it_is() {
        let name = name_of(&info());
        assert_eq!(name, "driftmgr/UpJ3TR8KSyycfqq7zN3u_w/write state/me@host");
        let read = read_name(&name).unwrap();
        assert_eq!(read, info());
        for other in ["", "psql", "driftmgr", "driftmgr/x/y/z", "driftmgr//a/b"] {
            assert_eq!(read_name(other), None, "{other}");
        }
    }

    #[test]
    fn another_program_is_told_by_what_the_server_knows() {
        let holder = Holder {
            pid: 7,
            application: Some("psql".into()),
            user: Some("ops".into()),
            client: Some("10.0.0.1".into()),
            since: Some("2026-01-02T03:04:05Z".into()),
        };
        let error = locked(Some(&holder), 12);
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert_eq!(
            error.to_string(),
            "somebody else holds the lock of the state (lock advisory lock 12, holder ops@10.0.0.1, operation psql, \
             since 2026-01-02T03:04:05Z, session 7)"
        );
        let unknown = locked(Some(&Holder::default()), -1);
        assert_eq!(unknown.context_value("holder"), Some("unknown@local"));
        assert_eq!(LockedBy::of(&locked(None, 1)), None);
    }

    proptest! {
        #[test]
        fn the_id_survives_any_length(operation in ".{0,80}", who in ".{0,80}") {
            let name = name_of(&LockInfo { operation, who, ..info() });
            prop_assert!(name.len() <= NAME_LIMIT && name.is_ascii());
            prop_assert_eq!(read_name(&name).unwrap().id, info().id);
        }
    }
}
