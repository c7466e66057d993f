//! Where tokens come from.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_RSA_SHA256};

use super::*;

fn object() -> Fault {
    let headers = vec![("x-goog-generation", "1".to_owned())];
    Fault::Answer(200, headers, "{}".to_owned())
}

fn answer(body: Value) -> Fault {
    Fault::Answer(200, Vec::new(), body.to_string())
}

/// A backend with these credentials.
fn with(cx: &Context, server: &StateServer, credentials: &Value) -> GcsBackend {
    let text = credentials.to_string();
    told(
        cx,
        server,
        &json!({"access_token": null, "credentials": text}),
    )
    .unwrap()
}

fn user(server: &StateServer) -> Value {
    json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "a client's secret",
        "refresh_token": "a refreshing token", "token_uri": server.url("/token"),
    })
}

async fn read(cx: &Context, backend: &GcsBackend) -> Result<()> {
    backend.read(cx, &at()).await.map(|_| ())
}

fn form(seen: &Seen) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&seen.body)
        .into_owned()
        .collect()
}

#[tokio::test]
async fn a_users_token_is_asked_for_once_while_it_is_good() {
    let server = StateServer::start(Behaviour::default());
    let backend = with(&cx(), &server, &user(&server));
    server.fault(
        "POST",
        answer(json!({"access_token": "t1", "expires_in": 3600})),
    );
    for _ in 0..2 {
        server.fault("GET", object());
        read(&cx(), &backend).await.unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].target, "/token");
    let expected = [
        ("client_id", "id"),
        ("client_secret", "a client's secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "a refreshing token"),
    ];
    let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(form(&seen[0]), BTreeMap::from(expected));
    assert_eq!(seen[1].headers["authorization"], "Bearer t1");
    // One that was refused is not used again, and one that ends soon is not kept.
    server.fault("GET", Fault::status(401));
    let error = read(&cx(), &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    for n in ["t2", "t3"] {
        server.fault("POST", answer(json!({"access_token": n, "expires_in": 60})));
        server.fault("GET", object());
        read(&cx(), &backend).await.unwrap();
    }
    let last = server.seen().pop().unwrap();
    assert_eq!(last.headers["authorization"], "Bearer t3");
}

#[tokio::test]
async fn a_user_who_is_signed_out_is_told_so() {
    let server = StateServer::start(Behaviour::default());
    let backend = with(&cx(), &server, &user(&server));
    let body = json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."});
    server.fault("POST", Fault::Answer(400, Vec::new(), body.to_string()));
    let error = read(&cx(), &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        place(&error, "server"),
        "Token has been expired or revoked."
    );
    assert!(error.hints()[0].contains("gcloud auth application-default login"));
    server.fault("POST", answer(json!({"id_token": "other"})));
    let error = read(&cx(), &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(
        error.message().contains("without `access_token`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let server = StateServer::start(Behaviour::default());
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let credentials = json!({
        "type": "service_account", "client_email": "sa@p.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": key.serialize_pem(),
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.json"), credentials.to_string()).unwrap();
    let here = Context::new(environment().with_current_dir(folder.path()));
    let named = Context::new(
        environment()
            .with_current_dir(folder.path())
            .with_variable("GOOGLE_CREDENTIALS", "key.json"),
    );
    let found = Context::new(
        environment()
            .with_current_dir(folder.path())
            .with_variable("GOOGLE_APPLICATION_CREDENTIALS", "key.json"),
    );
    for (cx, given) in [
        (&here, json!(credentials.to_string())),
        (&here, json!("key.json")),
        (&named, json!(null)),
        (&found, json!(null)),
    ] {
        server.fault("GET", object());
        let more = json!({"access_token": null, "credentials": given});
        read(cx, &told(cx, &server, &more).unwrap()).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 1, "nobody else is asked");
        let token = seen[0].headers["authorization"].clone();
        let claims = token.split('.').nth(1).unwrap();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], "sa@p.iam.gserviceaccount.com");
        assert_eq!(
            claims["scope"],
            "https://www.googleapis.com/auth/devstorage.read_write"
        );
    }
}

#[tokio::test]
async fn the_machines_own_account_is_the_last_resort() {
    let server = StateServer::start(Behaviour::default());
    let environment = environment().with_variable("GCE_METADATA_HOST", server.authority());
    let cx = Context::new(environment);
    let backend = told(&cx, &server, &json!({"access_token": null})).unwrap();
    server.fault(
        "GET",
        answer(json!({"access_token": "m1", "expires_in": 3600, "token_type": "Bearer"})),
    );
    server.fault("GET", object());
    read(&cx, &backend).await.unwrap();
    let seen = server.seen();
    assert!(
        seen[0].target.starts_with(
            "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https"
        ),
        "{}",
        seen[0].target
    );
    assert_eq!(seen[0].headers["metadata-flavor"], "Google");
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(seen[1].headers["authorization"], "Bearer m1");
    // Nobody is there.
    let nobody = environment_of("127.0.0.1:1");
    let backend = told(&nobody, &server, &json!({"access_token": null})).unwrap();
    let error = read(&nobody, &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("no credentials"), "{error}");
    assert!(error.hints()[0].contains("GOOGLE_APPLICATION_CREDENTIALS"));
}

fn environment_of(metadata: &str) -> Context {
    Context::new(environment().with_variable("GCE_METADATA_HOST", metadata))
}

#[tokio::test]
async fn what_gcloud_left_is_found() {
    let server = StateServer::start(Behaviour::default());
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("application_default_credentials.json");
    std::fs::write(&file, user(&server).to_string()).unwrap();
    let cx = Context::new(environment().with_home(home.path()));
    let backend = told(&cx, &server, &json!({"access_token": null})).unwrap();
    server.fault("POST", answer(json!({"access_token": "t1"})));
    server.fault("GET", object());
    read(&cx, &backend).await.unwrap();
    std::fs::write(&file, "{}").unwrap();
    let backend = told(&cx, &server, &json!({"access_token": null})).unwrap();
    let error = read(&cx, &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(place(&error, "file"), file.to_str().unwrap());
}

#[tokio::test]
async fn an_account_is_acted_as() {
    let server = StateServer::start(Behaviour::default());
    let credentials = json!({
        "type": "impersonated_service_account", "source_credentials": user(&server),
        "service_account_impersonation_url": server.url("/v1/x:generateAccessToken"),
        "delegates": ["projects/-/serviceAccounts/d1", "d2@p"],
    });
    let backend = with(&cx(), &server, &credentials);
    let grant = |body: Value| {
        server.fault("POST", answer(json!({"access_token": "mine"})));
        server.fault("POST", answer(body));
    };
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    grant(json!({"accessToken": "theirs", "expireTime": ends.to_string()}));
    server.fault("GET", object());
    server.fault("GET", object());
    read(&cx(), &backend).await.unwrap();
    read(&cx(), &backend).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[1].target, "/v1/x:generateAccessToken");
    assert_eq!(seen[1].headers["authorization"], "Bearer mine");
    let asked: Value = serde_json::from_slice(&seen[1].body).unwrap();
    assert_eq!(
        asked,
        json!({
            "delegates": ["projects/-/serviceAccounts/d1", "projects/-/serviceAccounts/d2@p"],
            "scope": ["https://www.googleapis.com/auth/devstorage.read_write"], "lifetime": "3600s",
        })
    );
    assert_eq!(seen[3].headers["authorization"], "Bearer theirs");
    // And refused.
    let backend = with(&cx(), &server, &credentials);
    server.fault("POST", answer(json!({"access_token": "mine"})));
    let denied = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
        "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."}});
    server.fault("POST", Fault::Answer(403, Vec::new(), denied.to_string()));
    let error = read(&cx(), &backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        place(&error, "permission"),
        "iam.serviceAccounts.getAccessToken"
    );
}

#[tokio::test]
async fn the_token_of_a_workload_is_exchanged() {
    let server = StateServer::start(Behaviour::default());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from a file\n").unwrap();
    let url = server.url("/oidc");
    for (source, expected) in [
        (json!({"file": file}), "from a file"),
        (
            json!({"url": url, "headers": {"X-Who": "me"}, "format": {"type": "json", "subject_token_field_name": "value"}}),
            "from a server",
        ),
    ] {
        let credentials = json!({
            "type": "external_account", "audience": "//iam.googleapis.com/pool", "credential_source": source,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": server.url("/sts"),
        });
        let backend = with(&cx(), &server, &credentials);
        if expected == "from a server" {
            server.fault("GET", answer(json!({"value": expected})));
        }
        server.fault(
            "POST",
            answer(json!({"access_token": "w1", "expires_in": 3600})),
        );
        server.fault("GET", object());
        read(&cx(), &backend).await.unwrap();
        let seen = server.seen();
        let exchange = seen.iter().find(|s| s.method == "POST").unwrap();
        let form = form(exchange);
        assert_eq!(form["subject_token"], expected);
        assert_eq!(form["audience"], "//iam.googleapis.com/pool");
        assert_eq!(
            form["grant_type"],
            "urn:ietf:params:oauth:grant-type:token-exchange"
        );
        if expected == "from a server" {
            assert_eq!(seen[0].headers["x-who"], "me");
        }
        assert_eq!(seen.last().unwrap().headers["authorization"], "Bearer w1");
    }
}
