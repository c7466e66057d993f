//! The generated clients of protocol 5 and 6 behind one trait. The two differ in names only, so one macro writes both.

use std::sync::Arc;

use tonic::transport::Channel;

use super::handshake::Protocol;
use super::wire::Wire;

/// A client for a connection.
pub(crate) fn new(protocol: Protocol, channel: Channel) -> Arc<dyn Wire> {
    match protocol {
        Protocol::V5 => Arc::new(v5::Client::new(channel)),
        Protocol::V6 => Arc::new(v6::Client::new(channel)),
    }
}

macro_rules! client {
    (
        mod $name:ident is $messages:ident, $version:ident
        schemas: $get_schema:ident,
        validate: $validate:ident of $validate_messages:ident,
        configure: $configure:ident of $configure_messages:ident,
        stop: $stop:ident of $stop_messages:ident,
    ) => {
        mod $name {
            use async_trait::async_trait;
            use bytes::Bytes;
            use driftmgr_plugin::cache::Schemas;
            use driftmgr_plugin::$messages::attribute_path::step::Selector;
            use driftmgr_plugin::$messages::provider_client::ProviderClient;
            use driftmgr_plugin::$messages::{self as messages, diagnostic::Severity};
            use driftmgr_plugin::{Message, cache};
            use futures::stream::{BoxStream, StreamExt};
            use tonic::transport::Channel;

            use crate::provider::plugin::channel::MAX_MESSAGE;
            use crate::provider::plugin::handshake::Protocol;
            use crate::provider::plugin::schema::CACHE_FORMAT;
            use crate::provider::plugin::wire::*;
            use crate::provider::reader::{Diagnostic, DiagnosticSeverity};
            use crate::value::{Path, Step};

            pub(super) struct Client(ProviderClient<Channel>);

            impl Client {
                pub(super) fn new(channel: Channel) -> Self {
                    let client = ProviderClient::new(channel)
                        .max_decoding_message_size(MAX_MESSAGE)
                        .max_encoding_message_size(MAX_MESSAGE);
                    Self(client)
                }
            }

            fn value(msgpack: Bytes) -> Option<messages::DynamicValue> {
                let json = Bytes::new();
                Some(messages::DynamicValue { msgpack, json })
            }

            fn identity(msgpack: Option<Bytes>) -> Option<messages::ResourceIdentityData> {
                let identity_data = value(msgpack?);
                Some(messages::ResourceIdentityData { identity_data })
            }

            fn bytes(value: Option<messages::DynamicValue>) -> Call<Option<Bytes>> {
                match value {
                    Some(value) if !value.msgpack.is_empty() => Ok(Some(value.msgpack)),
                    Some(value) if !value.json.is_empty() => Err(WireError::Answer(
                        "a value is encoded as JSON and not as msgpack",
                    )),
                    _ => Ok(None),
                }
            }

            fn identity_bytes(data: Option<messages::ResourceIdentityData>) -> Call<Option<Bytes>> {
                bytes(data.and_then(|data| data.identity_data))
            }

            fn path(path: messages::AttributePath) -> Path {
                let step = |step: messages::attribute_path::Step| match step.selector? {
                    Selector::AttributeName(name) => Some(Step::Attribute(name)),
                    Selector::ElementKeyString(key) => Some(Step::Key(key)),
                    Selector::ElementKeyInt(index) => usize::try_from(index).ok().map(Step::Index),
                };
                // A step that cannot be told ends the path: the place above it is still right.
                Path(path.steps.into_iter().map_while(step).collect())
            }

            fn said<T>(answer: T, diagnostics: Vec<messages::Diagnostic>) -> Said<T> {
                let diagnostic = |d: messages::Diagnostic| Diagnostic {
                    // What is not clearly a warning must not pass for success.
                    severity: match d.severity() {
                        Severity::Warning => DiagnosticSeverity::Warning,
                        _ => DiagnosticSeverity::Error,
                    },
                    summary: d.summary,
                    detail: d.detail,
                    attribute: d.attribute.map(path),
                };
                let diagnostics = diagnostics.into_iter().map(diagnostic).collect();
                Said {
                    answer,
                    diagnostics,
                }
            }

            #[async_trait]
            impl Wire for Client {
                async fn schemas(&self) -> Call<Said<Schemas>> {
                    let request = messages::get_provider_schema::Request {};
                    let mut schemas = self.0.clone().$get_schema(request).await?.into_inner();
                    let mut diagnostics = std::mem::take(&mut schemas.diagnostics);
                    let request = messages::get_resource_identity_schemas::Request {};
                    let identities =
                        match self.0.clone().get_resource_identity_schemas(request).await {
                            Ok(response) => {
                                let mut identities = response.into_inner();
                                diagnostics.append(&mut identities.diagnostics);
                                identities
                            }
                            // Identities are younger than most providers.
                            Err(status) if status.code() == tonic::Code::Unimplemented => {
                                Default::default()
                            }
                            Err(status) => return Err(status.into()),
                        };
                    let schemas = cache::Schemas {
                        format: CACHE_FORMAT,
                        protocol: Protocol::$version.number(),
                        schemas: schemas.encode_to_vec().into(),
                        identities: identities.encode_to_vec().into(),
                    };
                    Ok(said(schemas, diagnostics))
                }

                async fn validate(&self, configuration: Bytes) -> Call<Said<()>> {
                    let request = messages::$validate_messages::Request {
                        config: value(configuration),
                    };
                    // A configuration that the provider changed on validation is of no use: Terraform ignores it as well.
                    let response = self.0.clone().$validate(request).await?.into_inner();
                    Ok(said((), response.diagnostics))
                }

                async fn configure(
                    &self,
                    terraform_version: String,
                    configuration: Bytes,
                ) -> Call<Said<()>> {
                    let request = messages::$configure_messages::Request {
                        terraform_version,
                        config: value(configuration),
                        client_capabilities: None,
                    };
                    let response = self.0.clone().$configure(request).await?.into_inner();
                    Ok(said((), response.diagnostics))
                }

                async fn stop(&self) -> Call<()> {
                    let request = messages::$stop_messages::Request {};
                    self.0.clone().$stop(request).await?;
                    Ok(())
                }

                async fn upgrade(
                    &self,
                    type_name: String,
                    version: i64,
                    raw: Raw,
                ) -> Call<Said<Option<Bytes>>> {
                    let raw_state = match raw {
                        Raw::Json(json) => messages::RawState {
                            json,
                            ..Default::default()
                        },
                        Raw::Flatmap(flatmap) => messages::RawState {
                            flatmap,
                            ..Default::default()
                        },
                    };
                    let request = messages::upgrade_resource_state::Request {
                        type_name,
                        version,
                        raw_state: Some(raw_state),
                    };
                    let response = self
                        .0
                        .clone()
                        .upgrade_resource_state(request)
                        .await?
                        .into_inner();
                    Ok(said(bytes(response.upgraded_state)?, response.diagnostics))
                }

                async fn upgrade_identity(
                    &self,
                    type_name: String,
                    version: i64,
                    json: Bytes,
                ) -> Call<Said<Option<Bytes>>> {
                    let request = messages::upgrade_resource_identity::Request {
                        type_name,
                        version,
                        raw_identity: Some(messages::RawState {
                            json,
                            ..Default::default()
                        }),
                    };
                    let response = self
                        .0
                        .clone()
                        .upgrade_resource_identity(request)
                        .await?
                        .into_inner();
                    let identity = identity_bytes(response.upgraded_identity)?;
                    Ok(said(identity, response.diagnostics))
                }

                async fn read(&self, call: ReadCall) -> Call<Said<ReadAnswer>> {
                    let request = messages::read_resource::Request {
                        type_name: call.type_name,
                        current_state: value(call.state),
                        private: call.private,
                        provider_meta: None,
                        client_capabilities: None,
                        current_identity: identity(call.identity),
                    };
                    let response = self.0.clone().read_resource(request).await?.into_inner();
                    let answer = ReadAnswer {
                        state: bytes(response.new_state)?,
                        private: response.private,
                        identity: identity_bytes(response.new_identity)?,
                        deferred: response.deferred.is_some(),
                    };
                    Ok(said(answer, response.diagnostics))
                }

                async fn plan(&self, call: PlanCall) -> Call<Said<PlanAnswer>> {
                    let request = messages::plan_resource_change::Request {
                        type_name: call.type_name,
                        prior_state: value(call.prior),
                        proposed_new_state: value(call.proposed),
                        config: value(call.configuration),
                        prior_private: call.private,
                        provider_meta: None,
                        client_capabilities: None,
                        prior_identity: identity(call.identity),
                    };
                    let response = self
                        .0
                        .clone()
                        .plan_resource_change(request)
                        .await?
                        .into_inner();
                    let answer = PlanAnswer {
                        planned: bytes(response.planned_state)?,
                        requires_replace: response.requires_replace.into_iter().map(path).collect(),
                        deferred: response.deferred.is_some(),
                    };
                    Ok(said(answer, response.diagnostics))
                }

                async fn import(&self, call: ImportCall) -> Call<Said<ImportAnswer>> {
                    let request = messages::import_resource_state::Request {
                        type_name: call.type_name,
                        id: call.id,
                        client_capabilities: None,
                        identity: identity(call.identity),
                    };
                    let response = self
                        .0
                        .clone()
                        .import_resource_state(request)
                        .await?
                        .into_inner();
                    let object = |o: messages::import_resource_state::ImportedResource| {
                        Ok(ImportedObject {
                            type_name: o.type_name,
                            state: bytes(o.state)?,
                            private: o.private,
                            identity: identity_bytes(o.identity)?,
                        })
                    };
                    let objects = response.imported_resources.into_iter().map(object);
                    let answer = ImportAnswer {
                        objects: objects.collect::<Call<_>>()?,
                        deferred: response.deferred.is_some(),
                    };
                    Ok(said(answer, response.diagnostics))
                }

                async fn list(
                    &self,
                    call: ListCall,
                ) -> Call<BoxStream<'static, Call<Said<ListEvent>>>> {
                    let request = messages::list_resource::Request {
                        type_name: call.type_name,
                        config: value(call.configuration),
                        include_resource_object: call.include_object,
                        limit: call.limit,
                    };
                    let stream = self.0.clone().list_resource(request).await?.into_inner();
                    let event = |event: Result<messages::list_resource::Event, tonic::Status>| {
                        let event = event?;
                        let answer = ListEvent {
                            identity: identity_bytes(event.identity)?,
                            display_name: event.display_name,
                            object: bytes(event.resource_object)?,
                        };
                        Ok(said(answer, event.diagnostic))
                    };
                    Ok(stream.map(event).boxed())
                }
            }
        }
    };
}

client! {
    mod v5 is tfplugin5, V5
    schemas: get_schema,
    validate: prepare_provider_config of prepare_provider_config,
    configure: configure of configure,
    stop: stop of stop,
}

client! {
    mod v6 is tfplugin6, V6
    schemas: get_provider_schema,
    validate: validate_provider_config of validate_provider_config,
    configure: configure_provider of configure_provider,
    stop: stop_provider of stop_provider,
}
