//! The API itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::super::wire::{Reply, Seen};
use super::store::{Holder, Store, Version, Workspace};
use super::{Behaviour, ORGANIZATION, OTHER_TOKEN, TOKEN};

const JSON_API: &str = "application/vnd.api+json";
const CREATED: &str = "2026-01-02T03:04:05.678Z";

/// One request.
struct Request<'a> {
    seen: &'a Seen,
    behaviour: &'a Behaviour,
    port: u16,
    query: BTreeMap<String, String>,
    user: &'static str,
}

pub(super) fn act(store: &mut Store, behaviour: &Behaviour, port: u16, seen: &Seen) -> Reply {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut request = Request {
        seen,
        behaviour,
        port,
        query: pairs.map(|(k, v)| (decoded(k), decoded(v))).collect(),
        user: "",
    };
    match (seen.method.as_str(), parts.as_slice()) {
        ("GET", [".well-known", "terraform.json"]) => {
            let usual = json!({"tfe.v2": "/api/v2/", "tfe.v2.1": "/api/v2/", "tfe.v2.2": "/api/v2/", "state.v2": "/api/v2/"});
            let text = behaviour.services.clone();
            let mut reply = Reply::new(200, text.unwrap_or_else(|| usual.to_string()));
            let json = ("Content-Type".to_owned(), "application/json".to_owned());
            reply.headers.push(json);
            reply
        }
        ("GET", ["bytes", id]) => match store.versions.iter().find(|v| v.id == *id) {
            Some(version) => Reply::new(200, version.bytes.clone()),
            None => refusal(404, "not found"),
        },
        ("PUT", ["bytes", id]) => upload(store, id, &seen.body),
        ("PUT", ["other", _]) => Reply::new(200, ""),
        (_, ["api", "v2", rest @ ..]) => {
            let token = seen.headers.get("authorization");
            request.user = match token.and_then(|t| t.strip_prefix("Bearer ")) {
                Some(TOKEN) => "alice",
                Some(OTHER_TOKEN) => "bob",
                _ => return refusal(401, "unauthorized"),
            };
            request.act(store, rest)
        }
        _ => refusal(404, "not found"),
    }
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

fn document(status: u16, value: &Value) -> Reply {
    let mut reply = Reply::new(status, value.to_string());
    for (name, value) in [
        ("Content-Type", JSON_API),
        ("TFP-API-Version", "2.6"),
        ("TFP-AppName", "HCP Terraform"),
    ] {
        reply.headers.push((name.to_owned(), value.to_owned()));
    }
    reply
}

fn refusal(status: u16, title: &str) -> Reply {
    let error = json!({"status": status.to_string(), "title": title, "detail": title});
    document(status, &json!({"errors": [error]}))
}

fn nothing() -> Reply {
    let mut reply = document(204, &Value::Null);
    reply.body.clear();
    reply
}

fn upload(store: &mut Store, id: &str, body: &[u8]) -> Reply {
    let Some(version) = store.versions.iter_mut().find(|v| v.id == id) else {
        return refusal(404, "not found");
    };
    if version.md5 != md5_of(body) {
        version.status = "discarded";
        return refusal(422, "the MD5 does not match");
    }
    version.bytes = body.to_vec();
    version.status = "finalized";
    Reply::new(200, "")
}

fn md5_of(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Request<'_> {
    fn act(&self, store: &mut Store, path: &[&str]) -> Reply {
        let method = self.seen.method.as_str();
        match (method, path) {
            ("GET", ["ping"]) => nothing(),
            (_, ["organizations", organization, ..]) if *organization != ORGANIZATION => {
                refusal(404, "not found")
            }
            ("GET", ["organizations", _, "entitlement-set"]) => {
                let attributes = json!({"operations": false, "state-storage": true});
                document(
                    200,
                    &json!({"data": {"id": "org-1", "type": "entitlement-sets", "attributes": attributes}}),
                )
            }
            ("GET", ["organizations", _, "projects"]) => self.projects(store),
            ("GET", ["organizations", _, "workspaces"]) => self.list(store),
            ("POST", ["organizations", _, "workspaces"]) => self.create(store),
            ("GET", ["state-versions"]) => self.versions(store),
            ("GET", ["state-versions", id]) => match store.versions.iter().find(|v| v.id == *id) {
                Some(version) => self.version(200, version),
                None => refusal(404, "not found"),
            },
            (_, ["organizations", _, "workspaces", workspace, rest @ ..])
            | (_, ["workspaces", workspace, rest @ ..]) => match store.workspace(workspace) {
                Some(found) => {
                    let id = found.id.clone();
                    self.workspace(store, &id, rest)
                }
                None => refusal(404, "not found"),
            },
            _ => refusal(404, "not found"),
        }
    }

    fn workspace(&self, store: &mut Store, id: &str, rest: &[&str]) -> Reply {
        match (self.seen.method.as_str(), rest) {
            ("GET" | "PATCH", []) => self.shown(200, store, id),
            ("DELETE", []) => Self::delete(store, id),
            ("GET", ["current-state-version"]) => match store.current(id) {
                Some(version) => self.version(200, version),
                None => refusal(404, "not found"),
            },
            ("POST", ["state-versions"]) => self.create_version(store, id),
            ("POST", ["actions", "lock"]) if self.behaviour.denied.contains(&"can-lock") => {
                refusal(404, "not found")
            }
            ("POST", ["actions", "lock"]) => {
                // Terraform's own client sends it as an attribute.
                let body = self.body();
                let attribute = &body["data"]["attributes"]["reason"];
                let reason = body["reason"].as_str().or(attribute.as_str());
                let reason = reason.unwrap_or_default().to_owned();
                let workspace = store.workspace(id).unwrap();
                if workspace.lock.is_some() {
                    return refusal(409, "workspace already locked");
                }
                workspace.lock = Some((Holder::User(self.user.to_owned()), reason));
                self.shown(200, store, id)
            }
            ("POST", ["actions", "unlock"]) => {
                let workspace = store.workspace(id).unwrap();
                match &workspace.lock {
                    Some((Holder::User(user), _)) if user == self.user => {
                        workspace.lock = None;
                        self.shown(200, store, id)
                    }
                    Some(_) => refusal(409, "workspace locked by another"),
                    None => refusal(409, "workspace already unlocked"),
                }
            }
            ("POST", ["actions", "force-unlock"]) => {
                store.workspace(id).unwrap().lock = None;
                self.shown(200, store, id)
            }
            ("POST", ["actions", "safe-delete"]) if self.behaviour.deletes_safely => {
                let workspace = store.workspace(id).unwrap();
                match (&workspace.lock, workspace.resources) {
                    (None, 0) => Self::delete(store, id),
                    _ => refusal(409, "workspace is locked or has resources under management"),
                }
            }
            ("POST", ["relationships", "tags"]) => {
                for tag in self.body()["data"].as_array().into_iter().flatten() {
                    let name = tag["attributes"]["name"].as_str().unwrap_or_default();
                    let workspace = store.workspace(id).unwrap();
                    workspace.tags.insert(name.to_owned(), String::new());
                }
                nothing()
            }
            ("GET", ["relationships", "tag-bindings"] | ["effective-tag-bindings"]) => {
                let tag = |(key, value): (&String, &String)| json!({"id": format!("tb-{key}"), "type": "tag-bindings", "attributes": {"key": key, "value": value}});
                let tags: Vec<Value> = store.workspace(id).unwrap().tags.iter().map(tag).collect();
                document(200, &json!({"data": tags}))
            }
            _ => refusal(404, "not found"),
        }
    }

    fn body(&self) -> Value {
        serde_json::from_slice(&self.seen.body).unwrap_or_default()
    }

    fn delete(store: &mut Store, id: &str) -> Reply {
        store.workspaces.retain(|w| w.id != id);
        store.versions.retain(|v| v.workspace != id);
        nothing()
    }

    /// A page of entries.
    fn page(&self, all: &[Value]) -> Reply {
        let number = |name: &str| self.query.get(name).and_then(|n| n.parse::<usize>().ok());
        let at = number("page[number]").unwrap_or(1).max(1);
        let size = number("page[size]").unwrap_or(20).min(self.behaviour.page);
        let total = all.len().div_ceil(size).max(1);
        let data: Vec<&Value> = all.iter().skip((at - 1) * size).take(size).collect();
        let pagination = json!({
            "current-page": at,
            "page-size": size,
            "prev-page": (at > 1).then(|| at - 1),
            "next-page": (at < total).then(|| at + 1),
            "total-pages": total,
            "total-count": all.len(),
        });
        document(
            200,
            &json!({"data": data, "meta": {"pagination": pagination}}),
        )
    }

    fn projects(&self, store: &Store) -> Reply {
        let wanted = self.query.get("filter[names]");
        let projects = store.projects.iter();
        let projects = projects.filter(|(_, name)| wanted.is_none_or(|w| w == name));
        let projects: Vec<Value> = projects
            .map(|(id, name)| json!({"id": id, "type": "projects", "attributes": {"name": name}}))
            .collect();
        self.page(&projects)
    }

    fn list(&self, store: &Store) -> Reply {
        let asked = |name: &str| self.query.get(name).cloned();
        let fits = |workspace: &&Workspace| {
            let tags = asked("search[tags]").unwrap_or_default();
            let mut tags = tags.split(',').filter(|t| !t.is_empty());
            let numbered = |n: usize| {
                let key = asked(&format!("filter[tagged][{n}][key]"))?;
                Some((key, asked(&format!("filter[tagged][{n}][value]"))?))
            };
            let pairs: Vec<(String, String)> = (0..).map_while(numbered).collect();
            asked("search[name]").is_none_or(|part| workspace.name.contains(&part))
                && tags.all(|tag| workspace.tags.contains_key(tag))
                && pairs.iter().all(|(k, v)| workspace.tags.get(k) == Some(v))
                && asked("filter[project][id]").is_none_or(|id| workspace.project == Some(id))
        };
        let found: Vec<Value> = store
            .workspaces
            .iter()
            .filter(fits)
            .map(|workspace| self.workspace_document(store, workspace))
            .collect();
        self.page(&found)
    }

    fn create(&self, store: &mut Store) -> Reply {
        let body = self.body();
        let data = &body["data"];
        let Some(name) = data["attributes"]["name"].as_str() else {
            return refusal(422, "name is missing");
        };
        if store.workspace(name).is_some() {
            return refusal(422, "Name has already been taken");
        }
        let relations = &data["relationships"];
        let tags = relations["tags"]["data"].as_array().into_iter().flatten();
        let names = tags.map(|tag| (tag["attributes"]["name"].clone(), json!("")));
        let pairs = relations["tag-bindings"]["data"].as_array();
        let pairs = pairs.into_iter().flatten();
        let pairs = pairs.map(|tag| {
            let attributes = &tag["attributes"];
            (attributes["key"].clone(), attributes["value"].clone())
        });
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        let tags = names
            .chain(pairs)
            .map(|(k, v)| (text(k), text(v)))
            .collect();
        let project = relations["project"]["data"]["id"].as_str();
        let workspace = store.add(name);
        workspace.tags = tags;
        workspace.project = project.map(str::to_owned);
        let id = workspace.id.clone();
        self.shown(201, store, &id)
    }

    fn shown(&self, status: u16, store: &mut Store, id: &str) -> Reply {
        let workspace = store.workspace(id).unwrap().clone();
        let mut answer = json!({"data": self.workspace_document(store, &workspace)});
        let included = self.query.get("include").map(String::as_str) == Some("locked_by");
        if included && let Some((Holder::User(name), _)) = &workspace.lock {
            answer["included"] = json!([{"id": format!("user-{name}"), "type": "users", "attributes": {"username": name}}]);
        }
        if included && let Some((Holder::Run(id), _)) = &workspace.lock {
            answer["included"] = json!([{"id": id, "type": "runs", "attributes": {"created-at": CREATED, "status": "applying"}}]);
        }
        document(status, &answer)
    }

    fn workspace_document(&self, store: &Store, workspace: &Workspace) -> Value {
        let mut permissions = serde_json::Map::new();
        for name in [
            "can-update",
            "can-destroy",
            "can-queue-run",
            "can-queue-apply",
            "can-read-state-versions",
            "can-create-state-versions",
            "can-read-state-outputs",
            "can-lock",
            "can-unlock",
            "can-force-unlock",
            "can-read-settings",
            "can-force-delete",
        ] {
            let allowed = !self.behaviour.denied.contains(&name);
            permissions.insert(name.to_owned(), json!(allowed));
        }
        if !self.behaviour.deletes_safely {
            permissions.remove("can-force-delete");
        }
        let told = self.behaviour.keeps_reasons;
        let reason = workspace.lock.as_ref().map(|(_, reason)| reason.clone());
        let by = workspace.lock.as_ref().map(|(holder, _)| match holder {
            Holder::User(name) => json!({"id": format!("user-{name}"), "type": "users"}),
            Holder::Run(id) => json!({"id": id, "type": "runs"}),
        });
        let current = store.current(&workspace.id);
        let current = current.map(|v| json!({"id": v.id, "type": "state-versions"}));
        let tags: Vec<&String> = workspace.tags.keys().collect();
        json!({
            "id": workspace.id,
            "type": "workspaces",
            "attributes": {
                "name": workspace.name,
                "created-at": CREATED,
                "locked": workspace.lock.is_some(),
                "locked-reason": reason.filter(|_| told).unwrap_or_default(),
                "execution-mode": "local",
                "operations": false,
                "terraform-version": "latest",
                "resource-count": workspace.resources,
                "permissions": permissions,
                "tag-names": tags,
            },
            "relationships": {
                "organization": {"data": {"id": ORGANIZATION, "type": "organizations"}},
                "locked-by": {"data": by},
                "current-state-version": {"data": current},
            },
        })
    }

    fn versions(&self, store: &mut Store) -> Reply {
        let name = self.query.get("filter[workspace][name]").cloned();
        let Some(workspace) = store.workspace(&name.unwrap_or_default()) else {
            return refusal(404, "not found");
        };
        let id = workspace.id.clone();
        let all = store.versions.iter().rev().filter(|v| v.workspace == id);
        let all: Vec<Value> = all.map(|version| self.version_document(version)).collect();
        self.page(&all)
    }

    fn version(&self, status: u16, version: &Version) -> Reply {
        document(status, &json!({"data": self.version_document(version)}))
    }

    fn version_document(&self, version: &Version) -> Value {
        let place = match self.behaviour.elsewhere {
            true => format!(
                "https://127.0.0.1:{}/bytes/{}?signature=secret",
                self.port, version.id
            ),
            false => format!("/bytes/{}", version.id),
        };
        let uploads = version.status == "pending" && self.behaviour.takes_uploads;
        json!({
            "id": version.id,
            "type": "state-versions",
            "attributes": {
                "created-at": CREATED,
                "size": version.bytes.len(),
                "serial": version.serial,
                "status": version.status,
                "hosted-state-download-url": place,
                // Go's client takes whole addresses alone.
                "hosted-state-upload-url": uploads.then(|| self.whole(&place)),
                "hosted-json-state-upload-url": uploads.then(|| self.whole("/other/1")),
            },
            "relationships": {
                "workspace": {"data": {"id": version.workspace, "type": "workspaces"}},
            },
        })
    }

    fn whole(&self, place: &str) -> String {
        match place.starts_with('/') {
            true => format!("https://localhost:{}{place}", self.port),
            false => place.to_owned(),
        }
    }

    fn create_version(&self, store: &mut Store, id: &str) -> Reply {
        let body = self.body();
        let attributes = &body["data"]["attributes"];
        let text = |name: &str| attributes[name].as_str().unwrap_or_default().to_owned();
        let Some(serial) = attributes["serial"].as_u64() else {
            return refusal(422, "serial is missing");
        };
        let held = store.workspace(id).unwrap().lock.clone();
        if !matches!(held, Some((Holder::User(user), _)) if user == self.user) {
            return refusal(409, "the workspace is not locked by the user");
        }
        let force = attributes["force"] == true;
        if let Some(current) = store.current(id)
            && !force
            && (serial <= current.serial || text("lineage") != current.lineage)
        {
            return refusal(409, "serial or lineage do not follow the current state");
        }
        let bytes = match attributes["state"].as_str() {
            Some(state) => BASE64_STANDARD.decode(state).ok(),
            None if self.behaviour.takes_uploads => Some(Vec::new()),
            None => return refusal(422, "param is missing or the value is empty: state"),
        };
        let is_there = attributes["state"].is_string();
        let Some(bytes) = bytes.filter(|b| !is_there || md5_of(b) == text("md5")) else {
            return refusal(422, "the MD5 does not match");
        };
        let version = Version {
            id: store.id("sv"),
            workspace: id.to_owned(),
            serial,
            lineage: text("lineage"),
            md5: text("md5"),
            status: if is_there { "finalized" } else { "pending" },
            bytes,
        };
        let reply = self.version(201, &version);
        store.versions.push(version);
        reply
    }
}
