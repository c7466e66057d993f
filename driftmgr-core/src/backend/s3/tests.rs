use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::access::Token;
use super::config::Encryption;
use super::*;
use crate::env::Environment;

/// 32 bytes in base64.
const CUSTOMER_KEY: &str = "bm9ib2R5LWtub3dzLXRoaXMta2V5LW9mLTMyLWJ5dGU=";

fn spec(arguments: &Json) -> BackendSpec {
    let mut config: BTreeMap<String, Json> = serde_json::from_value(arguments.clone()).unwrap();
    for (name, value) in [
        ("bucket", "b"),
        ("key", "a/k.tfstate"),
        ("region", "eu-west-1"),
    ] {
        config
            .entry(name.to_owned())
            .or_insert_with(|| value.into());
    }
    BackendSpec::from_block("s3", config, "main.tf:2")
}

fn read_in(arguments: &Json, variables: &[(&str, &str)]) -> Result<S3Config> {
    let environment = Environment::from_variables(variables.iter().copied());
    S3Config::from_spec(&environment, &spec(arguments))
}

fn config(arguments: &Json) -> S3Config {
    read_in(arguments, &[]).unwrap()
}

fn message(arguments: &Json) -> String {
    let error = read_in(arguments, &[]).unwrap_err();
    assert_eq!(error.context_value("backend"), Some("main.tf:2"), "{error}");
    error.message().to_owned()
}

fn name(workspace: &str) -> WorkspaceName {
    workspace.parse().unwrap()
}

#[test]
fn states_lie_where_terraform_puts_them() {
    for (prefix, state) in [
        (json!({}), "env:/prod/a/k.tfstate"),
        (
            json!({"workspace_key_prefix": "x/y"}),
            "x/y/prod/a/k.tfstate",
        ),
        (json!({"workspace_key_prefix": ""}), "prod/a/k.tfstate"),
    ] {
        let config = config(&prefix);
        assert_eq!(config.state_key(&WorkspaceName::default()), "a/k.tfstate");
        assert_eq!(config.state_key(&name("prod")), state);
        assert_eq!(config.workspace_of(state), Some(name("prod")));
    }
}

#[test]
fn only_states_of_this_key_are_workspaces() {
    let config = config(&json!({}));
    for key in [
        "a/k.tfstate",
        "env:/prod/a/k.tfstate.tflock",
        "env:/prod/other.tfstate",
        "env:/default/a/k.tfstate",
        "env:/prod/x/a/k.tfstate",
        "env:/",
        "elsewhere/prod/a/k.tfstate",
    ] {
        assert_eq!(config.workspace_of(key), None, "{key}");
    }
}

#[test]
fn what_is_wrong_in_the_arguments_is_named() {
    for (arguments, part) in [
        (json!({"buckt": "x"}), "no argument `buckt`"),
        (json!({"bucket": ""}), "`bucket` is missing or empty"),
        (json!({"key": "/a"}), "`key` starts or ends with a slash"),
        (
            json!({"workspace_key_prefix": "a/"}),
            "`workspace_key_prefix` starts or ends",
        ),
        (
            json!({"encrypt": "maybe"}),
            "`encrypt` is not true or false",
        ),
        (
            json!({"max_retries": -1}),
            "`max_retries` is not a whole number",
        ),
        (
            json!({"shared_config_files": "x"}),
            "`shared_config_files` is not a list of strings",
        ),
        (
            json!({"endpoints": {"s3": "no scheme"}}),
            "the endpoint of s3 is not a URL",
        ),
        (
            json!({"endpoints": {"sqs": "https://x"}}),
            "no argument `endpoints.sqs`",
        ),
        (
            json!({"endpoint": "https://x", "endpoints": {"s3": "https://y"}}),
            "`endpoint` and `endpoints.s3` exclude",
        ),
        (
            json!({"force_path_style": true, "use_path_style": true}),
            "`force_path_style` and `use_path_style` exclude",
        ),
        (
            json!({"allowed_account_ids": ["1"], "forbidden_account_ids": ["2"]}),
            "`allowed_account_ids` and `forbidden_account_ids` exclude",
        ),
        (
            json!({"kms_key_id": "k", "sse_customer_key": CUSTOMER_KEY}),
            "`kms_key_id` and `sse_customer_key` exclude",
        ),
        (
            json!({"sse_customer_key": "short"}),
            "not the base64 of a key of 32 bytes",
        ),
        (json!({"access_key": "only"}), "only one is set"),
        (
            json!({"retry_mode": "often"}),
            "neither `standard` nor `adaptive`",
        ),
        (
            json!({"assume_role": {"duration": "1h"}}),
            "`assume_role.role_arn` is missing",
        ),
        (
            json!({"assume_role": {"role_arn": "r", "duration": "1m"}}),
            "not between 15m and 12h",
        ),
        (
            json!({"assume_role": {"role_arn": "r"}, "role_arn": "r"}),
            "`assume_role` and `role_arn` exclude",
        ),
        (
            json!({"assume_role_with_web_identity": {"role_arn": "r"}}),
            "`assume_role_with_web_identity.web_identity_token_file` is missing",
        ),
        (
            json!({"ec2_metadata_service_endpoint_mode": "x"}),
            "neither `IPv4` nor `IPv6`",
        ),
        (
            json!({"allowed_account_ids": ["1"], "skip_requesting_account_id": true}),
            "need the account's id",
        ),
    ] {
        let message = message(&arguments);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let error = read_in(&json!({"buckt": "x"}), &[]).unwrap_err();
    assert_eq!(error.hints(), ["did you mean `bucket`?"]);
}

#[test]
fn what_is_not_followed_is_said() {
    for (arguments, part) in [
        (json!({"insecure": true}), "`insecure` is not supported"),
        (
            json!({"endpoints": {"sso": "https://x"}}),
            "`endpoints.sso` is not supported",
        ),
    ] {
        let error = read_in(&arguments, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(part), "{error}");
        assert_eq!(error.hints().len(), 1);
    }
    read_in(&json!({"insecure": false}), &[]).unwrap();
}

#[test]
fn every_argument_of_both_programs_is_known() {
    let arguments = json!({
        "acl": "private", "allowed_account_ids": ["1"], "assume_role": {"role_arn": "r", "external_id": "e", "duration": "1h30m",
        "policy": "{}", "policy_arns": ["p"], "session_name": "s", "source_identity": "i", "tags": {"a": "b"},
        "transitive_tag_keys": ["a"]}, "custom_ca_bundle": "ca.pem", "dynamodb_table": "t", "ec2_metadata_service_endpoint": "http://x",
        "ec2_metadata_service_endpoint_mode": "IPv6", "encrypt": true, "endpoints": {"s3": "https://s3.example.com", "iam": "https://i",
        "sts": "https://sts.example.com", "dynamodb": "https://d.example.com", "sso": null}, "http_proxy": "http://p:1",
        "https_proxy": "http://q:2", "no_proxy": "x", "kms_key_id": "k", "lock_tags": {"l": "1"}, "max_retries": "2",
        "profile": "p", "retry_mode": "adaptive", "shared_config_files": ["~/c"], "shared_credentials_files": ["d"],
        "skip_credentials_validation": true, "skip_metadata_api_check": true, "skip_region_validation": true,
        "skip_requesting_account_id": false, "skip_s3_checksum": true, "state_tags": {"s": "1"}, "sts_region": "us-east-1",
        "token": "t", "use_dualstack_endpoint": true, "use_fips_endpoint": true, "use_lockfile": true, "use_path_style": true,
        "access_key": "a", "secret_key": "s",
    });
    let config = config(&arguments);
    let access = &config.access;
    assert!(config.use_lockfile && config.locks() && !config.checksum);
    assert!(matches!(&config.encryption, Encryption::Kms(key) if key == "k"));
    assert!(access.path_style && access.fips && access.dual_stack && access.adaptive);
    assert_eq!(access.max_retries, 2);
    assert!(!access.identity.metadata.enabled && access.identity.metadata.ipv6);
    let role = access.identity.role.as_ref().unwrap();
    assert_eq!(role.duration, Some(Duration::from_secs(90 * 60)));
    assert_eq!(role.tags.len(), 1);
    assert_eq!(
        access.proxy.https.as_ref().unwrap().to_string(),
        "http://q:2/"
    );
}

#[test]
fn the_flat_arguments_of_opentofu_name_a_role_too() {
    let config = config(&json!({
        "role_arn": "r", "session_name": "s", "external_id": "e", "assume_role_duration_seconds": 900,
        "assume_role_policy": "{}", "assume_role_policy_arns": ["p"], "assume_role_tags": {"a": "b"},
        "assume_role_transitive_tag_keys": ["a"], "endpoint": "https://x", "force_path_style": true,
    }));
    let role = config.access.identity.role.as_ref().unwrap();
    assert_eq!(
        (role.arn.as_str(), role.session.as_deref()),
        ("r", Some("s"))
    );
    assert_eq!(role.duration, Some(Duration::from_secs(900)));
    assert!(config.access.path_style);
    assert_eq!(
        config.access.endpoints.s3.as_ref().unwrap().to_string(),
        "https://x/"
    );
}

#[test]
fn the_environment_stands_in_for_arguments_and_arguments_win() {
    let no_region = json!({"region": null});
    let error = read_in(&no_region, &[]).unwrap_err();
    assert_eq!(error.message(), "the region of the bucket is not known");
    let variables = [
        ("AWS_DEFAULT_REGION", "eu-north-1"),
        ("AWS_ENDPOINT_URL_S3", "https://s3.example.com"),
        ("AWS_ENDPOINT_URL", "https://all.example.com"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "session"),
        ("AWS_PROFILE", "work"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_USE_FIPS_ENDPOINT", "TRUE"),
        ("AWS_SSE_CUSTOMER_KEY", CUSTOMER_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("NO_PROXY", "localhost"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
        ("AWS_ROLE_ARN", "arn"),
    ];
    let config = read_in(&json!({"region": null, "encrypt": true}), &variables).unwrap();
    let access = &config.access;
    assert_eq!(access.region, "eu-north-1");
    let shown = |url: &Option<crate::redact::SafeUrl>| url.as_ref().map(ToString::to_string);
    assert_eq!(
        shown(&access.endpoints.s3).as_deref(),
        Some("https://s3.example.com/")
    );
    assert_eq!(
        shown(&access.endpoints.sts).as_deref(),
        Some("https://all.example.com/")
    );
    let keys = access.identity.environment.as_ref().unwrap();
    assert_eq!(keys.secret_key.expose(), "secret");
    assert!(keys.token.is_some() && access.identity.keys.is_none());
    assert_eq!(access.identity.usual_profile.as_deref(), Some("work"));
    assert_eq!(access.identity.profile, None);
    assert!(access.adaptive && access.fips && !access.identity.metadata.enabled);
    assert!(matches!(config.encryption, Encryption::Customer { .. }));
    assert_eq!(
        shown(&access.proxy.https).as_deref(),
        Some("http://proxy:3128/")
    );
    let web = access.identity.web_identity.as_ref().unwrap();
    assert!(matches!(&web.token, Token::File(path) if path.ends_with("token")));
    let wins = json!({"region": "eu-west-3", "endpoints": {"s3": "https://mine"}, "use_fips_endpoint": false});
    let access = read_in(&wins, &variables).unwrap().access;
    assert_eq!(access.region, "eu-west-3");
    assert_eq!(
        shown(&access.endpoints.s3).as_deref(),
        Some("https://mine/")
    );
    assert!(!access.fips);
}

#[test]
fn a_key_is_used_only_where_encryption_is_asked_for() {
    let plain = config(&json!({"kms_key_id": "k"}));
    assert!(matches!(plain.encryption, Encryption::BucketDefault));
    let managed = config(&json!({"encrypt": true}));
    assert!(matches!(managed.encryption, Encryption::Managed));
    let both = read_in(
        &json!({"kms_key_id": "k"}),
        &[("AWS_SSE_CUSTOMER_KEY", CUSTOMER_KEY)],
    );
    assert!(
        both.unwrap_err()
            .message()
            .contains("AWS_SSE_CUSTOMER_KEY exclude")
    );
}

#[test]
fn certificates_that_cannot_be_used_are_an_error_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    for text in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
    ] {
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        let error = S3Backend::new(config(&json!({"custom_ca_bundle": path}))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{text:?}");
        assert!(error.context_value("file").is_some());
    }
    let missing = config(&json!({"custom_ca_bundle": dir.path().join("none.pem")}));
    assert_eq!(
        S3Backend::new(missing).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

/// Answers every request with the same text, on a port of this machine, until the test ends. For answers that no emulator gives.
fn answering(answer: String) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // To its end: what is left unread would take the answer along.
            let mut request = Vec::new();
            let mut buffer = [0; 8192];
            while !is_whole(&request) {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    request.len() >= end + 4 + length
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn xml(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"
    )
}

/// Secrets of every kind; each is found in a text by its marker.
fn with_secrets(endpoint: &str) -> Json {
    json!({
        "endpoints": {"s3": endpoint, "dynamodb": endpoint, "sts": endpoint}, "use_path_style": true, "max_retries": 0,
        "access_key": "marker-access-key", "secret_key": "marker-secret-key", "token": "marker-token", "encrypt": true,
        "sse_customer_key": "bWFya2VyLW1hcmtlci1tYXJrZXItbWFya2VyLTEyMzQ=", "use_lockfile": true,
    })
}

fn shows_no_secret(error: &Error) {
    let text = format!("{error} {error:?} {:?}", error.hints());
    assert!(!text.contains("marker-"), "{text}");
    assert!(!text.contains("bWFya2Vy"), "{text}");
}

fn open(arguments: &Json) -> S3Backend {
    S3Backend::new(config(arguments)).unwrap()
}

fn cx() -> Context {
    Context::new(Environment::default())
}

/// The errors of all calls of a backend that fails.
async fn failures(backend: &S3Backend, cx: &Context) -> Vec<Error> {
    let at = StateRef::default();
    let new = Bytes::from_static(b"{}");
    let write = |lock: Option<LockId>| WriteOptions {
        lock,
        ..WriteOptions::default()
    };
    let held = LockId("held".to_owned());
    vec![
        backend.read(cx, &at).await.unwrap_err(),
        backend.read(cx, &at.at_version("v")).await.unwrap_err(),
        backend.workspaces(cx).await.unwrap_err(),
        backend.versions(cx, &at).await.unwrap_err(),
        backend
            .write(cx, &at, new.clone(), write(None))
            .await
            .unwrap_err(),
        backend
            .write(cx, &at, new, write(Some(held.clone())))
            .await
            .unwrap_err(),
        backend.delete(cx, &at, write(None)).await.unwrap_err(),
        backend
            .lock(cx, &at, LockInfo::new(cx, "test"))
            .await
            .unwrap_err(),
        backend.unlock(cx, &at, &held).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn what_servers_answer_has_a_kind_a_place_and_a_way_out() {
    use ErrorKind::*;
    let echo = "keys marker-access-key marker-secret-key marker-token are no good";
    for (reply, kind, part, hint) in [
        (
            answer("404 Not Found", "", &xml("NoSuchBucket", "no")),
            NotFound,
            "the bucket does not exist",
            "create the bucket",
        ),
        (
            answer(
                "301 Moved Permanently",
                "x-amz-bucket-region: ap-south-1\r\n",
                &xml("PermanentRedirect", "use the endpoint"),
            ),
            InvalidConfig,
            "another region",
            "set the argument `region` to `ap-south-1`",
        ),
        (
            answer(
                "400 Bad Request",
                "",
                &xml(
                    "AuthorizationHeaderMalformed",
                    "the region 'eu-west-1' is wrong; expecting 'us-west-2'",
                ),
            ),
            InvalidConfig,
            "another region",
            "set the argument `region` to `us-west-2`",
        ),
        (
            answer(
                "403 Forbidden",
                "",
                &xml(
                    "AccessDenied",
                    "User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject on resource: x",
                ),
            ),
            PermissionDenied,
            "it is not allowed",
            "allow `s3:GetObject`",
        ),
        (
            answer("400 Bad Request", "", &xml("ExpiredToken", "expired")),
            Unauthenticated,
            "have expired",
            "sign in again",
        ),
        (
            answer("403 Forbidden", "", &xml("InvalidAccessKeyId", echo)),
            Unauthenticated,
            "does not accept the credentials",
            "check which credentials",
        ),
        (
            answer("503 Slow Down", "", &xml("SlowDown", "slower")),
            RateLimited,
            "slow down",
            "",
        ),
        (
            answer(
                "500 Oops",
                "Content-Type: text/html\r\n",
                "<html><p>sorry</html>",
            ),
            Unavailable,
            "the server failed",
            "",
        ),
    ] {
        let backend = open(&with_secrets(&answering(reply)));
        let error = backend.read(&cx(), &StateRef::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.message().contains(part), "{error}");
        assert!(
            hint.is_empty() || error.hints().iter().any(|h| h.contains(hint)),
            "{error:?}"
        );
        assert_eq!(error.context_value("bucket"), Some("b"));
        assert_eq!(error.context_value("key"), Some("a/k.tfstate"));
        for error in failures(&backend, &cx()).await {
            shows_no_secret(&error);
            assert!(error.operation().is_some(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_permission_is_named_also_where_the_server_does_not() {
    let denied = answer("403 Forbidden", "", &xml("AccessDenied", "Access Denied"));
    let backend = open(&with_secrets(&answering(denied)));
    let named: Vec<_> = failures(&backend, &cx())
        .await
        .iter()
        .map(|e| e.context_value("permission").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        named,
        [
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListBucket",
            "s3:ListBucketVersions",
            // The lock comes first, and is confirmed by reading it.
            "s3:PutObject",
            "s3:GetObject",
            "s3:PutObject",
            "s3:PutObject",
            "s3:GetObject",
        ]
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_or_talks_nonsense_is_unavailable() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr();
    let gone = format!("http://{}", port.unwrap());
    for endpoint in [gone, answering("nonsense\r\n\r\n".to_owned())] {
        let backend = open(&with_secrets(&endpoint));
        for error in failures(&backend, &cx()).await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
            shows_no_secret(&error);
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_at_the_deadline() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let backend = open(&with_secrets(&endpoint));
    let short = || cx().with_timeout(Duration::from_millis(150));
    let at = StateRef::default();
    let error = backend.read(&short(), &at).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let info = LockInfo::new(&cx(), "test");
    let error = backend.lock(&short(), &at, info).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let stopped = cx();
    let token = stopped.cancellation().clone();
    let write = backend.write(
        &stopped,
        &at,
        Bytes::from_static(b"{}"),
        WriteOptions::default(),
    );
    let stop = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        token.cancel();
    };
    let (written, ()) = tokio::join!(write, stop);
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn without_credentials_the_error_says_so() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment::default().with_home(home.path());
    let arguments = json!({"skip_metadata_api_check": true, "max_retries": 0});
    let config = S3Config::from_spec(&environment, &spec(&arguments)).unwrap();
    let backend = S3Backend::new(config).unwrap();
    let error = backend.read(&cx(), &StateRef::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.message().contains("credentials"), "{error}");
}

#[test]
fn no_text_of_a_configuration_or_a_backend_shows_a_secret() {
    let mut arguments = with_secrets("https://marker-user:marker-word@s3.example.com");
    arguments["https_proxy"] = "http://marker-user:marker-word@proxy:1".into();
    arguments["assume_role_with_web_identity"] =
        json!({"role_arn": "r", "web_identity_token": "marker-web"});
    arguments["external_id"] = "marker-external".into();
    arguments["role_arn"] = "r".into();
    let config = config(&arguments);
    let backend = S3Backend::new(config.clone()).unwrap();
    let text = format!("{config:?} {backend:?} {:?}", backend.info());
    assert!(!text.contains("marker-"), "{text}");
    assert!(!text.contains("bWFya2Vy"), "{text}");
    assert_eq!(backend.info().location, "s3://b/a/k.tfstate");
}

#[test]
fn tags_are_a_query() {
    let tags = BTreeMap::from([
        ("a b".to_owned(), "1&2".to_owned()),
        ("c".to_owned(), String::new()),
    ]);
    assert_eq!(lock::tags(&tags).as_deref(), Some("a+b=1%262&c="));
    assert_eq!(lock::tags(&BTreeMap::new()), None);
}
