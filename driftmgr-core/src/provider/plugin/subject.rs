//! The calls about one object, in order and with every answer checked: upgrade, read, plan.

use std::sync::Arc;

use bytes::Bytes;

use super::scrub::{Scrubber, untyped};
use super::supervisor::Failure;
use super::wire::{PlanCall, Raw, ReadCall, Said, Wire};
use super::{configure, diagnostics};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::reader::{Diagnostic, Planned, ReadRequest, Refreshed};
use crate::provider::schema::{IdentitySchema, ResourceSchema};
use crate::state::{RawAttributes, RawJson};
use crate::value::{Type, Value, msgpack};

/// What a call about one resource type needs.
pub(crate) struct Subject<'a> {
    pub(crate) type_name: &'a str,
    pub(crate) schema: &'a ResourceSchema,
    pub(crate) ty: Arc<Type>,
    /// Secrets of the provider configuration.
    pub(crate) settings: &'a Scrubber,
    pub(crate) secrets: Secrets<'a>,
}

/// Where a request has its secrets.
pub(crate) enum Secrets<'a> {
    None,
    Stored(&'a RawAttributes),
    Objects([&'a Value; 3]),
}

impl Subject<'_> {
    /// What must not show in an error.
    pub(crate) fn scrubber(&self) -> Scrubber {
        let mut scrubber = self.settings.clone();
        let block = &self.schema.block;
        match &self.secrets {
            Secrets::None => {}
            Secrets::Stored(attributes) => scrubber.add_stored(attributes, block),
            Secrets::Objects(objects) => {
                objects
                    .iter()
                    .for_each(|object| scrubber.add_object(object, block));
            }
        }
        scrubber
    }

    /// Upgrades the stored object and reads the real one.
    pub(crate) async fn refresh(
        &self,
        wire: &dyn Wire,
        request: &ReadRequest,
    ) -> Result<Refreshed, Failure> {
        let raw = match &request.attributes {
            RawAttributes::Json(json) => Raw::Json(json.bytes()),
            RawAttributes::Flatmap(map) => Raw::Flatmap(map.clone().into_iter().collect()),
        };
        let version = i64::try_from(request.schema_version).unwrap_or(i64::MAX);
        let name = self.type_name.to_owned();
        // Also when the versions agree: providers mend small things here.
        let said = wire.upgrade(name, version, raw).await?;
        let (upgraded, mut warnings) = self.heard(said)?;
        let upgraded = upgraded.ok_or_else(|| broken("the upgraded object is missing"))?;
        let prior = self.known(Some(upgraded.clone()))?;
        if prior.is_null() {
            return Err(broken("the upgraded object is null").into());
        }

        let call = ReadCall {
            type_name: self.type_name.to_owned(),
            // The provider's own bytes, untouched.
            state: upgraded.clone(),
            private: request.private.clone(),
            identity: self.current_identity(wire, request).await?,
        };
        let (answer, more) = self.heard(wire.read(call).await?)?;
        warnings.extend(more);
        self.refuse_deferred(answer.deferred)?;
        let current = match answer.state {
            Some(bytes) if bytes == upgraded => Some(prior.clone()),
            state => Some(self.known(state)?).filter(|value| !value.is_null()),
        };
        Ok(Refreshed {
            prior,
            current,
            private: answer.private,
            identity: decode_identity(self.schema.identity.as_ref(), answer.identity)?,
            warnings,
        })
    }

    pub(crate) async fn plan(&self, wire: &dyn Wire, call: PlanCall) -> Result<Planned, Failure> {
        let (answer, _) = self.heard(wire.plan(call).await?)?;
        self.refuse_deferred(answer.deferred)?;
        let planned = answer
            .planned
            .ok_or_else(|| broken("the planned object is missing"))?;
        Ok(Planned {
            planned: decode(&planned, &self.ty)?,
            requires_replace: answer.requires_replace,
        })
    }

    /// The stored identity in the current schema, encoded.
    async fn current_identity(
        &self,
        wire: &dyn Wire,
        request: &ReadRequest,
    ) -> Result<Option<Bytes>, Failure> {
        let (Some((version, json)), Some(schema)) = (&request.identity, &self.schema.identity)
        else {
            return Ok(None);
        };
        self.refuse_newer("identity", *version, schema.version)?;
        if *version == schema.version {
            return Ok(Some(identity_from_json(json, schema)?));
        }
        let version = i64::try_from(*version).unwrap_or(i64::MAX);
        let name = self.type_name.to_owned();
        let said = wire.upgrade_identity(name, version, json.bytes()).await?;
        Ok(self.heard(said)?.0)
    }

    pub(crate) fn encode_identity(&self, identity: Option<&Value>) -> Result<Option<Bytes>> {
        match (identity, &self.schema.identity) {
            (Some(identity), Some(schema)) => {
                let ty = schema.implied_type();
                let identity = configure::convert(identity, &ty).map_err(|e| e.into_error())?;
                encode(&identity, &ty).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The answer and its warnings, unless the provider calls it a failure.
    pub(crate) fn heard<T>(&self, said: Said<T>) -> Result<(T, Vec<Diagnostic>)> {
        if said.diagnostics.is_empty() {
            return Ok((said.answer, said.diagnostics));
        }
        let scrubber = self.scrubber();
        match diagnostics::to_error(&said.diagnostics, &scrubber) {
            Some(error) => Err(error),
            None => Ok((
                said.answer,
                diagnostics::scrubbed(said.diagnostics, &scrubber),
            )),
        }
    }

    /// An object in which everything is known. No answer at all is refused: a missing object is an explicit null.
    pub(crate) fn known(&self, bytes: Option<Bytes>) -> Result<Value> {
        let bytes = bytes.ok_or_else(|| broken("the object is missing"))?;
        let value = decode(&bytes, &self.ty)?;
        if value.has_unknown() {
            return Err(broken("a part of an existing object is said to be unknown"));
        }
        Ok(value)
    }

    pub(crate) fn refuse_newer(&self, what: &str, stored: u64, known: u64) -> Result<()> {
        if stored <= known {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the stored {what} has schema version {stored} and the provider knows only up to {known}: it needs a newer provider"
            ),
        )
        .with("resource type", self.type_name)
        .with_hint("install the provider version that wrote the state, or a newer one"))
    }

    /// Nobody allowed the provider to defer, so a deferral is a failure.
    pub(crate) fn refuse_deferred(&self, deferred: bool) -> Result<()> {
        if deferred {
            return Err(Error::new(
                ErrorKind::ToolFailed,
                "the provider put the answer off until it knows more of the configuration",
            ));
        }
        Ok(())
    }
}

pub(crate) fn broken(how: &str) -> Error {
    Error::new(
        ErrorKind::ToolFailed,
        format!("the provider's answer breaks the protocol: {how}"),
    )
}

pub(crate) fn decode(bytes: &[u8], ty: &Type) -> Result<Value> {
    msgpack::decode(bytes, ty).map_err(|e| broken("it does not fit the schema").with_source(e))
}

pub(crate) fn encode(value: &Value, ty: &Type) -> Result<Bytes> {
    let encoded = msgpack::encode(value, ty).map_err(|e| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the value does not fit the provider's schema: {e}"),
        )
        .with_source(e)
    })?;
    Ok(encoded.into())
}

pub(crate) fn decode_identity(
    schema: Option<&IdentitySchema>,
    bytes: Option<Bytes>,
) -> Result<Option<Value>> {
    match (schema, bytes) {
        (Some(schema), Some(bytes)) => {
            let identity = decode(&bytes, &schema.implied_type())?;
            Ok(Some(identity).filter(|i| !i.is_null()))
        }
        _ => Ok(None),
    }
}

fn identity_from_json(json: &RawJson, schema: &IdentitySchema) -> Result<Bytes> {
    let wrong = || {
        Error::new(
            ErrorKind::InvalidState,
            "the stored identity does not fit the provider's schema",
        )
    };
    let json = serde_json::from_str(json.get()).map_err(|_| wrong())?;
    let ty = schema.implied_type();
    let identity = configure::convert(&untyped(json), &ty).map_err(|_| wrong())?;
    encode(&identity, &ty)
}
