//! A pretended Tencent Cloud: buckets, tags and temporary keys, with the signatures of the documentation verified.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::bucket::{Buckets, hex, refusal, target};
use super::gateway::Gateway;
use super::wire::{Reply, Seen};

pub(in crate::backends) const ID: &str = "AKIDplantedsecretid";
pub(in crate::backends) const SECRET: &str = "planted-secret-key";
pub(in crate::backends) const REGION: &str = "ap-guangzhou";
/// The role that keys can be had of.
pub(in crate::backends) const ROLE: &str = "qcs::cam::uin/1:roleName/states";
const DOMAIN: &str = "tencentcloudapi.com";

/// A secret key, and the token that goes with it.
type Key = (String, Option<String>);

struct Cloud {
    buckets: Buckets,
    keys: Mutex<BTreeMap<String, Key>>,
    tags: Mutex<BTreeSet<(String, String)>>,
    sessions: Mutex<Vec<Value>>,
}

/// The cloud. It ends with this value.
pub(in crate::backends) struct FakeCos {
    cloud: Arc<Cloud>,
    pub(in crate::backends) gateway: Gateway,
}

impl FakeCos {
    pub(in crate::backends) fn start() -> Self {
        let key = (SECRET.to_owned(), None);
        let cloud = Arc::new(Cloud {
            buckets: Buckets::new("x-cos-"),
            keys: Mutex::new(BTreeMap::from([(ID.to_owned(), key)])),
            tags: Mutex::default(),
            sessions: Mutex::default(),
        });
        let names = [
            format!("*.cos.{REGION}.myqcloud.com"),
            format!("*.cos-internal.{REGION}.tencentcos.cn"),
            format!("tag.{DOMAIN}"),
            format!("sts.{DOMAIN}"),
        ];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let act = Arc::clone(&cloud);
        Self {
            gateway: Gateway::start(&names, move |request: &Seen| act.answer(request)),
            cloud,
        }
    }

    pub(in crate::backends) fn buckets(&self) -> &Buckets {
        &self.cloud.buckets
    }

    /// The tags of the account.
    pub(in crate::backends) fn tags(&self) -> BTreeSet<(String, String)> {
        self.cloud.tags.lock().unwrap().clone()
    }

    /// Makes a tag.
    pub(in crate::backends) fn tag(&self, key: &str, value: &str) {
        let tag = (key.to_owned(), value.to_owned());
        self.cloud.tags.lock().unwrap().insert(tag);
    }

    /// What temporary keys were asked for with.
    pub(in crate::backends) fn sessions(&self) -> Vec<Value> {
        self.cloud.sessions.lock().unwrap().clone()
    }
}

impl Cloud {
    fn answer(&self, request: &Seen) -> Reply {
        let host = request.headers.get("host").map_or("", String::as_str);
        let host = host.split(':').next().unwrap_or_default();
        match host.split('.').collect::<Vec<_>>().as_slice() {
            ["tag" | "sts", rest @ ..] if rest.join(".") == DOMAIN => self.api(host, request),
            ["metadata", "tencentyun", "com"] => self.metadata(request),
            [bucket, "cos" | "cos-internal", REGION, ..] => self.store(bucket, host, request),
            _ => refusal(404, "NoSuchHost", "There is no such host."),
        }
    }

    fn store(&self, bucket: &str, host: &str, request: &Seen) -> Reply {
        if let Err((code, message)) = self.verify(host, request) {
            return refusal(403, code, &message);
        }
        let (path, query) = target(request);
        let key = path.strip_prefix('/').unwrap_or_default();
        self.buckets.answer(bucket, key, &query, request)
    }

    /// The signature of requests to the store, step after step as <https://www.tencentcloud.com/document/product/436/7778> has it.
    fn verify(&self, host: &str, request: &Seen) -> Result<(), (&'static str, String)> {
        let denied = |code, message: &str| Err((code, message.to_owned()));
        let Some(told) = request.headers.get("authorization") else {
            return denied("AccessDenied", "Access Denied.");
        };
        let told: BTreeMap<&str, &str> = told
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let get = |name: &str| told.get(name).copied().unwrap_or_default();
        let keys = self.keys.lock().unwrap();
        let Some((secret, token)) = keys.get(get("q-ak")) else {
            return denied(
                "InvalidAccessKeyId",
                "The Access Key Id does not exist in our records.",
            );
        };
        if request.headers.get("x-cos-security-token") != token.as_ref() {
            return denied(
                "InvalidSecurityToken",
                "The security token is not that of the key.",
            );
        }
        let now = now();
        let time = get("q-key-time");
        let (begin, end) = time.split_once(';').unwrap_or_default();
        let (begin, end): (u64, u64) = (begin.parse().unwrap(), end.parse().unwrap());
        if !(begin..=end).contains(&now) || time != get("q-sign-time") {
            return denied("RequestTimeTooSkewed", "The request is of another time.");
        }
        let (path, query) = target(request);
        // Names in small letters, encoded, in order.
        let line = |pairs: Vec<(String, String)>| {
            let mut pairs: Vec<(String, String)> = pairs
                .into_iter()
                .map(|(n, v)| (encoded(&n).to_lowercase(), encoded(&v)))
                .collect();
            pairs.sort();
            let names: Vec<String> = pairs.iter().map(|(n, _)| n.clone()).collect();
            let all: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            (names.join(";"), all.join("&"))
        };
        let (parameter_names, parameters) = line(query);
        if get("q-url-param-list") != parameter_names {
            return denied("SignatureDoesNotMatch", "A parameter is not signed.");
        }
        let listed: Vec<&str> = get("q-header-list").split(';').collect();
        let own = |name: &String| name.starts_with("x-cos-") || name == "host";
        let missing = request
            .headers
            .keys()
            .find(|n| own(n) && !listed.contains(&n.as_str()));
        if let Some(name) = missing {
            return Err(("SignatureDoesNotMatch", format!("{name} is not signed.")));
        }
        let headers = listed.iter().map(|name| {
            let value = match *name {
                "host" => host.to_owned(),
                name => request.headers.get(name).cloned().unwrap_or_default(),
            };
            ((*name).to_owned(), value)
        });
        let (_, headers) = line(headers.collect());
        let method = request.method.to_lowercase();
        let asked = format!("{method}\n{path}\n{parameters}\n{headers}\n");
        let text = format!("sha1\n{time}\n{}\n", hex(&Sha1::digest(asked.as_bytes())));
        let key = hex(&sha1_hmac(secret.as_bytes(), time));
        match hex(&sha1_hmac(key.as_bytes(), &text)) == get("q-signature") {
            true => Ok(()),
            false => denied(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match.",
            ),
        }
    }

    fn api(&self, host: &str, request: &Seen) -> Reply {
        let said = match self.verify_api(host, request) {
            Err(code) => Err((code, "The request is not authorized.")),
            Ok(()) => {
                let action = request.headers["x-tc-action"].as_str();
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let version = (
                    host.split('.').next().unwrap(),
                    request.headers["x-tc-version"].as_str(),
                );
                match version {
                    ("tag" | "sts", "2018-08-13" | "2018-08-10") => self.act(action, &body),
                    _ => Err(("NoSuchVersion", "There is no such version.")),
                }
            }
        };
        let response = match said {
            Ok(mut response) => {
                response["RequestId"] = "3c140219".into();
                response
            }
            Err((code, message)) => {
                json!({"Error": {"Code": code, "Message": message}, "RequestId": "3c140219"})
            }
        };
        Reply::new(200, json!({ "Response": response }).to_string())
    }

    fn act(&self, action: &str, body: &Value) -> Result<Value, (&'static str, &'static str)> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let tag = (text("TagKey"), text("TagValue"));
        let mut tags = self.tags.lock().unwrap();
        match action {
            "CreateTag" => match tags.insert(tag) {
                true => Ok(json!({})),
                false => Err(("ResourceInUse.TagDuplicate", "The tag exists.")),
            },
            "DeleteTag" => match tags.remove(&tag) {
                true => Ok(json!({})),
                false => Err(("ResourceNotFound.TagNonExist", "There is no such tag.")),
            },
            "DescribeTags" => {
                let found: Vec<Value> = tags
                    .iter()
                    .filter(|there| **there == tag)
                    .map(|(key, value)| json!({"TagKey": key, "TagValue": value, "CanDelete": 1}))
                    .collect();
                Ok(json!({"TotalCount": found.len(), "Offset": 0, "Limit": 15, "Tags": found}))
            }
            "AssumeRole" if body["RoleArn"] == ROLE => {
                self.sessions.lock().unwrap().push(body.clone());
                let seconds = body["DurationSeconds"].as_u64().unwrap();
                let credentials = self.temporary();
                Ok(json!({"Credentials": credentials, "ExpiredTime": now() + seconds}))
            }
            "AssumeRole" => Err(("ResourceNotFound.RoleNotExist", "There is no such role.")),
            _ => Err(("InvalidAction", "There is no such action.")),
        }
    }

    /// New keys.
    fn temporary(&self) -> Value {
        let mut keys = self.keys.lock().unwrap();
        let id = format!("AKIDplantedtemporary{}", keys.len());
        let (secret, token) = (format!("planted-{id}-key"), format!("planted-{id}-token"));
        let told = json!({"TmpSecretId": id, "TmpSecretKey": secret, "Token": token});
        keys.insert(id, (secret, Some(token)));
        told
    }

    fn metadata(&self, request: &Seen) -> Reply {
        let (path, _) = target(request);
        if path != "/latest/meta-data/cam/security-credentials/machine" {
            return Reply::new(404, "<html>Not Found</html>");
        }
        let mut told = self.temporary();
        told["ExpiredTime"] = (now() + 3600).into();
        told["Code"] = "Success".into();
        Reply::new(200, told.to_string())
    }

    /// `TC3-HMAC-SHA256`, step after step as <https://www.tencentcloud.com/document/api/213/33224> has it.
    fn verify_api(&self, host: &str, request: &Seen) -> Result<(), &'static str> {
        const BAD: &str = "AuthFailure.SignatureFailure";
        let told = request
            .headers
            .get("authorization")
            .ok_or("AuthFailure.InvalidAuthorization")?;
        let told = told.strip_prefix("TC3-HMAC-SHA256 ").ok_or(BAD)?;
        let told: BTreeMap<&str, &str> = told
            .split(", ")
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let (id, scope) = told["Credential"].split_once('/').ok_or(BAD)?;
        let keys = self.keys.lock().unwrap();
        let (secret, token) = keys.get(id).ok_or("AuthFailure.SecretIdNotFound")?;
        if request.headers.get("x-tc-token").filter(|t| !t.is_empty()) != token.as_ref() {
            return Err("AuthFailure.TokenFailure");
        }
        let time: u64 = request.headers["x-tc-timestamp"].parse().map_err(|_| BAD)?;
        if now().abs_diff(time) > 300 {
            return Err("AuthFailure.SignatureExpire");
        }
        let service = host.split('.').next().unwrap_or_default();
        let date = jiff::Timestamp::from_second(i64::try_from(time).unwrap()).unwrap();
        let date = date.strftime("%Y-%m-%d").to_string();
        if scope != format!("{date}/{service}/tc3_request") {
            return Err(BAD);
        }
        let names = told["SignedHeaders"];
        let headers: String = names
            .split(';')
            .map(|name| format!("{name}:{}\n", request.headers[name].trim().to_lowercase()))
            .collect();
        if !names.split(';').any(|name| name == "host") {
            return Err(BAD);
        }
        let hash = |bytes: &[u8]| hex(&Sha256::digest(bytes));
        let asked = format!(
            "{}\n/\n\n{headers}\n{names}\n{}",
            request.method,
            hash(&request.body)
        );
        let text = format!(
            "TC3-HMAC-SHA256\n{time}\n{scope}\n{}",
            hash(asked.as_bytes())
        );
        let date = sha256_hmac(format!("TC3{secret}").as_bytes(), &date);
        let signing = sha256_hmac(&sha256_hmac(&date, service), "tc3_request");
        match hex(&sha256_hmac(&signing, &text)) == told["Signature"] {
            true => Ok(()),
            false => Err(BAD),
        }
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn encoded(text: &str) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text, &KEPT).to_string()
}

fn sha1_hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256_hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
