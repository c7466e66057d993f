//! Workspaces on the server: finding, listing, creating.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::api::{Included, Named, One, Workspace};
use super::client::{Call, CloudClient};
use super::error::Action;
use super::mapping::Mapping;
use crate::backend::{StateRef, WorkspaceName};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A workspace as the server has it, with who holds its lock.
pub(super) struct Found {
    pub(super) workspace: Workspace,
    pub(super) included: Vec<Included>,
}

impl Found {
    pub(super) fn id(&self) -> &str {
        &self.workspace.id
    }

    /// Fails when the server says that the token may not read states here. Without that, states would look as if they were not there.
    pub(super) fn may_read(&self) -> Result<()> {
        let permissions = self.workspace.attributes.permissions.as_ref();
        match permissions.and_then(|p| p.can_read_state_versions) {
            Some(false) => Err(self.named(Action::READ.denied())),
            _ => Ok(()),
        }
    }

    /// Fails when the server says that the token may not write states here.
    pub(super) fn may_write(&self) -> Result<()> {
        let permissions = self.workspace.attributes.permissions.as_ref();
        match permissions.and_then(|p| p.can_create_state_versions) {
            Some(false) => Err(self.named(Action::WRITE.denied())),
            _ => Ok(()),
        }
    }

    /// Fails when the server says that the token may not lock here.
    pub(super) fn may_lock(&self) -> Result<()> {
        let permissions = self.workspace.attributes.permissions.as_ref();
        match permissions.and_then(|p| p.can_lock) {
            Some(false) => Err(self.named(Action::LOCK.denied())),
            _ => Ok(()),
        }
    }

    /// An error about it.
    pub(super) fn named(&self, error: Error) -> Error {
        error.with("workspace", &self.workspace.attributes.name)
    }
}

impl CloudClient {
    /// The workspace of a state; `None` when there is none.
    pub(super) async fn find(&self, cx: &Context, at: &StateRef) -> Result<Option<Found>> {
        let name = self.config.mapping.on_server(&at.workspace)?;
        self.find_named(cx, &name).await
    }

    async fn find_named(&self, cx: &Context, name: &str) -> Result<Option<Found>> {
        let call = Call {
            action: Action::FIND,
            path: &[
                "organizations",
                &self.config.organization,
                "workspaces",
                name,
            ],
            query: &[("include", "locked_by")],
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        if answered.status() == 404 {
            // That can also mean that the organization is not there, and then there is more to say.
            self.has_organization(cx).await?;
            return Ok(None);
        }
        let one: One<Workspace> = answered.document(cx)?;
        Ok(Some(Found {
            workspace: one.data,
            included: one.included,
        }))
    }

    /// The workspace of a state, which is created when there is none, as both programs do it.
    pub(super) async fn find_or_create(&self, cx: &Context, at: &StateRef) -> Result<Found> {
        let name = self.config.mapping.on_server(&at.workspace)?;
        if let Some(found) = self.find_named(cx, &name).await? {
            return Ok(found);
        }
        let project = self.project(cx).await?;
        let body = creation(&self.config.mapping, &name, project.as_deref());
        let call = Call {
            action: Action::CREATE,
            method: Method::POST,
            path: &["organizations", &self.config.organization, "workspaces"],
            body: Some(body),
            repeatable: false,
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        if matches!(answered.status(), 409 | 422) {
            // Somebody may have been quicker.
            if let Some(found) = self.find_named(cx, &name).await? {
                return Ok(found);
            }
        }
        let one: One<Workspace> = answered.document(cx)?;
        Ok(Found {
            workspace: one.data,
            included: one.included,
        })
    }

    /// Fails when the organization is not there or not for this token.
    async fn has_organization(&self, cx: &Context) -> Result<()> {
        let ask = || async {
            let call = Call {
                action: Action::ORGANIZATION,
                path: &[
                    "organizations",
                    &self.config.organization,
                    "entitlement-set",
                ],
                ..Call::NOTHING
            };
            let answered = self.call(cx, call).await?;
            if answered.answer.status.is_success() {
                return Ok(());
            }
            Err(answered
                .refused(cx)
                .with("organization", &self.config.organization))
        };
        self.organization.get_or_try_init(ask).await.copied()
    }

    /// The id of the project that the configuration names.
    async fn project(&self, cx: &Context) -> Result<Option<String>> {
        let Some(name) = &self.config.project else {
            return Ok(None);
        };
        let path = ["organizations", &self.config.organization, "projects"];
        let query = [("filter[names]", name.as_str())];
        let pages = self.pages::<Named>(cx, Action::LIST, &path, &query).await?;
        let project = pages
            .into_iter()
            .flatten()
            .find(|project| project.attributes.name == *name);
        match project {
            Some(project) => Ok(Some(project.id)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                "there is no such project, or not for this token",
            )
            .with("project", name)
            .with("organization", &self.config.organization)
            .with_hint("create it first; no project is created on the way")),
        }
    }

    /// The names that a root module has for the workspaces of its configuration.
    pub(super) async fn list_workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        cx.check()?;
        let mapping = &self.config.mapping;
        let mut query: Vec<(String, String)> = match mapping {
            Mapping::Default(_) => return Ok(vec![WorkspaceName::default_name()]),
            Mapping::Name(name) => return Ok(mapping.in_module(name).into_iter().collect()),
            Mapping::Prefix(prefix) => vec![("search[name]".to_owned(), prefix.clone())],
            Mapping::Tags(tags) => {
                let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
                vec![("search[tags]".to_owned(), tags.join(","))]
            }
            Mapping::KeyValues(tags) => {
                let filter = |(number, (key, value)): (usize, (&String, &String))| {
                    [("key", key), ("value", value)].map(|(what, text)| {
                        (format!("filter[tagged][{number}][{what}]"), text.clone())
                    })
                };
                tags.iter().enumerate().flat_map(filter).collect()
            }
        };
        if let Some(project) = self.project(cx).await? {
            query.push(("filter[project][id]".to_owned(), project));
        }
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let path = ["organizations", &self.config.organization, "workspaces"];
        let pages = self.pages::<Named>(cx, Action::LIST, &path, &query).await?;
        let Some(found) = pages else {
            self.has_organization(cx).await?;
            return Ok(Vec::new());
        };
        let mut names: Vec<WorkspaceName> = found
            .iter()
            .filter_map(|workspace| mapping.in_module(&workspace.attributes.name))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// The document of a new workspace, which gets the tags by which it is found again.
fn creation(mapping: &Mapping, name: &str, project: Option<&str>) -> Json {
    let mut relationships = serde_json::Map::new();
    if let Some(id) = project {
        let data = json!({"type": "projects", "id": id});
        relationships.insert("project".to_owned(), json!({"data": data}));
    }
    match mapping {
        Mapping::Tags(tags) => {
            let tag = |name| json!({"type": "tags", "attributes": {"name": name}});
            let data: Vec<Json> = tags.iter().map(tag).collect();
            relationships.insert("tags".to_owned(), json!({"data": data}));
        }
        Mapping::KeyValues(tags) => {
            let tag = |(key, value)| json!({"type": "tag-bindings", "attributes": {"key": key, "value": value}});
            let data: Vec<Json> = tags.iter().map(tag).collect();
            relationships.insert("tag-bindings".to_owned(), json!({"data": data}));
        }
        _ => {}
    }
    json!({"data": {"type": "workspaces", "attributes": {"name": name}, "relationships": relationships}})
}
