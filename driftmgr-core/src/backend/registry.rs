//! Which kinds of backends this program has, and how each is made.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "azurerm")]
use super::azurerm::AzureBackend;
#[cfg(feature = "cloud")]
use super::cloud::CloudBackend;
#[cfg(feature = "consul")]
use super::consul::ConsulBackend;
#[cfg(feature = "cos")]
use super::cos::CosBackend;
#[cfg(feature = "gcs")]
use super::gcs::GcsBackend;
#[cfg(feature = "http")]
use super::http::HttpBackend;
#[cfg(feature = "kubernetes")]
use super::kubernetes::KubernetesBackend;
use super::layers::{BackendMetrics, Layers};
use super::local::{LocalBackend, LocalConfig};
use super::memory::{MemoryBackend, MemoryStore};
#[cfg(feature = "oss")]
use super::oss::OssBackend;
#[cfg(feature = "pg")]
use super::pg::PgBackend;
#[cfg(feature = "s3")]
use super::s3::S3Backend;
use super::{Backend, BackendSpec, Capability};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The kinds that Terraform and OpenTofu know; a build need not have all of them.
pub const KNOWN_KINDS: [&str; 13] = [
    "azurerm",
    "cloud",
    "consul",
    "cos",
    "gcs",
    "http",
    "inmem",
    "kubernetes",
    "local",
    "oss",
    "pg",
    "remote",
    "s3",
];

/// Makes a backend of one kind from its specification. It may check the configuration; it does not reach out to the store.
pub type BackendFactory =
    Arc<dyn Fn(&Context, &BackendSpec) -> Result<Arc<dyn Backend>> + Send + Sync>;

/// The kinds of backends that can be opened.
#[derive(Clone, Default)]
pub struct BackendRegistry {
    factories: BTreeMap<String, BackendFactory>,
    /// Of those kinds where it does not depend on the specification.
    capabilities: BTreeMap<String, Capability>,
    /// Over every backend that is opened.
    layers: Layers,
}

impl BackendRegistry {
    /// A registry with the kinds of this build.
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        registry.register(
            LocalBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(LocalBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "azurerm")]
        registry.register(
            AzureBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(AzureBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "cloud")]
        for kind in CloudBackend::KINDS {
            registry.register(
                kind,
                Arc::new(|cx, spec| Ok(Arc::new(CloudBackend::from_spec(cx, spec)?))),
            );
        }
        #[cfg(feature = "consul")]
        registry.register(
            ConsulBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(ConsulBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "cos")]
        registry.register(
            CosBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(CosBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "gcs")]
        registry.register(
            GcsBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(GcsBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "http")]
        registry.register(
            HttpBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(HttpBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "kubernetes")]
        registry.register(
            KubernetesBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(KubernetesBackend::from_spec(cx, spec)?))),
        );
        let store = MemoryStore::default();
        registry.register(
            MemoryBackend::KIND,
            Arc::new(move |_, _| Ok(Arc::new(MemoryBackend::new(store.clone())))),
        );
        #[cfg(feature = "oss")]
        registry.register(
            OssBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(OssBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "pg")]
        registry.register(
            PgBackend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(PgBackend::from_spec(cx, spec)?))),
        );
        #[cfg(feature = "s3")]
        registry.register(
            S3Backend::KIND,
            Arc::new(|cx, spec| Ok(Arc::new(S3Backend::from_spec(cx, spec)?))),
        );
        let local = LocalBackend::new(LocalConfig::of_directory(Path::new("")));
        let memory = MemoryBackend::new(MemoryStore::default());
        registry.capabilities = BTreeMap::from([
            (LocalBackend::KIND.to_owned(), local.capability()),
            (MemoryBackend::KIND.to_owned(), memory.capability()),
        ]);
        registry
    }

    /// Adds a kind, or replaces it.
    pub fn register(&mut self, kind: impl Into<String>, factory: BackendFactory) {
        let kind = kind.into();
        self.capabilities.remove(&kind);
        self.factories.insert(kind, factory);
    }

    /// What a kind can do; `None` where that depends on its specification, and for kinds that were added.
    pub fn capability(&self, kind: &str) -> Option<Capability> {
        self.capabilities.get(kind).copied()
    }

    /// The kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// The same with these layers over every backend that it opens from now on. Without any, calls are counted.
    #[must_use]
    pub fn with_layers(mut self, layers: Layers) -> Self {
        self.layers = layers;
        self
    }

    /// What the backends that it opened were asked so far. Clones count together.
    pub fn metrics(&self) -> BackendMetrics {
        self.layers.metrics()
    }

    /// Puts the layers over a backend that was made without this registry.
    ///
    /// # Errors
    /// Those of [`Layers::over`].
    pub(crate) fn layered(
        &self,
        cx: &Context,
        spec: &BackendSpec,
        backend: Arc<dyn Backend>,
    ) -> Result<Arc<dyn Backend>> {
        let layered = self.layers.over(cx, spec, backend);
        layered.map_err(|e| e.with_operation("backend.open"))
    }

    /// Makes the backend of a specification, below the layers.
    ///
    /// # Errors
    /// `Unsupported` when the kind is not registered, naming those that are; the factory's own; those of [`Layers::over`].
    pub fn open(&self, cx: &Context, spec: &BackendSpec) -> Result<Arc<dyn Backend>> {
        let Some(factory) = self.factories.get(&spec.kind) else {
            let kinds: Vec<&str> = self.kinds().collect();
            let kinds = kinds.join(", ");
            let kind = spec.kind.escape_debug();
            let message = if KNOWN_KINDS.contains(&spec.kind.as_str()) {
                format!("backend kind `{kind}` is known, this build has: {kinds}")
            } else {
                format!("there is no backend kind `{kind}`, this build has: {kinds}")
            };
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with("backend", &spec.origin)
                .with_hint(
                    "fetch the state with `terraform state pull > FILE` and name that file",
                ));
        };
        self.layered(cx, spec, factory(cx, spec)?)
    }
}

impl fmt::Debug for BackendRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Environment;

    fn open(kind: &str) -> Result<Arc<dyn Backend>> {
        let cx = Context::new(Environment::default());
        let spec = BackendSpec::from_block(kind, BTreeMap::new(), "main.tf:3");
        BackendRegistry::builtin().open(&cx, &spec)
    }

    /// The kinds of this build, as its errors list them.
    fn kinds() -> String {
        let registry = BackendRegistry::builtin();
        let kinds: Vec<&str> = registry.kinds().collect();
        kinds.join(", ")
    }

    #[test]
    fn an_absent_kind_names_those_that_are_there() {
        let kinds = kinds();
        let here: Vec<&str> = kinds.split(", ").collect();
        for kind in KNOWN_KINDS.iter().filter(|k| !here.contains(k)) {
            let error = open(kind).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                format!(
                    "backend kind `{kind}` is known, this build has: {kinds} (backend main.tf:3)"
                )
            );
        }
        assert_eq!(
            open("s4").unwrap_err().message(),
            format!("there is no backend kind `s4`, this build has: {kinds}")
        );
    }

    #[test]
    fn a_kind_is_there_with_its_feature() {
        let kinds = kinds();
        let mut expected = vec!["local", "memory"];
        #[cfg(feature = "azurerm")]
        expected.push("azurerm");
        #[cfg(feature = "cos")]
        expected.push("cos");
        #[cfg(feature = "gcs")]
        expected.push("gcs");
        #[cfg(feature = "http")]
        expected.push("http");
        #[cfg(feature = "cloud")]
        expected.extend(["cloud", "remote"]);
        #[cfg(feature = "consul")]
        expected.push("consul");
        #[cfg(feature = "kubernetes")]
        expected.push("kubernetes");
        #[cfg(feature = "oss")]
        expected.push("oss");
        #[cfg(feature = "pg")]
        expected.push("pg");
        #[cfg(feature = "s3")]
        expected.push("s3");
        expected.sort_unstable();
        assert_eq!(kinds, expected.join(", "));
    }

    #[test]
    fn registered_kinds_open() {
        assert_eq!(open("local").unwrap().info().kind, "local");
        assert_eq!(open("memory").unwrap().info().kind, "memory");
    }
}
