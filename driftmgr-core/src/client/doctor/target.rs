//! What a target would use: its root module, workspace, backend, and the binary of each provider.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::address::ProviderSource;
use crate::client::StoredState;
use crate::configuration::{Module, RootModule, Workspace, WorkspaceOrigin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::find::{LockFile, SearchRequest, Verified, VersionConstraints, locate};
use crate::provider::native;
use crate::report::text::Section;

/// One target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetFacts {
    /// As the caller named it.
    pub target: String,
    /// The folder of its root module.
    pub root: PathBuf,
    /// The selected workspace.
    pub workspace: String,
    /// What selected it, for people.
    pub workspace_origin: String,
    /// The kind of backend that the configuration declares.
    pub backend: Option<String>,
    /// The providers that it needs, sorted by source.
    pub providers: Vec<ProviderFacts>,
    /// What could not be read of it.
    pub problems: Vec<String>,
}

/// One provider that a target needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderFacts {
    /// Its source address.
    pub source: String,
    /// Who wants it: `configuration`, `lock file`, `state`.
    pub wanted_by: Vec<&'static str>,
    /// The binary that would run.
    pub path: Option<PathBuf>,
    /// Its version.
    pub version: Option<String>,
    /// What kind of place it was found in, for people.
    pub place: Option<String>,
    /// What it was checked against, for people.
    pub verified: Option<String>,
    /// Some of its types are read without a binary.
    pub native: bool,
    /// Why there is no binary.
    pub problem: Option<String>,
    /// Where it was looked for.
    pub looked: Vec<String>,
    /// Ways out.
    pub hints: Vec<String>,
}

/// What selected a workspace, for people.
pub(in crate::client) fn selected_by(origin: &WorkspaceOrigin) -> String {
    match origin {
        WorkspaceOrigin::Explicit => "the command line".to_owned(),
        WorkspaceOrigin::Environment => "TF_WORKSPACE".to_owned(),
        WorkspaceOrigin::File(path) => path.display().to_string(),
        WorkspaceOrigin::Default => "nothing else is selected".to_owned(),
    }
}

impl TargetFacts {
    pub(super) fn examine(cx: &Context, target: &Path) -> Result<Self> {
        let path = target;
        let is_folder = match std::fs::metadata(reached(cx, path)) {
            Ok(metadata) => metadata.is_dir(),
            Err(e) => return Err(Error::io("look at the target", path, e)),
        };
        let root = if is_folder {
            path
        } else {
            path.parent()
                .filter(|p| !p.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
        };
        let mut problems = Vec::new();
        let mut wanted: BTreeMap<ProviderSource, Wanted> = BTreeMap::new();
        let mut backend = None;
        match RootModule::load(cx, root) {
            Ok(loaded) => {
                problems.extend(loaded.problems.iter().map(ToString::to_string));
                let module = &loaded.value.module;
                backend = module.backend.as_ref().map(|b| b.kind.clone());
                if backend.is_none() && module.cloud.is_some() {
                    backend = Some("cloud".to_owned());
                }
                wanted_by_module(module, &mut wanted);
            }
            Err(error) => problems.push(error.to_string()),
        }
        match LockFile::load(&reached(cx, root)) {
            Ok(Some(lock)) => {
                for provider in lock.providers {
                    wanted.entry(provider.source).or_default().by("lock file");
                }
            }
            Ok(None) => {}
            Err(error) => problems.push(error.to_string()),
        }
        if !is_folder {
            match StoredState::read(reached(cx, path)) {
                Ok(stored) => {
                    for (resource, instance) in stored.state().instances() {
                        if let Some(provider) = resource.provider_of(instance) {
                            wanted
                                .entry(provider.source.clone())
                                .or_default()
                                .by("state");
                        }
                    }
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        let workspace = Workspace::selected(cx, root, None)?;
        Ok(Self {
            target: target.display().to_string(),
            root: root.to_owned(),
            workspace: workspace.name,
            workspace_origin: selected_by(&workspace.origin),
            backend,
            providers: wanted
                .into_iter()
                .map(|(source, wanted)| provider(cx, root, source, wanted))
                .collect(),
            problems,
        })
    }

    pub(super) fn sections(&self, every_place: bool) -> Vec<Section> {
        let mut facts = Section::new(format!("Target {}", self.target));
        facts.row("root module", self.root.display().to_string());
        facts.row(
            "workspace",
            format!("{} ({})", self.workspace, self.workspace_origin),
        );
        let backend = self
            .backend
            .as_deref()
            .unwrap_or("local (none is declared)");
        facts.row("backend", backend);
        for problem in &self.problems {
            facts.row("problem", problem);
        }
        if self.providers.is_empty() {
            facts.row("providers", "none are needed");
        }
        let mut sections = vec![facts];
        sections.extend(self.providers.iter().map(|p| p.section(every_place)));
        sections
    }
}

impl ProviderFacts {
    fn section(&self, every_place: bool) -> Section {
        let mut facts = Section::new(format!("Provider {}", self.source));
        facts.row("wanted by", self.wanted_by.join(", "));
        if let Some(path) = &self.path {
            facts.row("binary", path.display().to_string());
        }
        if let Some(version) = &self.version {
            facts.row("version", version);
        }
        if let Some(place) = &self.place {
            facts.row("found in", place);
        }
        if let Some(verified) = &self.verified {
            facts.row("checked", verified);
        }
        if let Some(problem) = &self.problem {
            facts.row("problem", problem);
        }
        if self.native && self.path.is_none() {
            facts.row("instead", "driftmgr reads some of its types itself");
        }
        if every_place || self.path.is_none() {
            for (i, place) in self.looked.iter().enumerate() {
                facts.row(if i == 0 { "looked in" } else { "" }, place);
            }
        }
        for hint in &self.hints {
            facts.row("hint", hint);
        }
        facts
    }
}

/// The path as this process reaches it: unchanged where the context works in the process's own folder, so that messages name it as the
/// caller did.
fn reached(cx: &Context, path: &Path) -> PathBuf {
    let folder = cx.environment().current_dir();
    match std::env::current_dir() {
        Ok(own) if own == folder => path.to_owned(),
        _ => folder.join(path),
    }
}

/// Who wants a provider, and in which versions.
#[derive(Default)]
struct Wanted {
    by: Vec<&'static str>,
    constraints: Vec<String>,
}

impl Wanted {
    fn by(&mut self, who: &'static str) {
        if !self.by.contains(&who) {
            self.by.push(who);
        }
    }
}

fn wanted_by_module(module: &Module, wanted: &mut BTreeMap<ProviderSource, Wanted>) {
    let mut want = |source: ProviderSource, version: Option<&String>| {
        let entry = wanted.entry(source).or_default();
        entry.by("configuration");
        entry.constraints.extend(version.cloned());
    };
    for (name, required) in &module.required_providers {
        want(module.source_of(name), required.version.as_ref());
    }
    for key in module.resources.keys() {
        let (name, _) = module.provider_for_resource(key);
        want(module.source_of(&name), None);
    }
    for child in module.children.values() {
        wanted_by_module(child, wanted);
    }
}

fn provider(cx: &Context, root: &Path, source: ProviderSource, wanted: Wanted) -> ProviderFacts {
    let mut facts = ProviderFacts {
        source: source.to_string(),
        wanted_by: wanted.by,
        path: None,
        version: None,
        place: None,
        verified: None,
        native: native::reader_for(&source, root).is_some(),
        problem: None,
        looked: Vec::new(),
        hints: Vec::new(),
    };
    let mut request = SearchRequest::new(root, source);
    match wanted.constraints.join(", ").parse::<VersionConstraints>() {
        Ok(constraints) => request.constraints = constraints,
        Err(error) => facts.problem = Some(error.to_string()),
    }
    match locate(cx, &request) {
        Ok(Some(found)) => {
            facts.version = found.version.map(|v| v.to_string());
            facts.path = Some(found.path);
            facts.place = Some(found.place.to_string());
            facts.verified = Some(match found.verified {
                Verified::Lock => "version and hash are those of the lock file".to_owned(),
                Verified::Setting => "named in driftmgr's settings".to_owned(),
                Verified::DevOverride => {
                    "named in dev_overrides, which turns checks off".to_owned()
                }
                Verified::Unlocked(why) => why,
            });
        }
        Ok(None) => facts.place = Some("built in: it has no binary".to_owned()),
        Err(error) => facts.missing(&error),
    }
    facts
}

impl ProviderFacts {
    fn missing(&mut self, error: &Error) {
        let looked = |key: &&(&str, String)| key.0 == "looked";
        self.looked = error
            .context()
            .iter()
            .filter(looked)
            .map(|(_, place)| place.clone())
            .collect();
        self.problem = Some(match error.kind() {
            ErrorKind::NotFound => error.message().to_owned(),
            _ => error.to_string(),
        });
        self.hints = error.hints().to_vec();
    }
}
