//! A pretended Alibaba Cloud: buckets, a table of rows and temporary keys, with the signatures of the documentation verified.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::bucket::{Buckets, hex, refusal, target, value};
use super::gateway::Gateway;
use super::rows::{Rows, failure};
use super::wire::{Fault, Reply, Seen, Server};

pub(in crate::backends) const ID: &str = "LTAIplantedaccesskey";
pub(in crate::backends) const SECRET: &str = "planted-secret-key";
pub(in crate::backends) const REGION: &str = "cn-hangzhou";
/// The role that keys can be had of.
pub(in crate::backends) const ROLE: &str = "acs:ram::1:role/states";
/// The table of locks.
pub(in crate::backends) const TABLE: &str = "locks";

/// A secret key, and the token that goes with it.
type Key = (String, Option<String>);

struct Cloud {
    buckets: Buckets,
    rows: Rows,
    keys: Mutex<BTreeMap<String, Key>>,
    sessions: Mutex<Vec<BTreeMap<String, String>>>,
}

/// The cloud. It ends with this value.
pub(in crate::backends) struct FakeOss {
    cloud: Arc<Cloud>,
    /// Buckets and keys, by their names.
    pub(in crate::backends) gateway: Gateway,
    /// The same without TLS by its address, and the table.
    local: Server,
}

impl FakeOss {
    pub(in crate::backends) fn start() -> Self {
        let key = (SECRET.to_owned(), None);
        let cloud = Arc::new(Cloud {
            buckets: Buckets::new("x-oss-"),
            rows: Rows::new(TABLE),
            keys: Mutex::new(BTreeMap::from([(ID.to_owned(), key)])),
            sessions: Mutex::default(),
        });
        let names = [
            format!("*.oss-{REGION}.aliyuncs.com"),
            format!("sts.{REGION}.aliyuncs.com"),
        ];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let act = Arc::clone(&cloud);
        let local = Arc::clone(&cloud);
        Self {
            gateway: Gateway::start(&names, move |request: &Seen| act.answer(request)),
            local: Server::start(None, |_| move |request: &Seen| local.answer(request)),
            cloud,
        }
    }

    pub(in crate::backends) fn buckets(&self) -> &Buckets {
        &self.cloud.buckets
    }

    pub(in crate::backends) fn rows(&self) -> &Rows {
        &self.cloud.rows
    }

    /// The address of the table, and of buckets behind it.
    pub(in crate::backends) fn local(&self) -> String {
        format!("http://127.0.0.1:{}", self.local.port())
    }

    /// The next request to the table, or to buckets by their address, whose `METHOD target` has this text in it meets the fault.
    pub(in crate::backends) fn table_fault(&self, asked: &str, fault: Fault) {
        self.local.fault(asked, fault);
    }

    /// Takes back the faults that nothing met; answers with their number.
    pub(in crate::backends) fn without_faults(&self) -> usize {
        self.local.without_faults() + self.gateway.without_faults()
    }

    /// The requests to the table so far, which are forgotten with this.
    pub(in crate::backends) fn table_seen(&self) -> Vec<Seen> {
        self.local.seen()
    }

    /// What temporary keys were asked for with.
    pub(in crate::backends) fn sessions(&self) -> Vec<BTreeMap<String, String>> {
        self.cloud.sessions.lock().unwrap().clone()
    }
}

impl Cloud {
    fn answer(&self, request: &Seen) -> Reply {
        if request.headers.contains_key("x-ots-date") {
            return self.table(request);
        }
        let host = request.headers.get("host").map_or("", String::as_str);
        let host = host.split(':').next().unwrap_or_default();
        let (path, query) = target(request);
        match host.split('.').collect::<Vec<_>>().as_slice() {
            ["sts", REGION, "aliyuncs", "com"] => self.sts(request),
            ["100", "100", "100", "200"] => self.metadata(&path),
            ["127", "0", "0", "1"] => {
                let path = path.strip_prefix('/').unwrap_or_default();
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                self.store(bucket, key, &query, request)
            }
            [bucket, _, "aliyuncs", "com"] => {
                let key = path.strip_prefix('/').unwrap_or_default();
                self.store(bucket, key, &query, request)
            }
            _ => refusal(404, "NoSuchHost", "There is no such host."),
        }
    }

    fn store(&self, bucket: &str, key: &str, query: &[(String, String)], request: &Seen) -> Reply {
        match self.verify(&format!("/{bucket}/{key}"), query, request) {
            Ok(()) => self.buckets.answer(bucket, key, query, request),
            Err((code, message)) => refusal(403, code, message),
        }
    }

    fn verify(
        &self,
        resource: &str,
        query: &[(String, String)],
        request: &Seen,
    ) -> Result<(), (&'static str, &'static str)> {
        let told = request.headers.get("authorization");
        let told = told.ok_or(("AccessDenied", "You have no right to access this object."))?;
        let (id, signature) = if let Some(told) = told.strip_prefix("OSS4-HMAC-SHA256 ") {
            let told: BTreeMap<&str, &str> = told
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
                .collect();
            let (id, scope) = told["Credential"].split_once('/').unwrap();
            (id, (Some(scope), told["Signature"]))
        } else {
            let told = told
                .strip_prefix("OSS ")
                .and_then(|told| told.split_once(':'));
            let (id, signature) =
                told.ok_or(("InvalidArgument", "Authorization header is invalid."))?;
            (id, (None, signature))
        };
        let keys = self.keys.lock().unwrap();
        let (secret, token) = keys.get(id).ok_or((
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided does not exist in our records.",
        ))?;
        if request.headers.get("x-oss-security-token") != token.as_ref() {
            return Err((
                "InvalidSecurityToken",
                "The security token you provided is invalid.",
            ));
        }
        let (scope, signature) = signature;
        let expected = match scope {
            Some(scope) => version_4(secret, scope, resource, query, request),
            None => version_1(secret, resource, query, request),
        };
        match expected?.as_str() == signature {
            true => Ok(()),
            false => Err((
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            )),
        }
    }

    fn table(&self, request: &Seen) -> Reply {
        let get = |name: &str| request.headers.get(name).map_or("", String::as_str);
        let keys = self.keys.lock().unwrap();
        let Some((secret, token)) = keys.get(get("x-ots-accesskeyid")) else {
            return failure(403, "OTSAuthFailed", "The AccessKeyID does not exist.");
        };
        let (path, _) = target(request);
        // Every header of the service but the signature, in order.
        let lines: String = request
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-ots-") && *name != "x-ots-signature")
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let text = format!("{path}\n{}\n\n{lines}", request.method);
        if sha1_hmac(secret.as_bytes(), &text) != get("x-ots-signature")
            || request.headers.get("x-ots-ststoken") != token.as_ref()
        {
            return failure(403, "OTSAuthFailed", "Signature mismatch.");
        }
        if get("x-ots-contentmd5") != BASE64_STANDARD.encode(Md5::digest(&request.body)) {
            return failure(
                403,
                "OTSAuthFailed",
                "Mismatch between MD5 value of request body and header.",
            );
        }
        if get("x-ots-apiversion") != "2015-12-31" || get("x-ots-instancename").is_empty() {
            return failure(400, "OTSParameterInvalid", "A header is missing.");
        }
        self.rows.answer(&path, &request.body)
    }

    /// The service for temporary keys, with the signature of
    /// <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>.
    fn sts(&self, request: &Seen) -> Reply {
        let refuse = |status, code: &str| {
            let body =
                json!({"RequestId": "4C46", "Code": code, "Message": "No.", "HostId": "sts.test"});
            Reply::new(status, body.to_string())
        };
        let (_, mut pairs) = target(request);
        pairs.extend(url::form_urlencoded::parse(&request.body).into_owned());
        pairs.sort();
        let keys = self.keys.lock().unwrap();
        let get = |name| value(&pairs, name).unwrap_or_default();
        let Some((secret, token)) = keys.get(get("AccessKeyId")) else {
            return refuse(404, "InvalidAccessKeyId.NotFound");
        };
        let all: Vec<String> = pairs
            .iter()
            .filter(|(name, _)| name != "Signature")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let text = format!("{}&%2F&{}", request.method, encoded(all.join("&")));
        if sha1_hmac(format!("{secret}&").as_bytes(), &text) != get("Signature") {
            return refuse(400, "SignatureDoesNotMatch");
        }
        if value(&pairs, "SecurityToken") != token.as_deref() {
            return refuse(400, "InvalidSecurityToken.Malformed");
        }
        if (get("Action"), get("Version")) != ("AssumeRole", "2015-04-01") {
            return refuse(404, "InvalidAction.NotFound");
        }
        if get("RoleArn") != ROLE {
            return refuse(404, "EntityNotExist.Role");
        }
        let seconds: u64 = get("DurationSeconds").parse().unwrap();
        drop(keys);
        self.sessions
            .lock()
            .unwrap()
            .push(pairs.into_iter().collect());
        Reply::new(
            200,
            json!({"RequestId": "6894", "Credentials": self.temporary(seconds)}).to_string(),
        )
    }

    /// New keys.
    fn temporary(&self, seconds: u64) -> serde_json::Value {
        let mut keys = self.keys.lock().unwrap();
        let id = format!("STSplantedtemporary{}", keys.len());
        let (secret, token) = (format!("planted-{id}-key"), format!("planted-{id}-token"));
        let end = jiff::Timestamp::from_second(i64::try_from(now() + seconds).unwrap()).unwrap();
        let told = json!({
            "AccessKeyId": id, "AccessKeySecret": secret, "SecurityToken": token, "Expiration": end.to_string(),
        });
        keys.insert(id, (secret, Some(token)));
        told
    }

    fn metadata(&self, path: &str) -> Reply {
        if path != "/latest/meta-data/ram/security-credentials/machine" {
            return Reply::new(404, "<html>Not Found</html>");
        }
        let mut told = self.temporary(3600);
        told["Code"] = "Success".into();
        Reply::new(200, told.to_string())
    }
}

type Verified = Result<String, (&'static str, &'static str)>;

/// <https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header>.
fn version_1(secret: &str, resource: &str, query: &[(String, String)], request: &Seen) -> Verified {
    const SIGNED: [&str; 6] = [
        "acl",
        "objectMeta",
        "versionId",
        "versioning",
        "versions",
        "location",
    ];
    let get = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let date = httpdate::parse_http_date(get("date")).map_err(|_| ("AccessDenied", "No date."))?;
    let apart = SystemTime::now().duration_since(date).unwrap_or_default();
    if apart.as_secs() > 900 {
        return Err((
            "RequestTimeTooSkewed",
            "The difference between the times is too large.",
        ));
    }
    let own: String = request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-oss-"))
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let mut signed: Vec<String> = query
        .iter()
        .filter(|(name, _)| SIGNED.contains(&name.as_str()))
        .map(|(name, value)| {
            if value.is_empty() {
                name.clone()
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    signed.sort();
    let signed = match signed.is_empty() {
        true => String::new(),
        false => format!("?{}", signed.join("&")),
    };
    let text = format!(
        "{}\n{}\n{}\n{}\n{own}{resource}{signed}",
        request.method,
        get("content-md5"),
        get("content-type"),
        get("date")
    );
    Ok(sha1_hmac(secret.as_bytes(), &text))
}

/// <https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4>.
fn version_4(
    secret: &str,
    scope: &str,
    resource: &str,
    query: &[(String, String)],
    request: &Seen,
) -> Verified {
    let get = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let time = get("x-oss-date");
    let today = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
    if !time.starts_with(&today) || scope != format!("{today}/{REGION}/oss/aliyun_v4_request") {
        return Err((
            "InvalidArgument",
            "Invalid signing region or date in Authorization header.",
        ));
    }
    let path: Vec<String> = resource.split('/').map(encoded).collect();
    let mut pairs: Vec<(String, String)> = query
        .iter()
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| {
            if value.is_empty() {
                name
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    let headers: String = request
        .headers
        .iter()
        .filter(|(name, _)| {
            name.starts_with("x-oss-") || *name == "content-type" || *name == "content-md5"
        })
        .map(|(name, value)| format!("{name}:{}\n", value.trim()))
        .collect();
    let asked = format!(
        "{}\n{}\n{}\n{headers}\n\n{}",
        request.method,
        path.join("/"),
        pairs.join("&"),
        get("x-oss-content-sha256")
    );
    let hash = hex(&Sha256::digest(asked.as_bytes()));
    let text = format!("OSS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let date = sha256_hmac(format!("aliyun_v4{secret}").as_bytes(), &today);
    let service = sha256_hmac(&sha256_hmac(&date, REGION), "oss");
    let signing = sha256_hmac(&service, "aliyun_v4_request");
    Ok(hex(&sha256_hmac(&signing, &text)))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn encoded(text: impl AsRef<str>) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text.as_ref(), &KEPT).to_string()
}

fn sha1_hmac(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn sha256_hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
