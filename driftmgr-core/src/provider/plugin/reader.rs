//! Asks a configured provider about objects: `UpgradeResourceState` and `ReadResource`, `PlanResourceChange`,
//! `ImportResourceState`, `ListResource`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::limit::{Concurrency, Limit, Permit};
use super::listing;
use super::subject::{Secrets, Subject, decode_identity, encode};
use super::supervisor::Supervisor;
use super::wire::{ImportCall, ImportedObject, PlanCall};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::reader::{
    ImportTarget, Imported, ListRequest, Listed, PlanRequest, Planned, ReadRequest, ReaderInfo,
    Refreshed, ResourceReader,
};
use crate::provider::schema::{ProviderSchema, ResourceSchema};
use crate::value::Type;

/// A configured plugin that can be asked about objects.
///
/// Dropping it kills its process; `ProviderPool::shutdown` ends it in an orderly way.
pub struct PluginReader {
    info: ReaderInfo,
    supervisor: Arc<Supervisor>,
    limit: Arc<Limit>,
    /// Of the resource types that were asked for so far: it takes a while to derive a large one.
    types: Mutex<HashMap<String, Arc<Type>>>,
}

impl PluginReader {
    pub(crate) fn new(supervisor: Arc<Supervisor>, concurrency: Concurrency) -> Self {
        Self {
            info: supervisor.launch().info(),
            supervisor,
            limit: Limit::new(concurrency),
            types: Mutex::default(),
        }
    }

    pub(crate) fn supervisor(&self) -> &Arc<Supervisor> {
        &self.supervisor
    }

    fn subject<'a>(&'a self, type_name: &'a str, secrets: Secrets<'a>) -> Result<Subject<'a>> {
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
            ty: self.implied_type(type_name, schema),
            settings: self.supervisor.scrubber(),
            secrets,
        })
    }

    fn implied_type(&self, type_name: &str, schema: &ResourceSchema) -> Arc<Type> {
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ty) = types.get(type_name) {
            return ty.clone();
        }
        let ty = Arc::new(schema.block.implied_type());
        types.insert(type_name.to_owned(), ty.clone());
        ty
    }

    pub(crate) async fn permit(&self, cx: &Context) -> Result<Permit> {
        let closed = || Error::new(ErrorKind::Unexpected, "the provider's limit is gone");
        cx.run(async { self.limit.permit().await.ok_or_else(closed) })
            .await
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
        let secrets = Secrets::Stored(&request.attributes);
        let subject = self.subject(&request.type_name, secrets)?;
        let at = |e| self.at("provider.read", &request.type_name, e);
        subject
            .refuse_newer("object", request.schema_version, subject.schema.version)
            .map_err(at)?;
        let mut permit = self.permit(cx).await?;
        let (subject, request) = (&subject, &request);
        let refreshed = self
            .supervisor
            .call(cx, &|| subject.scrubber(), move |wire| async move {
                subject.refresh(&*wire, request).await
            })
            .await;
        permit.note(&refreshed);
        refreshed.map_err(at)
    }

    async fn plan(&self, cx: &Context, request: PlanRequest) -> Result<Planned> {
        let objects = [&request.prior, &request.configuration, &request.proposed];
        let subject = self.subject(&request.type_name, Secrets::Objects(objects))?;
        let at = |e| self.at("provider.plan", &request.type_name, e);
        let identity = request.identity.as_ref();
        let call = PlanCall {
            type_name: request.type_name.clone(),
            prior: encode(&request.prior, &subject.ty).map_err(at)?,
            proposed: encode(&request.proposed, &subject.ty).map_err(at)?,
            configuration: encode(&request.configuration, &subject.ty).map_err(at)?,
            private: request.private.clone(),
            identity: subject.encode_identity(identity).map_err(at)?,
        };
        let mut permit = self.permit(cx).await?;
        let (subject, call) = (&subject, &call);
        let planned = self
            .supervisor
            .call(cx, &|| subject.scrubber(), move |wire| async move {
                subject.plan(&*wire, call.clone()).await
            })
            .await;
        permit.note(&planned);
        planned.map_err(at)
    }

    async fn import(
        &self,
        cx: &Context,
        type_name: &str,
        target: ImportTarget,
    ) -> Result<Vec<Imported>> {
        let subject = self.subject(type_name, Secrets::None)?;
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
            .call(cx, &|| subject.scrubber(), move |wire| async move {
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
        listing::start(self, cx, request)
            .await
            .map_err(|e| self.at("provider.list", &type_name, e))
    }
}

impl PluginReader {
    /// One import can bring objects of several types.
    fn imported(&self, object: ImportedObject) -> Result<Imported> {
        let subject = self.subject(&object.type_name, Secrets::None)?;
        let state = subject.known(object.state)?;
        Ok(Imported {
            object: state,
            identity: decode_identity(subject.schema.identity.as_ref(), object.identity)?,
            private: object.private,
            type_name: object.type_name,
        })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
