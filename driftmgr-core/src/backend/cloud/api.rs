//! The documents of the API, as far as they concern states (<https://developer.hashicorp.com/terraform/cloud-docs/api-docs>).
//!
//! Everything but ids is optional in the published description, so it is here.

use serde::Deserialize;

/// One thing.
#[derive(Deserialize)]
pub(super) struct One<T> {
    pub(super) data: T,
    #[serde(default)]
    pub(super) included: Vec<Included>,
}

/// A page of things.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) meta: Meta,
}

#[derive(Default, Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub(super) pagination: Pagination,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pagination {
    pub(super) next_page: Option<u32>,
}

/// What something else names.
#[derive(Clone, Deserialize)]
pub(super) struct Identifier {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// A relation to one thing.
#[derive(Default, Deserialize)]
pub(super) struct Relation {
    pub(super) data: Option<Identifier>,
}

/// Something that was asked for along with something else.
#[derive(Deserialize)]
pub(super) struct Included {
    #[serde(flatten)]
    pub(super) identifier: Identifier,
    #[serde(default)]
    pub(super) attributes: IncludedAttributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct IncludedAttributes {
    /// Of a user.
    pub(super) username: Option<String>,
    /// Of a team.
    pub(super) name: Option<String>,
    /// Of a run.
    pub(super) created_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Workspace {
    pub(super) id: String,
    pub(super) attributes: WorkspaceAttributes,
    #[serde(default)]
    pub(super) relationships: WorkspaceRelations,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct WorkspaceAttributes {
    pub(super) name: String,
    #[serde(default)]
    pub(super) locked: bool,
    pub(super) locked_reason: Option<String>,
    pub(super) permissions: Option<Permissions>,
    pub(super) resource_count: Option<u64>,
}

/// What the token may do; `None` where the server does not say.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Permissions {
    pub(super) can_read_state_versions: Option<bool>,
    pub(super) can_create_state_versions: Option<bool>,
    pub(super) can_lock: Option<bool>,
    /// Servers that know nothing of it have no safe deletion.
    pub(super) can_force_delete: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct WorkspaceRelations {
    #[serde(default)]
    pub(super) locked_by: Relation,
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) attributes: VersionAttributes,
    #[serde(default)]
    pub(super) relationships: VersionRelations,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct VersionAttributes {
    pub(super) serial: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) status: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) hosted_state_download_url: Option<String>,
    pub(super) hosted_state_upload_url: Option<String>,
    pub(super) encrypted_state_download_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct VersionRelations {
    #[serde(default)]
    pub(super) workspace: Relation,
}

impl Version {
    /// Whether its bytes are there. Servers before the status was introduced finalized a version at once.
    pub(super) fn is_finalized(&self) -> bool {
        let status = self.attributes.status.as_deref();
        status.is_none_or(|status| status == "finalized")
    }
}

/// A project, or something else that has a name.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) attributes: NamedAttributes,
}

#[derive(Deserialize)]
pub(super) struct NamedAttributes {
    pub(super) name: String,
}
