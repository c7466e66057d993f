//! Snapshots as files.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{FORMAT_VERSION, Snapshot, schema};
use crate::error::{Error, ErrorKind, Result};

impl Snapshot {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// `InvalidInput` for what is none, `Unsupported` for a format of a newer major version. No value is quoted.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let json: Json = serde_json::from_slice(bytes).map_err(|e| {
            refused("not JSON, and not a snapshot")
                .with("line", e.line())
                .with("column", e.column())
        })?;
        let Some(version) = json.get("driftmgr_snapshot").and_then(Json::as_str) else {
            return Err(refused(&format!("{}, and not a snapshot", what(&json))));
        };
        let major = |version: &str| {
            version
                .split('.')
                .next()
                .and_then(|m| m.parse::<u64>().ok())
        };
        if major(version).is_none() {
            return Err(refused("a snapshot whose version is no version"));
        }
        if major(version) > major(FORMAT_VERSION) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a snapshot of format {version}, which is newer than this version of driftmgr"
                ),
            )
            .with_operation("snapshot.read")
            .with("newest known format", FORMAT_VERSION)
            .with_hint("update driftmgr, or make a new snapshot with this one"));
        }
        let mut snapshot: Self = serde_json::from_value(json).map_err(|_| {
            refused("a snapshot that cannot be read: a part is missing or of another kind")
        })?;
        let schemas = snapshot.schemas.iter().map(schema::read);
        let schemas: Option<Vec<_>> = schemas.collect();
        snapshot.decoded = schemas
            .ok_or_else(|| refused("a snapshot that cannot be read: a schema"))?
            .into_iter()
            .map(Arc::new)
            .collect();
        Ok(snapshot)
    }

    /// The snapshot as a file holds it.
    ///
    /// # Errors
    /// `Unexpected` when it cannot be written as JSON, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| {
            Error::new(ErrorKind::Unexpected, "the snapshot cannot be written").with_source(e)
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes it to a file that its owner alone can read. The file appears whole or not at all; one that exists is replaced.
    ///
    /// # Errors
    /// Those of writing a file, with its name.
    pub fn write<P: AsRef<Path>>(&self, path: P) -> Result<()> {
        let path = path.as_ref();
        let failed = |e| Error::io("write the snapshot", path, e);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Temporary files are their owner's alone (0600), and the name is changed last.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&self.to_bytes()?).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|e| failed(e.error))?;
        Ok(())
    }
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
        .with_operation("snapshot.read")
        .with_hint("make one with `driftmgr snapshot save TARGET --to FILE`")
}

fn what(json: &Json) -> &'static str {
    let has = |name: &str| json.get(name).is_some();
    if has("planned_values") || has("resource_changes") {
        "a plan (give it with --plan FILE)"
    } else if has("version") && (has("resources") || has("lineage")) {
        "a state (give it with --against FILE)"
    } else if has("resource_drift") {
        "a drift report"
    } else {
        "JSON"
    }
}
