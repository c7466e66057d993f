//! The arguments of a `cloud` block and of a `remote` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/cli/cloud/settings>, <https://developer.hashicorp.com/terraform/language/backend/remote>,
//! <https://opentofu.org/docs/cli/cloud/settings/>).

use std::collections::BTreeSet;

use super::mapping::Mapping;
use crate::backend::BackendSpec;
use crate::backend::arguments::Arguments;
use crate::cli_config::comparable;
use crate::env;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// Terraform's default. OpenTofu has none and wants the argument.
const DEFAULT_HOST: &str = "app.terraform.io";

const KNOWN: [&str; 4] = ["hostname", "organization", "token", "workspaces"];

/// Which of the two blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cloud,
    Remote,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Remote => "remote",
        }
    }
}

/// The arguments of a block, defaults and variables put in. `Debug` shows no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudConfig {
    pub(super) kind: Kind,
    /// In punycode, with a port that is not 443.
    pub(super) host: String,
    pub(super) organization: String,
    /// The argument; other places are looked at when it is asked for first.
    pub(super) token: Option<Sensitive<String>>,
    pub(super) mapping: Mapping,
    /// The name of the project of workspaces that are listed or created.
    pub(super) project: Option<String>,
    /// The service that is looked up at the host.
    pub(super) service: &'static str,
}

impl CloudConfig {
    /// Reads the arguments; those of `cloud` that are missing come from their `TF_CLOUD_*` variables.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing, wrong or in conflict with another, or with `TF_WORKSPACE`;
    /// `Unsupported` for another kind.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        match spec.kind.as_str() {
            "cloud" => Self::cloud(environment, &arguments),
            "remote" => Self::remote(environment, &arguments),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("`{}` is neither cloud nor remote", other.escape_debug()),
            )),
        }
    }

    fn cloud(environment: &Environment, arguments: &Arguments<'_>) -> Result<Self> {
        let organization = arguments.text_or("organization", &[env::TF_CLOUD_ORGANIZATION])?;
        let organization = organization.ok_or_else(|| {
            arguments
                .invalid("the cloud block has no `organization`")
                .with_hint(format!(
                    "set the argument, or {}",
                    env::TF_CLOUD_ORGANIZATION
                ))
        })?;
        let inside = arguments.object("workspaces", &["name", "project", "tags"])?;
        let project = match &inside {
            Some(inside) => inside.text_or("project", &[env::TF_CLOUD_PROJECT])?,
            None => environment.get(env::TF_CLOUD_PROJECT).map(str::to_owned),
        };
        Ok(Self {
            kind: Kind::Cloud,
            host: host(arguments, &[env::TF_CLOUD_HOSTNAME])?,
            organization,
            token: token(arguments)?,
            mapping: cloud_mapping(environment, arguments, inside.as_ref())?,
            project,
            service: "tfe.v2",
        })
    }

    fn remote(environment: &Environment, arguments: &Arguments<'_>) -> Result<Self> {
        let inside = arguments.object("workspaces", &["name", "prefix"])?;
        let (name, prefix) = match &inside {
            Some(inside) => (inside.text("name")?, inside.text("prefix")?),
            None => (None, None),
        };
        let mapping = match (name, prefix) {
            (Some(name), None) => Mapping::Default(name),
            (None, Some(prefix)) => Mapping::Prefix(prefix),
            (None, None) => {
                return Err(arguments
                    .invalid("the remote backend's `workspaces` has neither `name` nor `prefix`"));
            }
            (Some(_), Some(_)) => {
                return Err(arguments.invalid(
                    "the remote backend's `workspaces` has both `name` and `prefix`, which exclude each other",
                ));
            }
        };
        let states_only = environment.get(env::TF_FORCE_LOCAL_BACKEND).is_some();
        Ok(Self {
            kind: Kind::Remote,
            host: host(arguments, &[])?,
            organization: arguments.required("organization")?,
            token: token(arguments)?,
            mapping,
            project: None,
            service: if states_only { "state.v2" } else { "tfe.v2" },
        })
    }

    /// Where the states are, for people.
    pub(super) fn location(&self) -> String {
        let (host, organization) = (&self.host, &self.organization);
        format!("{host}/{organization}/{}", self.mapping.describe())
    }
}

fn host(arguments: &Arguments<'_>, variables: &[&str]) -> Result<String> {
    let host = arguments.text_or("hostname", variables)?;
    let host = host.unwrap_or_else(|| DEFAULT_HOST.to_owned());
    comparable(&host).ok_or_else(|| {
        arguments
            .invalid("the backend's argument `hostname` is no name of a host")
            .with_hint(
                "a name has no scheme and no path, such as app.terraform.io or tfe.example.com:8443",
            )
    })
}

fn token(arguments: &Arguments<'_>) -> Result<Option<Sensitive<String>>> {
    let token = arguments.text("token")?;
    if token.as_deref().is_some_and(|t| !is_header(t)) {
        return Err(arguments.invalid("the backend's argument `token` cannot be a token"));
    }
    Ok(token.map(Sensitive::new))
}

/// Whether a text can be sent in a header.
pub(super) fn is_header(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_graphic())
}

fn cloud_mapping(
    environment: &Environment,
    arguments: &Arguments<'_>,
    inside: Option<&Arguments<'_>>,
) -> Result<Mapping> {
    let name = inside.map(|i| i.text("name")).transpose()?.flatten();
    let tags = inside.map(tags).transpose()?.flatten();
    let selected = environment.get(env::TF_WORKSPACE);
    match (name, tags, selected) {
        (Some(_), Some(_), _) => Err(arguments.invalid(
            "the cloud block's `workspaces` has both `name` and `tags`, which exclude each other",
        )),
        (Some(name), None, Some(selected)) if name != selected => Err(arguments
            .invalid(format!(
                "{} selects another workspace than the cloud block's `name`",
                env::TF_WORKSPACE
            ))
            .with("selected", selected.escape_debug())
            .with("name", name.escape_debug())),
        (Some(name), None, _) => Ok(Mapping::Name(name)),
        (None, Some(tags), _) => Ok(tags),
        (None, None, Some(selected)) => Ok(Mapping::Name(selected.to_owned())),
        (None, None, None) => Err(arguments
            .invalid("the cloud block's `workspaces` has neither `name` nor `tags`")
            .with_hint(format!("set one of them, or {}", env::TF_WORKSPACE))),
    }
}

/// Terraform takes a map since 1.10, both programs a set.
fn tags(inside: &Arguments<'_>) -> Result<Option<Mapping>> {
    if let Ok(map) = inside.map("tags") {
        return Ok((!map.is_empty()).then_some(Mapping::KeyValues(map)));
    }
    let tags: BTreeSet<String> = inside.texts("tags")?.unwrap_or_default();
    Ok((!tags.is_empty()).then_some(Mapping::Tags(tags)))
}
