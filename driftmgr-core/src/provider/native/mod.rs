//! Readers that need no plugin: the types whose reality is this machine's file system, its clock, or the state itself.
//!
//! They give the verdict of the provider they stand in for, so that it makes no difference whether its binary is found.

mod clock;
mod file;
mod plan;
mod schemas;
mod stored;
#[cfg(test)]
mod tests;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::Semaphore;

use super::reader::{
    Diagnostic, DiagnosticSeverity, ImportTarget, Imported, ListRequest, Listed, Origin,
    PlanRequest, Planned, ReadRequest, ReaderInfo, Refreshed, ResourceReader,
};
use super::schema::{ProviderSchema, ResourceSchema};
use crate::address::ProviderSource;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// How many files are read at a time; more does not make a disk faster.
const PARALLEL_READS: usize = 16;

/// True for the resource types that have a native reader.
pub fn supports(type_name: &str) -> bool {
    schemas::TYPES.contains(&type_name)
}

/// The native reader for a provider: `hashicorp/local`, `null`, `random`, `time` and `tls` of the registries of Terraform and OpenTofu,
/// and the built-in `terraform`. `None` for every other one.
///
/// `root_dir` is the folder of the root module: file names in a state are relative to it.
pub fn reader_for(source: &ProviderSource, root_dir: &FilePath) -> Option<Arc<dyn ResourceReader>> {
    const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
    // States from before Terraform 0.13 leave the namespace open.
    const NAMESPACES: [&str; 2] = ["hashicorp", "-"];
    let published =
        HOSTS.contains(&source.host.as_str()) && NAMESPACES.contains(&source.namespace.as_str());
    let schema = match source.provider_type.as_str() {
        "local" if published => schemas::local(),
        "null" if published => schemas::null(),
        "random" if published => schemas::random(),
        "time" if published => schemas::time(),
        "tls" if published => schemas::tls(),
        "terraform" if source.is_builtin() => schemas::builtin(),
        _ => return None,
    };
    Some(Arc::new(NativeReader {
        info: ReaderInfo {
            source: source.clone(),
            version: None,
            origin: Origin::Native,
        },
        schema: Arc::new(schema),
        root_dir: root_dir.to_owned(),
        reads: Semaphore::new(PARALLEL_READS),
    }))
}

struct NativeReader {
    info: ReaderInfo,
    schema: Arc<ProviderSchema>,
    root_dir: PathBuf,
    reads: Semaphore,
}

impl NativeReader {
    fn schema_of(&self, type_name: &str) -> Result<&ResourceSchema> {
        self.resource_schema(type_name)
            .map(Arc::as_ref)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    "there is no native reader for this resource type",
                )
                .with("type", type_name)
                .with_hint(self.plugin_hint())
            })
    }

    fn plugin_hint(&self) -> String {
        format!(
            "run `terraform init` or `tofu init` so that the plugin of {} is found",
            self.info.source
        )
    }

    fn unsupported(&self, what: &str, type_name: &str) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            format!("{what} is not possible for this resource type"),
        )
        .with("type", type_name)
        .with_hint("leave this type out: its objects are known from a state only")
    }
}

#[async_trait]
impl ResourceReader for NativeReader {
    fn info(&self) -> &ReaderInfo {
        &self.info
    }

    fn schema(&self) -> &Arc<ProviderSchema> {
        &self.schema
    }

    async fn refresh(&self, cx: &Context, request: ReadRequest) -> Result<Refreshed> {
        cx.check()?;
        let schema = self.schema_of(&request.type_name)?;
        if request.schema_version > schema.version {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the object was stored by a newer version of its provider",
            )
            .with("type", &request.type_name)
            .with("schema_version", request.schema_version)
            .with_hint(self.plugin_hint()));
        }
        let prior = stored::object(&request.attributes, &schema.block)?;
        let mut refreshed = Refreshed {
            current: Some(prior.clone()),
            prior,
            private: request.private,
            identity: None,
            warnings: Vec::new(),
        };
        if !schemas::is_file(&request.type_name) {
            // The state is all there is, and the clock.
            match clock::read(&request.type_name, &refreshed.prior, cx.now())? {
                clock::Reading::AsStored => {}
                clock::Reading::Over(note) => {
                    refreshed.current = None;
                    refreshed.warnings.push(note);
                }
                clock::Reading::Due(current) => refreshed.current = Some(current),
            }
            return Ok(refreshed);
        }
        let read = async {
            let _permit = self.reads.acquire().await.map_err(unexpected)?;
            file::compare(cx, &self.root_dir, &refreshed.prior).await
        };
        match cx.run(read).await? {
            file::Found::AsStored => {}
            file::Found::Nothing => refreshed.current = None,
            file::Found::OtherContent => {
                refreshed.current = None;
                refreshed.warnings.push(edited());
            }
        }
        Ok(refreshed)
    }

    async fn plan(&self, cx: &Context, request: PlanRequest) -> Result<Planned> {
        cx.check()?;
        let schema = self.schema_of(&request.type_name)?;
        Ok(plan::plan(&schema.block, &request))
    }

    async fn import(
        &self,
        _cx: &Context,
        type_name: &str,
        _target: ImportTarget,
    ) -> Result<Vec<Imported>> {
        Err(self.unsupported("an import", type_name))
    }

    async fn list(
        &self,
        _cx: &Context,
        request: ListRequest,
    ) -> Result<BoxStream<'static, Result<Listed>>> {
        Err(self.unsupported("listing", &request.type_name))
    }
}

fn edited() -> Diagnostic {
    Diagnostic {
        severity: DiagnosticSeverity::Warning,
        summary: "the file exists with other content".to_owned(),
        detail: "The provider hashicorp/local takes an edited file for one that is gone: apply would write it anew."
            .to_owned(),
        attribute: None,
    }
}

fn unexpected(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unexpected, "reading a file was broken off").with_source(error)
}
