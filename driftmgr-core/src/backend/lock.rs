//! Who holds a lock, in Terraform's own JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, ErrorKind};

/// What stands in a lock, with the field names that Terraform and OpenTofu write. Fields that are missing are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LockInfo {
    /// The lock's id; a new one for each lock.
    #[serde(rename = "ID")]
    pub id: String,
    /// What it is held for, such as `OperationTypeApply`.
    pub operation: String,
    /// More about it.
    pub info: String,
    /// `user@host`.
    pub who: String,
    /// The version of the holder's program.
    pub version: String,
    /// When it was taken, as RFC 3339.
    pub created: String,
    /// The state file, where there is one.
    pub path: String,
}

impl LockInfo {
    /// A lock of ours with a new id, for an operation.
    pub fn new(cx: &Context, operation: impl Into<String>) -> Self {
        let created = jiff::Timestamp::try_from(cx.now()).map(|t| t.to_string());
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.into(),
            info: String::new(),
            who: who(cx.environment()),
            version: concat!("driftmgr ", env!("CARGO_PKG_VERSION")).to_owned(),
            created: created.unwrap_or_default(),
            path: String::new(),
        }
    }

    /// The id.
    pub fn lock_id(&self) -> LockId {
        LockId(self.id.clone())
    }
}

fn who(environment: &Environment) -> String {
    let first = |names: [&str; 2]| names.iter().find_map(|n| environment.get(n));
    let user = first(["USER", "USERNAME"]).unwrap_or_default();
    let host = first(["HOSTNAME", "COMPUTERNAME"]).map(str::to_owned);
    // Shells do not export HOSTNAME.
    let host = host.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    format!("{user}@{}", host.unwrap_or_default().trim())
}

/// The id of a lock that is held.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockId(pub String);

impl fmt::Display for LockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The source of an error of kind `Locked`: who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lock {} is held by {} for {} since {}", .0.id, .0.who, .0.operation, .0.created)]
pub struct LockedBy(pub LockInfo);

impl LockedBy {
    /// The holder, from an error of kind `Locked`. `None` when it left no information, or for any other error.
    pub fn of(error: &Error) -> Option<&LockInfo> {
        let source = std::error::Error::source(error)?;
        source.downcast_ref::<Self>().map(|by| &by.0)
    }

    /// The error of a call that met a foreign lock. The holder is named in the context under `lock`, `holder`, `operation`, `since`.
    /// For implementations of a backend.
    pub fn error(holder: Option<LockInfo>) -> Error {
        let error = Error::new(
            ErrorKind::Locked,
            "somebody else holds the lock of the state",
        );
        let Some(info) = holder else {
            return error.with_hint("the holder left no information; wait until it is done");
        };
        error
            .with("lock", &info.id)
            .with("holder", &info.who)
            .with("operation", &info.operation)
            .with("since", &info.created)
            .with_hint("wait until the holder is done")
            .with_source(Self(info))
    }
}

/// The error of a call that names a lock which is not the one that is held.
pub(crate) fn not_held(id: &LockId) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the lock that was named is not the one that is held",
    )
    .with("lock", id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_terraforms() {
        let text = r#"{"ID":"5292774d","Operation":"OperationTypeApply","Info":"","Who":"me@host","Version":"1.11.4","Created":"2026-11-21T07:48:11.333313625Z","Path":"terraform.tfstate"}"#;
        let info: LockInfo = serde_json::from_str(text).unwrap();
        assert_eq!(
            (info.id.as_str(), info.who.as_str()),
            ("5292774d", "me@host")
        );
        assert_eq!(serde_json::to_string(&info).unwrap(), text);
        let sparse: LockInfo = serde_json::from_str(r#"{"ID":"x","New":1}"#).unwrap();
        assert_eq!(sparse.id, "x");
    }

    #[test]
    fn the_error_carries_the_holder() {
        let info = LockInfo {
            id: "1".into(),
            who: "me@host".into(),
            ..LockInfo::default()
        };
        let error = LockedBy::error(Some(info.clone()));
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert_eq!(LockedBy::of(&error), Some(&info));
        assert_eq!(error.context_value("holder"), Some("me@host"));
        assert_eq!(LockedBy::of(&LockedBy::error(None)), None);
    }

    #[test]
    fn every_lock_has_an_id_of_its_own() {
        let cx = Context::new(Environment::from_variables([
            ("USER", "me"),
            ("HOSTNAME", "host"),
        ]));
        let (a, b) = (LockInfo::new(&cx, "x"), LockInfo::new(&cx, "x"));
        assert_ne!(a.id, b.id);
        assert_eq!(a.who, "me@host");
        assert!(a.created.ends_with('Z'), "{}", a.created);
    }
}
