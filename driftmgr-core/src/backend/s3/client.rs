//! Talks to the services: one function for each request.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedAsyncSleep,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption};
use aws_smithy_async::rt::sleep::TokioSleep;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::config::{Encryption, S3Config};
use super::error::{Answer, Call, broken_off, failed};
use super::{credentials, transport};
use crate::backend::StateVersion;
use crate::error::{Error, Result};

/// The algorithm of encryption with a customer's key, the only one there is.
const CUSTOMER_ALGORITHM: &str = "AES256";
/// So long the servers may say nothing.
const SILENCE: Duration = Duration::from_secs(60);

const GET: Call = Call {
    what: "read the object",
    action: "s3:GetObject",
};
const GET_VERSION: Call = Call {
    what: "read the version of the object",
    action: "s3:GetObjectVersion",
};
const HEAD: Call = Call {
    what: "look at the object",
    action: "s3:GetObject",
};
const PUT: Call = Call {
    what: "write the object",
    action: "s3:PutObject",
};
const DELETE: Call = Call {
    what: "delete the object",
    action: "s3:DeleteObject",
};
const LIST: Call = Call {
    what: "list the bucket",
    action: "s3:ListBucket",
};
const LIST_VERSIONS: Call = Call {
    what: "list the versions",
    action: "s3:ListBucketVersions",
};
const VERSIONING: Call = Call {
    what: "ask for the bucket's versioning",
    action: "s3:GetBucketVersioning",
};
const IDENTITY: Call = Call {
    what: "ask for the account",
    action: "sts:GetCallerIdentity",
};

/// The services, with the configuration that they are asked with.
pub(super) struct Client {
    pub(super) config: S3Config,
    s3: aws_sdk_s3::Client,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    sts: aws_sdk_sts::Client,
}

/// An object that was read.
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) head: Head,
}

/// What is known of an object without its bytes.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) etag: Option<String>,
    /// `null` for what was written while the bucket kept no versions.
    pub(super) version: Option<String>,
    pub(super) modified: Option<SystemTime>,
    pub(super) size: Option<u64>,
}

/// What came of reading an object that may be known.
pub(super) enum Got {
    /// There is none.
    Nothing,
    /// It is the one with the etag that was named.
    Known,
    /// It is this one.
    Object(Object),
}

/// Under which condition an object is written or deleted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition<'a> {
    None,
    Absent,
    Etag(&'a str),
}

/// What came of a request with a condition.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    Done(T),
    /// The condition does not hold.
    Refused,
    /// The store knows no conditions.
    Unknown(Error),
}

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versioning {
    Enabled,
    /// It did once, and kept those.
    Suspended,
    Never,
}

impl Versioning {
    fn of(status: Option<&str>) -> Self {
        match status {
            Some("Enabled") => Self::Enabled,
            Some(_) => Self::Suspended,
            None => Self::Never,
        }
    }
}

/// The versioning in an answer whose outermost element has another name than that of S3. Some stores do so, and the client refuses it.
fn told<E>(error: &SdkError<E, HttpResponse>) -> Option<Versioning> {
    let response = error.raw_response().filter(|r| r.status().is_success())?;
    let text = std::str::from_utf8(response.body().bytes()?).ok()?;
    if !text.contains("Versioning") {
        return None;
    }
    let status = text.split_once("<Status>").map(|(_, rest)| rest);
    Some(Versioning::of(
        status.and_then(|rest| rest.split('<').next()),
    ))
}

impl Client {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// `InvalidConfig` for what the configuration names and is not usable, such as a file of certificates.
    pub(super) fn new(config: S3Config) -> Result<Self> {
        let access = &config.access;
        let retries = match access.adaptive {
            true => RetryConfig::adaptive(),
            false => RetryConfig::standard(),
        };
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(access.region.clone()))
            .use_fips(access.fips)
            .use_dual_stack(access.dual_stack)
            .retry_config(retries.with_max_attempts(access.max_retries.saturating_add(1)))
            .timeout_config(TimeoutConfig::builder().read_timeout(SILENCE).build())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(transport::client(access)?)
            .build();
        let provider = credentials::provider(access, &base)?;
        let base = base.to_builder().credentials_provider(provider).build();

        let mut s3 = aws_sdk_s3::config::Builder::from(&base).force_path_style(access.path_style);
        if let Some(endpoint) = &access.endpoints.s3 {
            s3 = s3.endpoint_url(endpoint.expose().as_str());
        }
        if !config.checksum {
            s3 = s3
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&base);
        if let Some(endpoint) = &access.endpoints.dynamodb {
            dynamodb = dynamodb.endpoint_url(endpoint.expose().as_str());
        }
        let sts = credentials::sts(access, &base);
        Ok(Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sts: aws_sdk_sts::Client::from_conf(sts),
            config,
        })
    }

    fn failed<E>(&self, call: Call, key: &str, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = failed(&self.config, call, error).with("bucket", &self.config.bucket);
        match key {
            "" => error,
            key => error.with("key", key),
        }
    }

    /// An object, or a version of it; `None` when there is none.
    pub(super) async fn get(&self, key: &str, version: Option<&str>) -> Result<Option<Object>> {
        match self.get_unless(key, version, None).await? {
            Got::Object(object) => Ok(Some(object)),
            Got::Nothing | Got::Known => Ok(None),
        }
    }

    /// The same, without the bytes of the object that has this etag.
    pub(super) async fn get_unless(
        &self,
        key: &str,
        version: Option<&str>,
        etag: Option<&str>,
    ) -> Result<Got> {
        let call = if version.is_some() { GET_VERSION } else { GET };
        let (algorithm, customer_key, md5) = self.customer_key();
        let sent = self
            .s3
            .get_object()
            .bucket(&self.config.bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .set_if_none_match(etag.map(str::to_owned))
            .set_sse_customer_algorithm(algorithm)
            .set_sse_customer_key(customer_key)
            .set_sse_customer_key_md5(md5)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                return match Answer::of(&error) {
                    Some(answer) if etag.is_some() && answer.status == 304 => Ok(Got::Known),
                    Some(answer) if version.is_none() && answer.is_absent() => Ok(Got::Nothing),
                    Some(answer) if version.is_some() && answer.is_absent_version() => {
                        Ok(Got::Nothing)
                    }
                    _ => Err(self.failed(call, key, &error)),
                };
            }
        };
        let head = Head {
            etag: answer.e_tag,
            version: answer.version_id,
            modified: time(answer.last_modified),
            size: None,
        };
        let bytes = answer.body.collect().await.map_err(|error| {
            broken_off(&self.config, call, &error)
                .with("bucket", &self.config.bucket)
                .with("key", key)
        })?;
        Ok(Got::Object(Object {
            bytes: bytes.into_bytes(),
            head,
        }))
    }

    /// What is known of an object; `None` when there is none, or no bucket: the answer has no body to tell them apart.
    pub(super) async fn head(&self, key: &str) -> Result<Option<Head>> {
        let (algorithm, customer_key, md5) = self.customer_key();
        let sent = self
            .s3
            .head_object()
            .bucket(&self.config.bucket)
            .key(key)
            .set_sse_customer_algorithm(algorithm)
            .set_sse_customer_key(customer_key)
            .set_sse_customer_key_md5(md5)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(Some(Head {
                etag: answer.e_tag,
                version: answer.version_id,
                modified: time(answer.last_modified),
                size: answer.content_length.and_then(|n| n.try_into().ok()),
            })),
            Err(error) => match Answer::of(&error) {
                Some(answer) if answer.is_absent_head() => Ok(None),
                _ => Err(self.failed(HEAD, key, &error)),
            },
        }
    }

    /// Writes an object whole, or not at all.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        condition: Condition<'_>,
        tags: Option<String>,
    ) -> Result<Outcome<Head>> {
        let checksum = self.config.checksum;
        let checksum = checksum.then(|| BASE64.encode(Sha256::digest(&bytes)));
        let (algorithm, customer_key, md5) = self.customer_key();
        let (encryption, kms_key) = match &self.config.encryption {
            Encryption::Kms(key) => (Some(ServerSideEncryption::AwsKms), Some(key.clone())),
            Encryption::Managed => (Some(ServerSideEncryption::Aes256), None),
            Encryption::BucketDefault | Encryption::Customer { .. } => (None, None),
        };
        let mut request = self
            .s3
            .put_object()
            .bucket(&self.config.bucket)
            .key(key)
            .content_type("application/json")
            .set_checksum_sha256(checksum)
            .set_sse_customer_algorithm(algorithm)
            .set_sse_customer_key(customer_key)
            .set_sse_customer_key_md5(md5)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(kms_key)
            .set_acl(self.config.acl.as_deref().map(ObjectCannedAcl::from))
            .set_tagging(tags)
            .body(ByteStream::from(bytes));
        request = match condition {
            Condition::None => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Etag(etag) => request.if_match(etag),
        };
        match request.send().await {
            Ok(answer) => Ok(Outcome::Done(Head {
                etag: answer.e_tag,
                version: answer.version_id,
                modified: None,
                size: None,
            })),
            Err(error) => self.outcome(PUT, key, condition, &error),
        }
    }

    /// Deletes an object. That it was not there is no error.
    pub(super) async fn delete(&self, key: &str, condition: Condition<'_>) -> Result<Outcome<()>> {
        let request = self.s3.delete_object().bucket(&self.config.bucket).key(key);
        let request = match condition {
            Condition::Etag(etag) => request.if_match(etag),
            Condition::None | Condition::Absent => request,
        };
        match request.send().await {
            Ok(_) => Ok(Outcome::Done(())),
            Err(error) => self.outcome(DELETE, key, condition, &error),
        }
    }

    fn outcome<T, E>(
        &self,
        call: Call,
        key: &str,
        condition: Condition<'_>,
        error: &SdkError<E, HttpResponse>,
    ) -> Result<Outcome<T>>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let failed = self.failed(call, key, error);
        if matches!(condition, Condition::None) {
            return Err(failed);
        }
        match Answer::of(error) {
            Some(answer) if answer.is_refused() => Ok(Outcome::Refused),
            // What was to be replaced is gone.
            Some(answer) if answer.code == "NoSuchKey" => Ok(Outcome::Refused),
            Some(answer) if answer.is_unknown_to_store() => Ok(Outcome::Unknown(failed)),
            _ => Err(failed),
        }
    }

    /// The keys that start so, sorted: one request for each 1,000.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut pages = self
            .s3
            .list_objects_v2()
            .bucket(&self.config.bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| {
                let error = self.failed(LIST, "", &e);
                error.with("prefix", prefix)
            })?;
            keys.extend(page.contents.into_iter().flatten().filter_map(|o| o.key));
        }
        Ok(keys)
    }

    /// The versions of one object, newest first. Deletions are none.
    pub(super) async fn versions(&self, key: &str) -> Result<Vec<StateVersion>> {
        let mut versions = Vec::new();
        let mut pages = self
            .s3
            .list_object_versions()
            .bucket(&self.config.bucket)
            .prefix(key);
        loop {
            let sent = pages.clone().send().await;
            let page = sent.map_err(|e| self.failed(LIST_VERSIONS, key, &e))?;
            let more = page.is_truncated.unwrap_or(false);
            let last = page.next_key_marker.clone();
            for version in page.versions.into_iter().flatten() {
                // The lock file, and others whose names go on after ours.
                if version.key.as_deref() != Some(key) {
                    continue;
                }
                versions.push(StateVersion {
                    id: version.version_id.unwrap_or_else(|| "null".to_owned()),
                    modified: time(version.last_modified),
                    size: version.size.and_then(|n| n.try_into().ok()),
                    latest: version.is_latest.unwrap_or(false),
                });
            }
            // The listing is sorted, and our key is the first that starts with itself.
            if !more || last.as_deref() != Some(key) {
                return Ok(versions);
            }
            pages = pages
                .set_key_marker(last)
                .set_version_id_marker(page.next_version_id_marker);
        }
    }

    /// Whether the bucket keeps versions.
    pub(super) async fn versioning(&self) -> Result<Versioning> {
        let sent = self
            .s3
            .get_bucket_versioning()
            .bucket(&self.config.bucket)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(Versioning::of(answer.status.as_ref().map(|s| s.as_str()))),
            Err(error) => told(&error).ok_or_else(|| self.failed(VERSIONING, "", &error)),
        }
    }

    /// The account that the credentials belong to.
    pub(super) async fn account(&self) -> Result<String> {
        let sent = self.sts.get_caller_identity().send().await;
        let answer = sent.map_err(|e| failed(&self.config, IDENTITY, &e))?;
        Ok(answer.account.unwrap_or_default())
    }

    fn customer_key(&self) -> (Option<String>, Option<String>, Option<String>) {
        match &self.config.encryption {
            Encryption::Customer { key, md5 } => (
                Some(CUSTOMER_ALGORITHM.to_owned()),
                Some(key.expose().clone()),
                Some(md5.clone()),
            ),
            _ => (None, None, None),
        }
    }
}

fn time(time: Option<DateTime>) -> Option<SystemTime> {
    SystemTime::try_from(time?).ok()
}
