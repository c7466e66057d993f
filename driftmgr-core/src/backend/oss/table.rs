//! Rows of a table in Tablestore (<https://www.alibabacloud.com/help/en/tablestore/developer-reference/api-operations-by-function>).

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::config::Table;
use super::error::{Failure, of_table};
use super::plain;
use super::sign::sha1;
use crate::backend::objects::client::{secret, value};
use crate::backend::objects::keys::Keys;
use crate::backend::transport::{Request, Transport, content_md5};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// An answer is no longer than this, in bytes: a row has up to 32 MB.
const LIMIT: usize = 64 << 20;
/// The version of the protocol.
const VERSION: &str = "2015-12-31";
/// The name of the programs' key.
const KEY: &str = "LockID";

// What a condition expects of the row.
const IGNORE: i32 = 0;
const NOT_THERE: i32 = 2;
// A condition that compares one column, and that is equality.
const SINGLE_COLUMN: i32 = 1;
const EQUAL: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct Condition {
    #[prost(int32, required, tag = "1")]
    row: i32,
    #[prost(bytes = "vec", optional, tag = "2")]
    column: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Filter {
    #[prost(int32, required, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", required, tag = "2")]
    filter: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct SingleColumn {
    #[prost(int32, required, tag = "1")]
    comparator: i32,
    #[prost(string, required, tag = "2")]
    name: String,
    #[prost(bytes = "vec", required, tag = "3")]
    value: Vec<u8>,
    #[prost(bool, required, tag = "4")]
    filter_if_missing: bool,
    #[prost(bool, required, tag = "5")]
    latest_only: bool,
}

/// Both changes of a row have the same form.
#[derive(Clone, PartialEq, Message)]
struct ChangeRow {
    #[prost(string, required, tag = "1")]
    table: String,
    #[prost(bytes = "vec", required, tag = "2")]
    row: Vec<u8>,
    #[prost(message, required, tag = "3")]
    condition: Condition,
}

#[derive(Clone, PartialEq, Message)]
struct GetRow {
    #[prost(string, required, tag = "1")]
    table: String,
    #[prost(bytes = "vec", required, tag = "2")]
    key: Vec<u8>,
    #[prost(string, repeated, tag = "3")]
    columns: Vec<String>,
    #[prost(int32, optional, tag = "5")]
    max_versions: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct GotRow {
    #[prost(bytes = "vec", required, tag = "2")]
    row: Vec<u8>,
}

/// Speaks with a table.
pub(super) struct Rows<'a> {
    pub(super) table: &'a Table,
    pub(super) transport: &'a Transport,
    pub(super) keys: &'a Keys,
    /// What must not stand in any text, beside the keys.
    pub(super) secrets: &'a [String],
}

impl Rows<'_> {
    /// A column of a row; `None` when there is no such row or column.
    pub(super) async fn get(
        &self,
        cx: &Context,
        key: &str,
        column: &str,
    ) -> std::result::Result<Option<String>, Failure> {
        let wanted = GetRow {
            table: self.table.name.clone(),
            key: plain::row((KEY, key), &[]),
            columns: vec![KEY.to_owned(), column.to_owned()],
            max_versions: Some(1),
        };
        let body = self
            .call(cx, "GetRow", wanted.encode_to_vec(), true)
            .await?;
        let got = GotRow::decode(body).map_err(|_| not_a_table())?;
        if got.row.is_empty() {
            return Ok(None);
        }
        let columns = plain::columns(&got.row)?;
        let found = columns.into_iter().find(|(name, _)| name == column);
        Ok(found.map(|(_, value)| value))
    }

    /// Writes a row; if `new`, only where there is none.
    pub(super) async fn put(
        &self,
        cx: &Context,
        key: &str,
        column: (&str, &str),
        new: bool,
    ) -> std::result::Result<(), Failure> {
        let change = ChangeRow {
            table: self.table.name.clone(),
            row: plain::row((KEY, key), &[column]),
            condition: Condition {
                row: if new { NOT_THERE } else { IGNORE },
                column: None,
            },
        };
        let body = change.encode_to_vec();
        self.call(cx, "PutRow", body, !new).await.map(|_| ())
    }

    /// Deletes a row; if a column is named, only while it has this value.
    pub(super) async fn delete(
        &self,
        cx: &Context,
        key: &str,
        only: Option<(&str, &str)>,
    ) -> std::result::Result<(), Failure> {
        let column = only.map(|(name, value)| {
            let single = SingleColumn {
                comparator: EQUAL,
                name: name.to_owned(),
                value: plain::value(value),
                filter_if_missing: true,
                latest_only: true,
            };
            let filter = Filter {
                kind: SINGLE_COLUMN,
                filter: single.encode_to_vec(),
            };
            filter.encode_to_vec()
        });
        let change = ChangeRow {
            table: self.table.name.clone(),
            row: plain::deletion((KEY, key)),
            condition: Condition {
                row: IGNORE,
                column,
            },
        };
        self.call(cx, "DeleteRow", change.encode_to_vec(), true)
            .await
            .map(|_| ())
    }

    async fn call(
        &self,
        cx: &Context,
        action: &'static str,
        body: Vec<u8>,
        repeatable: bool,
    ) -> std::result::Result<Bytes, Failure> {
        let mut url = self.table.endpoint.expose().clone();
        url.set_path(action);
        let (headers, credentials) = self.headers(cx, action, &body)?;
        let request = Request {
            method: Method::POST,
            url,
            headers,
            credentials,
            body: Some(Bytes::from(body)),
            repeatable,
            limit: LIMIT,
        };
        let answer = self.transport.send(cx, &request).await;
        let answer = answer.map_err(|e| e.with("table", &self.table.name))?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let mut secrets = self.keys.secrets();
        secrets.extend(self.secrets.iter().cloned());
        Err(of_table(
            cx,
            &secrets,
            (self.table.name.as_str(), action),
            &request,
            &answer,
        ))
    }

    /// The headers of a request with its signature (<https://www.alibabacloud.com/help/en/tablestore/developer-reference/http>).
    fn headers(&self, cx: &Context, action: &str, body: &[u8]) -> Result<(HeaderMap, HeaderMap)> {
        let time = jiff::Timestamp::try_from(cx.now())
            .map_err(|_| Error::new(ErrorKind::Unexpected, "this machine's clock shows no date"))?;
        let mut told = BTreeMap::from([
            ("x-ots-accesskeyid", self.keys.id.expose().clone()),
            ("x-ots-apiversion", VERSION.to_owned()),
            ("x-ots-contentmd5", content_md5(body)),
            (
                "x-ots-date",
                time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            ),
            ("x-ots-instancename", self.table.instance.clone()),
        ]);
        if let Some(token) = &self.keys.token {
            told.insert("x-ots-ststoken", token.expose().clone());
        }
        let lines: String = told
            .iter()
            .map(|(name, text)| format!("{name}:{}\n", text.trim()))
            .collect();
        let text = format!("/{action}\nPOST\n\n{lines}");
        let signature = sha1(self.keys.secret.expose().as_bytes(), &text)?;
        told.insert("x-ots-signature", signature);
        let (mut headers, mut credentials) = (HeaderMap::new(), HeaderMap::new());
        for (name, text) in told {
            let is_secret = matches!(
                name,
                "x-ots-accesskeyid" | "x-ots-ststoken" | "x-ots-signature"
            );
            let name = HeaderName::from_static(name);
            match is_secret {
                true => credentials.insert(name, secret(&text)?),
                false => headers.insert(name, value(&text)?),
            };
        }
        headers.insert("user-agent", HeaderValue::from_static("driftmgr"));
        Ok((headers, credentials))
    }
}

/// The error of an answer that is not the table's.
fn not_a_table() -> Error {
    Error::new(ErrorKind::Unexpected, "the answer is not one of Tablestore")
        .with_hint("see whether a proxy answers in its place, and correct `tablestore_endpoint`")
}
