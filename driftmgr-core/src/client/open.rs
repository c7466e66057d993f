//! From a target to a stack: configuration, workspace, backend, state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encryption::{decrypted, told_why};
use super::options::OpenOptions;
use super::stack::Inner;
use crate::backend::local::{LocalBackend, LocalConfig};
use crate::backend::{
    Backend, BackendRegistry, BackendSpec, RawState, SelectedWorkspace, StateRef, is_url,
    shown_target,
};
use crate::configuration::{Evaluator, RootModule, Variables, Workspace, WorkspaceOrigin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::state::{HealthInputs, State};
use crate::value::json;

/// Where the local backend keeps other workspaces than `default`.
const WORKSPACES_DIR: &str = "terraform.tfstate.d";

/// Where a target's state is, and what is known around it.
pub(super) struct Located {
    /// What messages and results call it; nothing in it is secret.
    pub(super) label: String,
    pub(super) root_dir: PathBuf,
    /// What its backend was made of.
    pub(super) spec: BackendSpec,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) at: StateRef,
    /// The file, or the place that the backend names.
    pub(super) location: PathBuf,
    pub(super) workspace: Workspace,
    pub(super) around: Surroundings,
}

pub(super) async fn open(
    cx: &Context,
    backends: &BackendRegistry,
    target: &Path,
    options: &OpenOptions,
) -> Result<Inner> {
    let opened = async { stack(cx, locate(cx, backends, target, options).await?).await };
    opened.await.map_err(|e| e.with_operation("client.open"))
}

/// Finds the state of a target, without reading it.
pub(super) async fn locate(
    cx: &Context,
    backends: &BackendRegistry,
    target: &Path,
    options: &OpenOptions,
) -> Result<Located> {
    if let Some(url) = target.to_str().filter(|text| is_url(text)) {
        return locate_url(cx, backends, url, options);
    }
    let absolute = cx.environment().current_dir().join(target);
    let metadata = tokio::fs::metadata(&absolute).await.map_err(|e| {
        Error::io("open the target", target, e).with_hint(
            "a target is the folder of a root module, a state file, or the address of a state",
        )
    })?;
    if metadata.is_dir() {
        locate_directory(cx, backends, target, options)
    } else {
        locate_file(cx, backends, target, options)
    }
}

/// A root module that was read, with all it takes to evaluate it.
#[derive(Default)]
pub(super) struct Surroundings {
    pub(super) root_module: Option<Arc<RootModule>>,
    pub(super) variables: Variables,
    pub(super) problems: Vec<Error>,
}

pub(super) fn surroundings(
    cx: &Context,
    root: &Path,
    options: &OpenOptions,
) -> Result<Surroundings> {
    let loaded = RootModule::load(cx, root)?;
    let mut problems = loaded.problems;
    if loaded.value.module.files.is_empty() && problems.is_empty() {
        return Ok(Surroundings {
            root_module: None,
            variables: Variables::default(),
            problems,
        });
    }
    let variables = Variables::gather(cx, &loaded.value, &options.variables);
    problems.extend(variables.problems);
    Ok(Surroundings {
        root_module: Some(Arc::new(loaded.value)),
        variables: variables.value,
        problems,
    })
}

fn locate_directory(
    cx: &Context,
    backends: &BackendRegistry,
    target: &Path,
    options: &OpenOptions,
) -> Result<Located> {
    let around = surroundings(cx, target, options)?;
    let workspace = Workspace::selected(cx, target, options.workspace.as_deref())?;
    let block = around
        .root_module
        .as_ref()
        .map(|root| block(cx, root, &around.variables, &workspace))
        .transpose()?
        .flatten();
    let spec = specification(cx, target, block, options)?;
    let backend = backends.open(cx, &spec)?;
    let at = StateRef::current(workspace.name.parse()?);
    let location = match spec.kind.as_str() {
        LocalBackend::KIND => LocalConfig::from_spec(&spec)?.state_path(&at.workspace),
        _ => PathBuf::from(&backend.info().location),
    };
    Ok(Located {
        label: target.display().to_string(),
        root_dir: target.to_owned(),
        spec,
        backend,
        at,
        location,
        workspace,
        around,
    })
}

/// The backend of an address, with the arguments that the caller gives.
pub(super) fn of_url(cx: &Context, url: &str, options: &OpenOptions) -> Result<BackendSpec> {
    let spec = BackendSpec {
        root: cx.environment().current_dir().to_owned(),
        ..BackendSpec::from_url(url)?
    };
    with_arguments(cx, spec, options)
}

/// A state by its address, without a configuration. Providers are looked for as in the working folder.
fn locate_url(
    cx: &Context,
    backends: &BackendRegistry,
    url: &str,
    options: &OpenOptions,
) -> Result<Located> {
    let spec = of_url(cx, url, options)?;
    let backend = backends.open(cx, &spec)?;
    let mut workspace = Workspace::default();
    if let Some(name) = &options.workspace {
        workspace.name.clone_from(name);
        workspace.origin = WorkspaceOrigin::Explicit;
    }
    Ok(Located {
        // Without what is secret in the address.
        label: spec.origin.clone(),
        spec,
        root_dir: PathBuf::from("."),
        at: StateRef::current(workspace.name.parse()?),
        location: PathBuf::from(&backend.info().location),
        backend,
        workspace,
        around: Surroundings::default(),
    })
}

/// What is known of a state by its bytes and its backend.
fn place_in(cx: &Context, backend: &dyn Backend, raw: &RawState) -> HealthInputs {
    let is_local = backend.info().kind == LocalBackend::KIND;
    HealthInputs {
        is_local,
        // Terraform keeps one backup beside a local state, and no versions.
        versioning: Some(!is_local && backend.capability().versions),
        ..place(cx, raw)
    }
}

/// What is known of a state by its bytes.
fn place(cx: &Context, raw: &RawState) -> HealthInputs {
    let age = |written| cx.now().duration_since(written).ok();
    HealthInputs {
        bytes: raw.bytes.len() as u64,
        age: raw.modified.and_then(age),
        ..HealthInputs::default()
    }
}

/// The `backend` or `cloud` block as a specification.
fn block(
    cx: &Context,
    root: &RootModule,
    variables: &Variables,
    workspace: &Workspace,
) -> Result<Option<BackendSpec>> {
    let (kind, body, location) = match (&root.module.cloud, &root.module.backend) {
        (Some(cloud), _) => ("cloud", &cloud.body, &cloud.location),
        (None, Some(backend)) => (backend.kind.as_str(), &backend.body, &backend.location),
        (None, None) => return Ok(None),
    };
    let attributes = &body.attributes;
    let body = Evaluator::new(cx, root, variables, workspace, None).evaluate_body(body);
    if let Some(unresolved) = body.unresolved.first() {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            format!(
                "the {} block is not known: {unresolved}",
                if kind == "cloud" { kind } else { "backend" }
            ),
        )
        .with_hint("run `terraform init`, so that the initialised backend is known"));
    }
    let config = body
        .value
        .iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(name, value)| (name.clone(), json::encode_plain(value)));
    let origins = attributes.iter();
    let origins = origins.map(|a| (a.name.clone(), a.value.location().to_string()));
    Ok(Some(BackendSpec {
        origins: origins.collect(),
        ..BackendSpec::from_block(kind, config.collect(), location.to_string())
    }))
}

/// Which backend a folder uses, with the arguments that the caller gives.
fn specification(
    cx: &Context,
    target: &Path,
    block: Option<BackendSpec>,
    options: &OpenOptions,
) -> Result<BackendSpec> {
    if options.backend_config.is_empty() {
        return BackendSpec::from_directory(cx.environment(), target, block);
    }
    let refused = |reason: &str| {
        Error::new(ErrorKind::InvalidInput, reason).with("target", shown_target(target))
    };
    let root = cx.environment().current_dir().join(target);
    let spec = match block {
        Some(block) => block,
        None => BackendSpec::from_pointer(cx.environment(), &root)?.ok_or_else(|| {
            refused("arguments of a backend are given, and nothing names a backend").with_hint(
                "write a `backend` block into the configuration: `terraform { backend \"s3\" {} }`",
            )
        })?,
    };
    if spec.kind == "cloud" {
        return Err(refused("a `cloud` block takes no arguments from outside")
            .with_hint("use TF_CLOUD_ORGANIZATION, TF_CLOUD_HOSTNAME and TF_WORKSPACE"));
    }
    let selected = SelectedWorkspace::of_directory(cx.environment(), &root)?;
    let spec = BackendSpec {
        workspace: selected,
        root,
        ..spec
    };
    with_arguments(cx, spec, options)
}

fn with_arguments(cx: &Context, spec: BackendSpec, options: &OpenOptions) -> Result<BackendSpec> {
    let mut all = spec;
    for input in &options.backend_config {
        for argument in input.arguments(cx)? {
            all = all.with_argument(argument.name, argument.value, argument.origin);
        }
    }
    Ok(all)
}

fn locate_file(
    cx: &Context,
    backends: &BackendRegistry,
    target: &Path,
    options: &OpenOptions,
) -> Result<Located> {
    if !options.backend_config.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "a state file has no backend that takes arguments",
        )
        .with("target", shown_target(target))
        .with_hint("name the folder of the root module instead"));
    }
    let file = cx.environment().current_dir().join(target);
    let (root, workspace) = place_of(target, options);
    let backend = Arc::new(LocalBackend::new(LocalConfig::of_file(file)));
    Ok(Located {
        label: target.display().to_string(),
        around: surroundings(cx, &root, options)?,
        root_dir: root,
        spec: BackendSpec::from_block(LocalBackend::KIND, BTreeMap::new(), "a state file"),
        backend: backends.layered(cx, &BackendSpec::default_local(), backend)?,
        // The file is one state, whatever its workspace is called.
        at: StateRef::default(),
        location: target.to_owned(),
        workspace,
    })
}

/// The root module that a state file belongs to, and its workspace: the folder it lies in, or for `terraform.tfstate.d/NAME/…` the one
/// above.
pub(super) fn place_of(file: &Path, options: &OpenOptions) -> (PathBuf, Workspace) {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let explicit = |name: &str| Workspace {
        name: name.to_owned(),
        origin: WorkspaceOrigin::Explicit,
    };
    let chosen = options.workspace.as_deref().map(explicit);
    let name = folder.file_name().and_then(|n| n.to_str());
    let above = folder
        .parent()
        .filter(|above| above.file_name().is_some_and(|n| n == WORKSPACES_DIR));
    match (name, above) {
        (Some(name), Some(above)) => {
            let root = match above.parent() {
                Some(root) if !root.as_os_str().is_empty() => root,
                _ => Path::new("."),
            };
            let workspace = Workspace {
                name: name.to_owned(),
                origin: WorkspaceOrigin::File(file.to_owned()),
            };
            (root.to_owned(), chosen.unwrap_or(workspace))
        }
        _ => (folder.to_owned(), chosen.unwrap_or_default()),
    }
}

async fn stack(cx: &Context, located: Located) -> Result<Inner> {
    let Located {
        backend,
        location,
        workspace,
        around,
        ..
    } = located;
    let Some(raw) = backend.read(cx, &located.at).await? else {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no state for workspace `{}`", workspace.name))
            .with("target", located.label)
            .with("looked at", location.display())
            .with_hint("name the folder of a root module that was applied, or a state file; `terraform workspace list` shows the workspaces"));
    };
    let place = place_in(cx, &*backend, &raw);
    let named = |e: Error| e.with("state", location.display());
    let bytes = decrypted(cx, &around, &workspace, raw.bytes)
        .await
        .map_err(named)?;
    let state = State::from_bytes(bytes).map_err(|e| {
        let e = e.with("file", location.display());
        told_why(e, &around)
    })?;
    Ok(Inner {
        label: located.label,
        root_dir: located.root_dir,
        state: Arc::new(state),
        state_path: location,
        place,
        workspace,
        root_module: around.root_module,
        variables: around.variables,
        problems: around.problems,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_file_knows_its_root_module_and_workspace() {
        let place = |file: &str| {
            let (root, workspace) = place_of(Path::new(file), &OpenOptions::default());
            (root.display().to_string(), workspace.name)
        };
        assert_eq!(place("terraform.tfstate"), (".".into(), "default".into()));
        assert_eq!(place("a/b.tfstate"), ("a".into(), "default".into()));
        assert_eq!(
            place("terraform.tfstate.d/prod/terraform.tfstate"),
            (".".into(), "prod".into())
        );
        assert_eq!(
            place("/x/terraform.tfstate.d/prod/terraform.tfstate"),
            ("/x".into(), "prod".into())
        );
    }
}
