//! Where the storage account is, and its key where nobody gave one: what the resource manager tells
//! (<https://learn.microsoft.com/rest/api/storagerp/storage-accounts>).

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::Value as Json;
use url::form_urlencoded::byte_serialize;

use super::cli;
use super::client::Client;
use super::cloud::Cloud;
use super::config::{Access, Lookup};
use super::shared_key::SharedKey;
use super::token::{Scope, bearer};
use crate::backend::transport::{Answer, Request};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The version of the resource manager's interface.
const VERSION: &str = "2023-01-01";
/// Its answers are no longer than this, in bytes.
const ANSWER_LIMIT: usize = 4 << 20;

/// Where the blobs of the account are.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) cloud: Cloud,
    pub(super) base: Url,
    pub(super) key: Option<SharedKey>,
}

/// Finds out where the blobs are and what opens them.
///
/// # Errors
/// Those of asking the cloud's metadata and the resource manager.
pub(super) async fn place(cx: &Context, client: &Client) -> Result<Place> {
    let config = &client.config;
    let cloud = config.cloud.resolve(cx, &client.transport).await?;
    let mut base = format!("https://{}.blob.{}", config.account, cloud.storage_suffix);
    let mut key = match &config.access {
        Access::Key(key) => Some(key.clone()),
        _ => None,
    };
    if let Some(lookup) = &config.lookup {
        let manager = Manager::new(cx, client, &cloud, lookup).await?;
        base = manager.blob_endpoint().await?;
        if config.access == Access::ListedKey {
            key = Some(manager.key().await?);
        }
    }
    let base = base.parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "the place of the storage account's blobs is no address",
        )
        .with("account", &config.account)
    })?;
    Ok(Place { cloud, base, key })
}

/// The resource manager, looking at one account.
struct Manager<'a> {
    cx: &'a Context,
    client: &'a Client,
    /// The account's address there.
    account: String,
    credentials: HeaderMap,
}

impl<'a> Manager<'a> {
    async fn new(
        cx: &'a Context,
        client: &'a Client,
        cloud: &Cloud,
        lookup: &Lookup,
    ) -> Result<Self> {
        let scope = Scope::ResourceManager;
        let token = client
            .tokens
            .get(cx, &client.transport, cloud, &lookup.identity, scope)
            .await?;
        let subscription = match &lookup.subscription {
            Some(id) => id.clone(),
            None => cli::subscription(cx).await?,
        };
        let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        Ok(Self {
            cx,
            client,
            account: format!(
                "{}/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}",
                cloud.resource_manager,
                part(&subscription),
                part(&lookup.resource_group),
                client.config.account
            ),
            credentials: bearer(&token)?,
        })
    }

    async fn blob_endpoint(&self) -> Result<String> {
        let found = self
            .ask(Method::GET, "", "Microsoft.Storage/storageAccounts/read")
            .await?;
        let endpoint = found.pointer("/properties/primaryEndpoints/blob");
        let endpoint = endpoint.and_then(Json::as_str).filter(|t| !t.is_empty());
        endpoint
            .map(str::to_owned)
            .ok_or_else(|| self.useless("names no place of its blobs"))
    }

    /// The first key that may do everything.
    async fn key(&self) -> Result<SharedKey> {
        let permission = "Microsoft.Storage/storageAccounts/listKeys/action";
        let found = self.ask(Method::POST, "/listKeys", permission).await?;
        let keys = found.get("keys").and_then(Json::as_array);
        keys.into_iter()
            .flatten()
            .find(|key| {
                let permissions = key.get("permissions").and_then(Json::as_str);
                permissions.is_some_and(|p| p.eq_ignore_ascii_case("full"))
            })
            .and_then(|key| key.get("value")?.as_str())
            .and_then(|text| SharedKey::parse(&self.client.config.account, text))
            .ok_or_else(|| self.useless("has no key that may write"))
    }

    async fn ask(&self, method: Method, path: &str, permission: &str) -> Result<Json> {
        let text = format!("{}{path}?api-version={VERSION}", self.account);
        let url: Url = text
            .parse()
            .map_err(|_| self.useless("is at no address of the resource manager"))?;
        let request = Request {
            body: (method == Method::POST).then(Default::default),
            method,
            url,
            headers: HeaderMap::new(),
            credentials: self.credentials.clone(),
            repeatable: true,
            limit: ANSWER_LIMIT,
        };
        let answer = self.client.transport.send(self.cx, &request).await?;
        if !answer.status.is_success() {
            return Err(self.refused(&answer, permission));
        }
        serde_json::from_slice(&answer.body).map_err(|_| self.useless("is not described"))
    }

    fn refused(&self, answer: &Answer, permission: &str) -> Error {
        let (kind, message, hint) = match answer.status.as_u16() {
            401 => (
                ErrorKind::Unauthenticated,
                "the resource manager does not accept the identity",
                "see `tenant_id` and `subscription_id`".to_owned(),
            ),
            403 => (
                ErrorKind::PermissionDenied,
                "the identity may not look up the storage account",
                format!(
                    "give it a role with {permission}, or set `use_azuread_auth` and give it the role `Storage Blob Data Contributor`"
                ),
            ),
            404 => (
                ErrorKind::NotFound,
                "there is no such storage account in the subscription",
                "compare `storage_account_name`, `resource_group_name` and `subscription_id`"
                    .to_owned(),
            ),
            429 => (
                ErrorKind::RateLimited,
                "the resource manager asks to slow down",
                "repeat it later".to_owned(),
            ),
            _ => (
                ErrorKind::Unavailable,
                "the resource manager failed to look up the storage account",
                "set `access_key`, `sas_token` or `use_azuread_auth`; then nothing is looked up"
                    .to_owned(),
            ),
        };
        Error::new(kind, message)
            .with("account", &self.client.config.account)
            .with("status", answer.status)
            .with_hint(hint)
    }

    fn useless(&self, how: &str) -> Error {
        Error::new(ErrorKind::Unexpected, format!("the storage account {how}"))
            .with("account", &self.client.config.account)
    }
}
