//! Reality through providers: plugins and native readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use crate::address::ProviderConfigAddress;
use crate::context::Context;
use crate::drift::secrets::Secrets;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::plan_back::{Verdict, judge, plan_request};
use crate::provider::{ReadRequest, ReaderInfo, Refreshed, ResourceReader, ResourceSchema};
use crate::value::{Value, diff};

/// Reader or reason, for each provider configuration.
pub type Routes = BTreeMap<ProviderConfigAddress, Result<Arc<dyn ResourceReader>>>;

/// Reality through providers: each object is read by the reader of its provider configuration.
pub struct Readers {
    routes: Routes,
}

impl Readers {
    /// Reality through these readers.
    pub fn new(routes: Routes) -> Self {
        Self { routes }
    }

    fn reader(&self, provider: &ProviderConfigAddress) -> Result<&Arc<dyn ResourceReader>> {
        match self.routes.get(provider) {
            Some(Ok(reader)) => Ok(reader),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::new(
                ErrorKind::NotFound,
                "nobody answers for this provider configuration",
            )
            .with("provider", provider)),
        }
    }

    async fn look(&self, cx: &Context, object: &InstanceRef) -> Result<Observed> {
        let reader = self.reader(&object.provider)?;
        let type_name = &object.address.resource.resource_type;
        let Some(schema) = reader.resource_schema(type_name) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("the provider does not know the resource type `{type_name}`"),
            )
            .with("provider", &object.provider)
            .with_hint(
                "the state was written with another version of the provider; install that one",
            ));
        };
        let secrets = Secrets::of(object, schema);
        let refreshed = reader.refresh(cx, request(object)?).await;
        let refreshed = refreshed.map_err(|e| secrets.error(e))?;
        let warnings = refreshed.warnings.iter();
        let notes = warnings.map(|w| secrets.text(&w.summary)).collect();
        let Some(current) = &refreshed.current else {
            return Ok(Observed::Absent {
                stored: refreshed.prior,
                schema: schema.clone(),
                notes,
                effect: None,
            });
        };
        let secrets = secrets.and(current);
        let verdict = plan_back(cx, reader.as_ref(), schema, type_name, &refreshed, current).await;
        let verdict = verdict.map(|judged| judged.map_err(|e| secrets.error(e)));
        Ok(Observed::Present(Box::new(Observation {
            current: current.clone(),
            stored: refreshed.prior,
            schema: schema.clone(),
            verdict,
            basis: Basis::PlanBack,
            notes,
        })))
    }
}

#[async_trait]
impl Reality for Readers {
    fn reader_info(&self, provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        Some(self.reader(provider).ok()?.info())
    }

    fn support(&self, provider: &ProviderConfigAddress, type_name: &str) -> Support {
        match self.reader(provider) {
            Ok(reader) if reader.resource_schema(type_name).is_some() => Support::Attributes,
            _ => Support::None,
        }
    }

    async fn observe(&self, cx: &Context, object: &InstanceRef) -> Observed {
        self.look(cx, object)
            .await
            .unwrap_or_else(Observed::Unreadable)
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.routes.keys().map(ToString::to_string))
            .finish()
    }
}

fn request(object: &InstanceRef) -> Result<ReadRequest> {
    let instance = &object.instance;
    Ok(ReadRequest {
        type_name: object.address.resource.resource_type.clone(),
        schema_version: instance.schema_version,
        attributes: instance.attributes.clone(),
        private: Bytes::from(instance.private_bytes()?),
        identity: instance.identity.clone(),
    })
}

/// Asks the provider what apply would do, only where something differs.
async fn plan_back(
    cx: &Context,
    reader: &dyn ResourceReader,
    schema: &ResourceSchema,
    type_name: &str,
    refreshed: &Refreshed,
    current: &Value,
) -> Option<Result<Verdict>> {
    if diff(
        &refreshed.prior,
        current,
        Some(&schema.block.comparison_shape()),
    )
    .is_empty()
    {
        return None;
    }
    let request = plan_request(schema, type_name, &refreshed.prior, refreshed);
    Some(
        reader
            .plan(cx, request)
            .await
            .map(|planned| judge(schema, current, &planned)),
    )
}
