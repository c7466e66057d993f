//! The DynamoDB table that both programs lock with, and keep the digests of states in.
//!
//! An item's key is `LockID`: `BUCKET/KEY` for a lock, whose holder stands in `Info`; `BUCKET/KEY-md5` for the digest of a state, which
//! stands in `Digest` in hexadecimal (OpenTofu, internal/backend/remote-state/s3/client.go).

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::client::Client;
use super::error::{Answer, Call, failed};
use crate::error::{Error, Result};

const GET: Call = Call {
    what: "read the lock table",
    action: "dynamodb:GetItem",
};
const PUT: Call = Call {
    what: "write to the lock table",
    action: "dynamodb:PutItem",
};
const DELETE: Call = Call {
    what: "delete from the lock table",
    action: "dynamodb:DeleteItem",
};

/// The table of one backend.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    client: &'a Client,
    name: &'a str,
}

impl<'a> Table<'a> {
    /// The table, where the configuration names one.
    pub(super) fn of(client: &'a Client) -> Option<Self> {
        let name = client.config.dynamodb_table.as_deref()?;
        Some(Self { client, name })
    }

    fn lock_id(&self, key: &str) -> String {
        format!("{}/{key}", self.client.config.bucket)
    }

    fn digest_id(&self, key: &str) -> String {
        self.lock_id(key) + "-md5"
    }

    fn failed<E>(&self, call: Call, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        failed(&self.client.config, call, error).with("table", self.name)
    }

    async fn text(&self, id: String, attribute: &str) -> Result<Option<String>> {
        let sent = self
            .client
            .dynamodb
            .get_item()
            .table_name(self.name)
            .key("LockID", AttributeValue::S(id))
            .consistent_read(true)
            .send()
            .await;
        let answer = sent.map_err(|e| self.failed(GET, &e))?;
        let value = answer.item.and_then(|mut item| item.remove(attribute));
        Ok(value.and_then(|value| value.as_s().ok().cloned()))
    }

    async fn delete(&self, id: String) -> Result<()> {
        let sent = self
            .client
            .dynamodb
            .delete_item()
            .table_name(self.name)
            .key("LockID", AttributeValue::S(id))
            .send()
            .await;
        sent.map(|_| ()).map_err(|e| self.failed(DELETE, &e))
    }

    /// Who holds the lock of a state, as it was written.
    pub(super) async fn holder(&self, key: &str) -> Result<Option<String>> {
        self.text(self.lock_id(key), "Info").await
    }

    /// Writes the lock of a state where there is none. `false` when there is one.
    pub(super) async fn lock(&self, key: &str, info: &str) -> Result<bool> {
        let sent = self
            .client
            .dynamodb
            .put_item()
            .table_name(self.name)
            .item("LockID", AttributeValue::S(self.lock_id(key)))
            .item("Info", AttributeValue::S(info.to_owned()))
            .condition_expression("attribute_not_exists(LockID)")
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if Answer::of(&error).is_some_and(|a| a.is_refused()) => Ok(false),
            Err(error) => Err(self.failed(PUT, &error)),
        }
    }

    /// Deletes the lock of a state if it still is this one. `false` when it is another one, or gone.
    pub(super) async fn unlock(&self, key: &str, info: &str) -> Result<bool> {
        let sent = self
            .client
            .dynamodb
            .delete_item()
            .table_name(self.name)
            .key("LockID", AttributeValue::S(self.lock_id(key)))
            .condition_expression("Info = :info")
            .expression_attribute_values(":info", AttributeValue::S(info.to_owned()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if Answer::of(&error).is_some_and(|a| a.is_refused()) => Ok(false),
            Err(error) => Err(self.failed(DELETE, &error)),
        }
    }

    /// The digest that the state should have; `None` when there is none, or none that is one.
    pub(super) async fn digest(&self, key: &str) -> Result<Option<String>> {
        let text = self.text(self.digest_id(key), "Digest").await?;
        let is_md5 = |t: &String| t.len() == 32 && t.bytes().all(|b| b.is_ascii_hexdigit());
        Ok(text.filter(is_md5).map(|t| t.to_ascii_lowercase()))
    }

    /// Keeps the digest of the state that was written.
    pub(super) async fn put_digest(&self, key: &str, digest: &str) -> Result<()> {
        let sent = self
            .client
            .dynamodb
            .put_item()
            .table_name(self.name)
            .item("LockID", AttributeValue::S(self.digest_id(key)))
            .item("Digest", AttributeValue::S(digest.to_owned()))
            .send()
            .await;
        sent.map(|_| ()).map_err(|e| self.failed(PUT, &e))
    }

    /// Forgets the digest of a state that was deleted.
    pub(super) async fn delete_digest(&self, key: &str) -> Result<()> {
        self.delete(self.digest_id(key)).await
    }
}
