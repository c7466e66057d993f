//! The calls of the plugin protocol in one form for both of its versions: values are msgpack bytes, untouched.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use driftmgr_plugin::cache::Schemas;
use futures::stream::BoxStream;

use crate::provider::reader::Diagnostic;
use crate::value::Path;

/// Why a call has no answer that can be used.
#[derive(Debug)]
pub(crate) enum WireError {
    /// The transport's or the server's status.
    Status(Box<tonic::Status>),
    /// An answer that breaks the protocol; says how.
    Answer(&'static str),
}

impl From<tonic::Status> for WireError {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}

pub(crate) type Call<T> = Result<T, WireError>;

/// An answer and what the provider had to say about it. With an error among the diagnostics, the answer has no meaning.
#[derive(Debug)]
pub(crate) struct Said<T> {
    pub(crate) answer: T,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A stored object, as a state has it.
#[derive(Clone)]
pub(crate) enum Raw {
    Json(Bytes),
    Flatmap(HashMap<String, String>),
}

#[derive(Clone)]
pub(crate) struct ReadCall {
    pub(crate) type_name: String,
    pub(crate) state: Bytes,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<Bytes>,
}

pub(crate) struct ReadAnswer {
    /// Msgpack; `None` when the answer has no state at all, which a correct provider never does.
    pub(crate) state: Option<Bytes>,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<Bytes>,
    pub(crate) deferred: bool,
}

#[derive(Clone)]
pub(crate) struct PlanCall {
    pub(crate) type_name: String,
    pub(crate) prior: Bytes,
    pub(crate) proposed: Bytes,
    pub(crate) configuration: Bytes,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<Bytes>,
}

pub(crate) struct PlanAnswer {
    pub(crate) planned: Option<Bytes>,
    pub(crate) requires_replace: Vec<Path>,
    pub(crate) deferred: bool,
}

#[derive(Clone)]
pub(crate) struct ImportCall {
    pub(crate) type_name: String,
    /// Empty when an identity is given.
    pub(crate) id: String,
    pub(crate) identity: Option<Bytes>,
}

pub(crate) struct ImportAnswer {
    pub(crate) objects: Vec<ImportedObject>,
    pub(crate) deferred: bool,
}

pub(crate) struct ImportedObject {
    pub(crate) type_name: String,
    pub(crate) state: Option<Bytes>,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<Bytes>,
}

#[derive(Clone)]
pub(crate) struct ListCall {
    pub(crate) type_name: String,
    pub(crate) configuration: Bytes,
    pub(crate) include_object: bool,
    /// 0 for no limit.
    pub(crate) limit: i64,
}

pub(crate) struct ListEvent {
    pub(crate) identity: Option<Bytes>,
    pub(crate) display_name: String,
    pub(crate) object: Option<Bytes>,
}

/// A connection to a provider.
#[async_trait]
pub(crate) trait Wire: Send + Sync {
    /// `GetProviderSchema`, and `GetResourceIdentitySchemas` where the provider has it.
    async fn schemas(&self) -> Call<Said<Schemas>>;
    async fn validate(&self, configuration: Bytes) -> Call<Said<()>>;
    async fn configure(&self, terraform_version: String, configuration: Bytes) -> Call<Said<()>>;
    async fn stop(&self) -> Call<()>;
    async fn upgrade(&self, type_name: String, version: i64, raw: Raw)
    -> Call<Said<Option<Bytes>>>;
    async fn upgrade_identity(
        &self,
        type_name: String,
        version: i64,
        json: Bytes,
    ) -> Call<Said<Option<Bytes>>>;
    async fn read(&self, call: ReadCall) -> Call<Said<ReadAnswer>>;
    async fn plan(&self, call: PlanCall) -> Call<Said<PlanAnswer>>;
    async fn import(&self, call: ImportCall) -> Call<Said<ImportAnswer>>;
    async fn list(&self, call: ListCall) -> Call<BoxStream<'static, Call<Said<ListEvent>>>>;
}
