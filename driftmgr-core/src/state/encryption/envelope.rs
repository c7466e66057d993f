//! What stands in the place of a state when it is encrypted.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::provider::Metadata;
use crate::error::{Error, ErrorKind, Result};
use crate::state::read::json::{Document, Object, object};

/// The one version of the format that there is.
const VERSION: &str = "v0";
/// What to do about a broken envelope.
const RESTORE: &str = "the file was changed or not copied completely; restore it from a backup";

/// An encrypted state as it is stored. `Debug` shows names and sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the key providers stored, by their metadata keys.
    pub(super) metadata: Metadata,
    /// What a method made.
    pub(super) data: Vec<u8>,
    /// The state's serial, in the clear.
    pub(super) serial: Option<u64>,
    /// The state's lineage, in the clear.
    pub(super) lineage: Option<String>,
}

impl Envelope {
    /// Reads an envelope; `None` for bytes that are something else, such as a state.
    ///
    /// # Errors
    /// `InvalidState` for an envelope that is broken, with its place; `Unsupported` for a version of the format after `v0`.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Ok(text) = str::from_utf8(bytes) else {
            return Ok(None);
        };
        if !text.trim_start().starts_with('{') {
            return Ok(None);
        }
        let Ok(top) = object(text) else {
            return Ok(None);
        };
        if top.get("encryption_version").is_none() && top.get("encrypted_data").is_none() {
            return Ok(None);
        }
        let envelope = read(Document { text }, &top).map_err(|error| match error.hints() {
            [] => error.with_hint(RESTORE),
            _ => error,
        });
        envelope.map(Some)
    }

    /// The bytes that are stored.
    ///
    /// # Errors
    /// None that is expected.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Stored<'a> {
            serial: Option<u64>,
            lineage: &'a str,
            meta: BTreeMap<&'a str, String>,
            encrypted_data: String,
            encryption_version: &'static str,
        }
        let meta = self.metadata.iter();
        let stored = Stored {
            serial: self.serial,
            lineage: self.lineage.as_deref().unwrap_or_default(),
            meta: meta
                .map(|(name, json)| (name.as_str(), STANDARD.encode(json)))
                .collect(),
            encrypted_data: STANDARD.encode(&self.data),
            encryption_version: VERSION,
        };
        let mut bytes = serde_json::to_vec_pretty(&stored).map_err(|e| {
            Error::new(ErrorKind::Unexpected, "the envelope cannot be written").with_source(e)
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Refuses a state that is not the one the envelope names in the clear.
    pub(super) fn check(&self, plain: &Passthrough) -> Result<()> {
        let differs = |what: &str| {
            let message =
                format!("the {what} beside the encrypted data is not that of the state in it");
            Err(Error::new(ErrorKind::InvalidState, message)
                .with_operation("state.decrypt")
                .with_hint("the file was changed after it was written; restore it from a backup"))
        };
        if self.serial.is_some() && plain.serial.is_some() && self.serial != plain.serial {
            return differs("serial");
        }
        if self.lineage.is_some() && self.lineage != plain.lineage {
            return differs("lineage");
        }
        Ok(())
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("metadata", &self.metadata.keys().collect::<Vec<_>>())
            .field("data", &self.data.len())
            .field("serial", &self.serial)
            .field("lineage", &self.lineage)
            .finish()
    }
}

/// What stands in the clear beside the encrypted data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passthrough {
    pub(super) serial: Option<u64>,
    /// `None` where it is empty.
    pub(super) lineage: Option<String>,
}

impl Passthrough {
    fn read(document: Document<'_>, top: &Object<'_>) -> Result<Self> {
        let serial = top.get("serial");
        let serial = serial
            .map(|raw| document.value::<u64>(raw, "`serial`", "a whole number"))
            .transpose()?;
        let lineage = top.get("lineage");
        let lineage = lineage
            .map(|raw| document.value::<String>(raw, "`lineage`", "a text"))
            .transpose()?;
        Ok(Self {
            serial,
            lineage: lineage.filter(|l| !l.is_empty()),
        })
    }

    /// That of a state.
    pub(super) fn of_state(plain: &[u8]) -> Result<Self> {
        let no_state = || {
            Error::new(ErrorKind::InvalidState, "not a state: it is no JSON object")
                .with_operation("state.encryption")
        };
        let text = str::from_utf8(plain).map_err(|_| no_state())?;
        if !text.trim_start().starts_with('{') {
            return Err(no_state());
        }
        let document = Document { text };
        let top = object(text).map_err(|stop| document.stopped(stop))?;
        Self::read(document, &top)
    }
}

fn read(document: Document<'_>, top: &Object<'_>) -> Result<Envelope> {
    let broken = |raw: Option<&str>, message: String| {
        let error = match raw {
            Some(raw) => document.error(raw, message),
            None => document.error_at(0, message),
        };
        error.with_hint(RESTORE)
    };
    let field = |name: &str| {
        let missing = || broken(None, format!("an encrypted state without `{name}`"));
        top.get(name).ok_or_else(missing)
    };
    let raw = field("encryption_version")?;
    let version: String = document.value(raw, "`encryption_version`", "a text")?;
    if version != VERSION {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the state is encrypted in a format that is not known",
        )
        .with_operation("state.decrypt")
        .with("known", VERSION)
        .with_hint("a newer version of OpenTofu wrote it; `tofu state pull` prints it decrypted"));
    }
    let raw = field("encrypted_data")?;
    let data: String = document.value(raw, "`encrypted_data`", "a text")?;
    let data = STANDARD
        .decode(data)
        .map_err(|_| broken(Some(raw), "`encrypted_data` is not base64".to_owned()))?;
    let raw = field("meta")?;
    let mut metadata = Metadata::new();
    for (name, entry) in document.member(raw, "`meta`")?.fields {
        let what = "an entry of `meta`";
        let json: String = document.value(entry, what, "a text in base64")?;
        let json = STANDARD
            .decode(json)
            .map_err(|_| broken(Some(entry), format!("{what} is not base64")))?;
        metadata.insert(name.into_owned(), json);
    }
    let Passthrough { serial, lineage } = Passthrough::read(document, top)?;
    Ok(Envelope {
        metadata,
        data,
        serial,
        lineage,
    })
}
