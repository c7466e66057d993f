//! Objects whose reality is the clock: a rotation that is due, a certificate that is to be renewed.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use crate::error::{Error, ErrorKind, Result};
use crate::provider::reader::{Diagnostic, DiagnosticSeverity};
use crate::value::Value;

/// The attribute that tells whether a certificate is to be renewed.
pub(super) const READY: &str = "ready_for_renewal";

/// What the clock makes of a stored object.
#[derive(Debug)]
pub(super) enum Reading {
    /// Nothing has happened.
    AsStored,
    /// Its time is over: the provider takes it out of the state.
    Over(Diagnostic),
    /// It is due, which an attribute of the object tells.
    Due(Value),
}

/// What the provider does on a read: a rotation is over once its time has passed, a certificate is due once the early renewal begins.
///
/// # Errors
/// `InvalidState` for a stored time that is none, as in the provider.
pub(super) fn read(type_name: &str, stored: &Value, now: SystemTime) -> Result<Reading> {
    let now = Timestamp::try_from(now).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            "the clock stands outside of all calendars",
        )
        .with_source(e)
    })?;
    match type_name {
        "time_rotating" => match time(stored, "rotation_rfc3339")? {
            Some(rotation) if now > rotation => Ok(Reading::Over(rotated())),
            _ => Ok(Reading::AsStored),
        },
        "tls_self_signed_cert" | "tls_locally_signed_cert" => {
            let Some(end) = time(stored, "validity_end_time")? else {
                return Ok(Reading::AsStored);
            };
            let early = SignedDuration::from_secs(hours(stored).saturating_mul(3600));
            let renewal = end.checked_sub(early).unwrap_or(Timestamp::MIN);
            let already = stored.attribute(READY) == Some(&Value::Bool(true));
            match stored {
                Value::Map(entries) if renewal <= now && !already => {
                    let mut entries = entries.clone();
                    entries.insert(READY.to_owned(), Value::Bool(true));
                    Ok(Reading::Due(Value::Map(entries)))
                }
                _ => Ok(Reading::AsStored),
            }
        }
        _ => Ok(Reading::AsStored),
    }
}

fn time(stored: &Value, name: &'static str) -> Result<Option<Timestamp>> {
    match stored.attribute(name).and_then(Value::as_str) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Error::new(ErrorKind::InvalidState, "a stored time is not in RFC 3339")
                .with("attribute", name)
        }),
    }
}

fn hours(stored: &Value) -> i64 {
    match stored.attribute("early_renewal_hours") {
        Some(Value::Number(hours)) => hours.to_string().parse().unwrap_or_default(),
        _ => 0,
    }
}

fn rotated() -> Diagnostic {
    Diagnostic {
        severity: DiagnosticSeverity::Warning,
        summary: "its rotation time has passed".to_owned(),
        detail: "The provider hashicorp/time takes a rotation that is due for an object that is gone: apply would create it again."
            .to_owned(),
        attribute: None,
    }
}
