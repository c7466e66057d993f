//! Asks a configured provider about objects: `UpgradeResourceState` and `ReadResource`, `PlanResourceChange`,
//! `ImportResourceState`, `ListResource`.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::timed_out;
use super::scrub::{Scrubber, untyped};
use super::supervisor::{Failure, Lease, Supervisor};
use super::wire::{
    Call, ImportCall, ImportedObject, ListCall, ListEvent, PlanCall, Raw, ReadCall, Said, Wire,
};
use super::{configure, diagnostics};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::reader::{
    Diagnostic, ImportTarget, Imported, ListRequest, Listed, PlanRequest, Planned, ReadRequest,
    ReaderInfo, Refreshed, ResourceReader,
};
use crate::provider::schema::{IdentitySchema, ProviderSchema, ResourceSchema};
use crate::state::RawAttributes;
use crate::value::{Type, Value, msgpack};

/// A configured plugin that can be asked about objects.
///
/// Dropping it kills its process; `ProviderPool::shutdown` ends it in an orderly way.
pub struct PluginReader {
    info: ReaderInfo,
    supervisor: Arc<Supervisor>,
    permits: Arc<Semaphore>,
}

/// What the calls about one resource type share.
struct Subject<'a> {
    type_name: &'a str,
    schema: &'a ResourceSchema,
    ty: Type,
    scrubber: Scrubber,
}

impl PluginReader {
    pub(crate) fn new(supervisor: Arc<Supervisor>, concurrency: usize) -> Self {
        Self {
            info: supervisor.launch().info(),
            supervisor,
            permits: Arc::new(Semaphore::new(concurrency.max(1))),
        }
    }

    pub(crate) fn supervisor(&self) -> &Arc<Supervisor> {
        &self.supervisor
    }

    fn subject<'a>(&'a self, type_name: &'a str) -> Result<Subject<'a>> {
        let Some(schema) = self.resource_schema(type_name) else {
            let error = Error::new(
                ErrorKind::Unsupported,
                "the provider does not know this resource type",
            )
            .with("resource type", type_name)
            .with_hint("use the provider version that the state was written with, or a newer one");
            return Err(self.supervisor.launch().named(error));
        };
        Ok(Subject {
            type_name,
            schema,
            ty: schema.block.implied_type(),
            scrubber: self.supervisor.scrubber().clone(),
        })
    }

    async fn permit(&self, cx: &Context) -> Result<OwnedSemaphorePermit> {
        let permit = self.permits.clone().acquire_owned();
        let closed = |_| Error::new(ErrorKind::Unexpected, "the provider's limit is gone");
        cx.run(async { permit.await.map_err(closed) }).await
    }

    fn at(&self, operation: &'static str, type_name: &str, error: Error) -> Error {
        let error = self
            .supervisor
            .launch()
            .named(error.with_operation(operation));
        if error.context_value("resource type").is_some() {
            error
        } else {
            error.with("resource type", type_name)
        }
    }

    async fn list_events(
        &self,
        cx: &Context,
        request: ListRequest,
    ) -> Result<BoxStream<'static, Result<Listed>>> {
        let schema = self.supervisor.schema();
        let Some(block) = schema.list_resources.get(&request.type_name) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the provider cannot list this resource type",
            ));
        };
        let configuration =
            configure::complete(&request.configuration, block).map_err(|e| e.into_error())?;
        let mut scrubber = self.supervisor.scrubber().clone();
        scrubber.add_object(&configuration, block);
        let call = ListCall {
            type_name: request.type_name.clone(),
            configuration: encode(&configuration, &block.implied_type())?,
            include_object: request.include_object,
            limit: request
                .limit
                .map_or(0, |limit| i64::try_from(limit).unwrap_or(i64::MAX)),
        };
        let resource = self.resource_schema(&request.type_name).cloned();
        let permit = self.permit(cx).await?;
        let limit = self.supervisor.answer_timeout();
        let lease = cx.run(self.supervisor.lease()).await?;
        let opened = async {
            let call = lease.connection.wire.list(call);
            match tokio::time::timeout(limit, call).await {
                Ok(Ok(events)) => Ok(events),
                Ok(Err(e)) => Err(lease.error(&e, &scrubber).await),
                Err(_) => Err(timed_out(limit)),
            }
        };
        let events = cx.run(opened).await?;
        let listing = Listing {
            cx: cx.clone(),
            events,
            lease,
            limit,
            resource,
            scrubber,
            ended: false,
            _permit: permit,
        };
        let next = |mut listing: Listing| async move {
            let item = listing.next().await?;
            Some((item, listing))
        };
        Ok(futures::stream::unfold(listing, next).boxed())
    }
}

#[async_trait]
impl ResourceReader for PluginReader {
    fn info(&self) -> &ReaderInfo {
        &self.info
    }

    fn schema(&self) -> &Arc<ProviderSchema> {
        self.supervisor.schema()
    }

    async fn refresh(&self, cx: &Context, request: ReadRequest) -> Result<Refreshed> {
        let mut subject = self.subject(&request.type_name)?;
        let at = |e| self.at("provider.read", &request.type_name, e);
        subject
            .refuse_newer("object", request.schema_version, subject.schema.version)
            .map_err(at)?;
        subject
            .scrubber
            .add_stored(&request.attributes, &subject.schema.block);
        let _permit = self.permit(cx).await?;
        let (subject, request) = (&subject, &request);
        self.supervisor
            .call(cx, move |wire| async move {
                subject.refresh(&*wire, request).await
            })
            .await
            .map_err(at)
    }

    async fn plan(&self, cx: &Context, request: PlanRequest) -> Result<Planned> {
        let mut subject = self.subject(&request.type_name)?;
        let at = |e| self.at("provider.plan", &request.type_name, e);
        let block = &subject.schema.block;
        for object in [&request.prior, &request.configuration, &request.proposed] {
            subject.scrubber.add_object(object, block);
        }
        let identity = request.identity.as_ref();
        let call = PlanCall {
            type_name: request.type_name.clone(),
            prior: encode(&request.prior, &subject.ty).map_err(at)?,
            proposed: encode(&request.proposed, &subject.ty).map_err(at)?,
            configuration: encode(&request.configuration, &subject.ty).map_err(at)?,
            private: request.private.clone(),
            identity: subject.encode_identity(identity).map_err(at)?,
        };
        let _permit = self.permit(cx).await?;
        let (subject, call) = (&subject, &call);
        self.supervisor
            .call(cx, move |wire| async move {
                subject.plan(&*wire, call.clone()).await
            })
            .await
            .map_err(at)
    }

    async fn import(
        &self,
        cx: &Context,
        type_name: &str,
        target: ImportTarget,
    ) -> Result<Vec<Imported>> {
        let subject = self.subject(type_name)?;
        let at = |e| self.at("provider.import", type_name, e);
        let (id, identity) = match target {
            ImportTarget::Id(id) => (id, None),
            ImportTarget::Identity(identity) if subject.schema.identity.is_none() => {
                drop(identity);
                return Err(at(Error::new(
                    ErrorKind::Unsupported,
                    "this resource type has no identity",
                )
                .with_hint("import it by its id")));
            }
            ImportTarget::Identity(identity) => (
                String::new(),
                subject.encode_identity(Some(&identity)).map_err(at)?,
            ),
        };
        let call = ImportCall {
            type_name: type_name.to_owned(),
            id,
            identity,
        };
        let _permit = self.permit(cx).await?;
        let (subject, call) = (&subject, &call);
        let objects = self
            .supervisor
            .call(cx, move |wire| async move {
                let said = wire.import(call.clone()).await?;
                let (answer, _) = subject.heard(said)?;
                subject.refuse_deferred(answer.deferred)?;
                Ok(answer.objects)
            })
            .await
            .map_err(at)?;
        let decode = |object| self.imported(object).map_err(at);
        objects.into_iter().map(decode).collect()
    }

    async fn list(
        &self,
        cx: &Context,
        request: ListRequest,
    ) -> Result<BoxStream<'static, Result<Listed>>> {
        let type_name = request.type_name.clone();
        self.list_events(cx, request)
            .await
            .map_err(|e| self.at("provider.list", &type_name, e))
    }
}

impl PluginReader {
    /// One import can bring objects of several types.
    fn imported(&self, object: ImportedObject) -> Result<Imported> {
        let subject = self.subject(&object.type_name)?;
        let state = subject.known(object.state)?;
        Ok(Imported {
            object: state,
            identity: decode_identity(subject.schema.identity.as_ref(), object.identity)?,
            private: object.private,
            type_name: object.type_name,
        })
    }
}

impl Subject<'_> {
    async fn refresh(&self, wire: &dyn Wire, request: &ReadRequest) -> Result<Refreshed, Failure> {
        let raw = match &request.attributes {
            RawAttributes::Json(json) => Raw::Json(Bytes::copy_from_slice(json.get().as_bytes())),
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

    async fn plan(&self, wire: &dyn Wire, call: PlanCall) -> Result<Planned, Failure> {
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
        let json = Bytes::copy_from_slice(json.get().as_bytes());
        let version = i64::try_from(*version).unwrap_or(i64::MAX);
        let name = self.type_name.to_owned();
        let said = wire.upgrade_identity(name, version, json).await?;
        Ok(self.heard(said)?.0)
    }

    fn encode_identity(&self, identity: Option<&Value>) -> Result<Option<Bytes>> {
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
    fn heard<T>(&self, said: Said<T>) -> Result<(T, Vec<Diagnostic>)> {
        match diagnostics::to_error(&said.diagnostics, &self.scrubber) {
            Some(error) => Err(error),
            None => Ok((
                said.answer,
                diagnostics::scrubbed(said.diagnostics, &self.scrubber),
            )),
        }
    }

    /// An object in which everything is known. No answer at all is refused: a missing object is an explicit null.
    fn known(&self, bytes: Option<Bytes>) -> Result<Value> {
        let bytes = bytes.ok_or_else(|| broken("the object is missing"))?;
        let value = decode(&bytes, &self.ty)?;
        if value.has_unknown() {
            return Err(broken("a part of an existing object is said to be unknown"));
        }
        Ok(value)
    }

    fn refuse_newer(&self, what: &str, stored: u64, known: u64) -> Result<()> {
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
    fn refuse_deferred(&self, deferred: bool) -> Result<()> {
        if deferred {
            return Err(Error::new(
                ErrorKind::ToolFailed,
                "the provider put the answer off until it knows more of the configuration",
            ));
        }
        Ok(())
    }
}

/// A listing under way. It ends with its first error.
struct Listing {
    cx: Context,
    events: BoxStream<'static, Call<Said<ListEvent>>>,
    lease: Lease,
    limit: std::time::Duration,
    resource: Option<Arc<ResourceSchema>>,
    scrubber: Scrubber,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl Listing {
    async fn next(&mut self) -> Option<Result<Listed>> {
        if self.ended {
            return None;
        }
        let next = async { Ok(tokio::time::timeout(self.limit, self.events.next()).await) };
        let result = match self.cx.run(next).await {
            Err(cancelled) => Err(cancelled),
            Ok(Err(_)) => Err(timed_out(self.limit)),
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(Err(e)))) => Err(self.lease.error(&e, &self.scrubber).await),
            Ok(Ok(Some(Ok(said)))) => return Some(self.listed(said)),
        };
        self.ended = true;
        Some(result)
    }

    fn listed(&self, said: Said<ListEvent>) -> Result<Listed> {
        if let Some(error) = diagnostics::to_error(&said.diagnostics, &self.scrubber) {
            return Err(error);
        }
        let event = said.answer;
        let resource = self.resource.as_deref();
        let schema = resource.and_then(|r| r.identity.as_ref());
        let identity = decode_identity(schema, event.identity)?
            .ok_or_else(|| broken("a listed object has no identity"))?;
        let object = match (event.object, resource) {
            (Some(bytes), Some(resource)) => {
                let object = decode(&bytes, &resource.block.implied_type())?;
                Some(object).filter(|o| !o.is_null())
            }
            _ => None,
        };
        Ok(Listed {
            identity,
            display_name: self.scrubber.scrub(&event.display_name),
            object,
            diagnostics: diagnostics::scrubbed(said.diagnostics, &self.scrubber),
        })
    }
}

fn broken(how: &str) -> Error {
    Error::new(
        ErrorKind::ToolFailed,
        format!("the provider's answer breaks the protocol: {how}"),
    )
}

fn decode(bytes: &[u8], ty: &Type) -> Result<Value> {
    msgpack::decode(bytes, ty).map_err(|e| broken("it does not fit the schema").with_source(e))
}

fn encode(value: &Value, ty: &Type) -> Result<Bytes> {
    let encoded = msgpack::encode(value, ty).map_err(|e| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the value does not fit the provider's schema: {e}"),
        )
        .with_source(e)
    })?;
    Ok(encoded.into())
}

fn decode_identity(schema: Option<&IdentitySchema>, bytes: Option<Bytes>) -> Result<Option<Value>> {
    match (schema, bytes) {
        (Some(schema), Some(bytes)) => {
            let identity = decode(&bytes, &schema.implied_type())?;
            Ok(Some(identity).filter(|i| !i.is_null()))
        }
        _ => Ok(None),
    }
}

fn identity_from_json(json: &RawValue, schema: &IdentitySchema) -> Result<Bytes> {
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

#[cfg(all(test, unix))]
#[path = "reader_tests.rs"]
mod tests;
