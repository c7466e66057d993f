//! No error and no `Debug` shows a secret, whatever a server repeats.

use rcgen::{KeyPair, PKCS_RSA_SHA256};

use super::*;

/// 32 bytes: `planted customer key, 32 bytes!!`.
const CUSTOMER_KEY: &str = "cGxhbnRlZCBjdXN0b21lciBrZXksIDMyIGJ5dGVzISE=";

/// What must not be seen: everything planted, and the customer's key in its own form.
fn check(texts: &[String]) {
    for text in texts {
        assert!(!text.contains("planted"), "{text}");
        assert!(!text.contains(CUSTOMER_KEY), "{text}");
    }
}

fn texts(error: &Error) -> Vec<String> {
    let mut all = vec![
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        all.extend([inner.to_string(), format!("{inner:?}")]);
        cause = inner.source();
    }
    all
}

fn user(server: &StateServer) -> Value {
    json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "planted-client-secret",
        "refresh_token": "planted-refresh-token", "token_uri": server.url("/token?key=planted-query"),
    })
}

/// How a server could repeat what it was told.
fn faults(said: &str) -> Vec<Fault> {
    let google = |code: u16| {
        let body = json!({"error": {"code": code, "message": said, "errors": [{"reason": said, "message": said}]}});
        Fault::Answer(code, Vec::new(), body.to_string())
    };
    let token = json!({"error": said, "error_description": said}).to_string();
    vec![
        google(400),
        google(401),
        google(403),
        google(404),
        google(409),
        google(412),
        google(416),
        google(429),
        google(500),
        Fault::Answer(400, Vec::new(), token.clone()),
        Fault::Answer(401, Vec::new(), token),
        Fault::Answer(403, Vec::new(), said.to_owned()),
        Fault::Answer(200, Vec::new(), said.to_owned()),
        Fault::Answer(200, Vec::new(), json!({"access_token": [said]}).to_string()),
        Fault::Answer(
            302,
            vec![("Location", "http://127.0.0.1:1/?t=planted-query".to_owned())],
            said.to_owned(),
        ),
        Fault::LoseRequest,
        Fault::LieAboutLength(1 << 40),
    ]
}

#[tokio::test]
async fn no_error_and_no_debug_shows_a_secret() {
    let server = StateServer::start(Behaviour::default());
    let hurried = || cx().with_timeout(Duration::from_millis(450));
    let more = [
        (json!({"access_token": "planted-token"}), "planted-token"),
        (
            json!({"access_token": "planted-token", "encryption_key": CUSTOMER_KEY}),
            CUSTOMER_KEY,
        ),
        (
            json!({"access_token": null, "credentials": user(&server).to_string()}),
            "planted-client-secret planted-refresh-token planted-given-token",
        ),
    ];
    let mut failed = 0;
    for (more, told_words) in &more {
        for method in ["GET", "POST", "DELETE"] {
            // Nobody can repeat a token before there is one.
            let told = match method == "POST" {
                true => told_words.replace("planted-given-token", ""),
                false => (*told_words).to_owned(),
            };
            let said = format!("you said {told}");
            for fault in faults(&said) {
                let backend = super::told(&cx(), &server, more).unwrap();
                check(&[format!("{backend:?} {:?}", backend.info())]);
                // With a user's credentials the first request is the one for a token.
                if method != "POST" && more["access_token"].is_null() {
                    let token = json!({"access_token": "planted-given-token", "expires_in": 3600});
                    server.fault("POST", Fault::Answer(200, Vec::new(), token.to_string()));
                }
                server.fault(method, fault);
                let result = match method {
                    "GET" => backend.read(&hurried(), &at()).await.map(|_| ()),
                    "POST" => {
                        let info = LockInfo::new(&cx(), "x");
                        backend.lock(&hurried(), &at(), info).await.map(|_| ())
                    }
                    _ => {
                        let lock = json!({"name": "x", "generation": "7"});
                        server.fault("GET", Fault::Answer(200, Vec::new(), lock.to_string()));
                        let id = LockId("7".to_owned());
                        backend.unlock(&cx(), &at(), &id).await
                    }
                };
                if let Err(error) = result {
                    failed += 1;
                    check(&texts(&error));
                }
                // What met no request is not to meet a later one.
                server.clear_faults();
            }
        }
    }
    assert!(failed > 100, "only {failed} failed");
}

#[tokio::test]
async fn no_error_of_a_configuration_shows_a_secret() {
    let server = StateServer::start(Behaviour::default());
    let other = KeyPair::generate().unwrap().serialize_pem();
    let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256)
        .unwrap()
        .serialize_pem();
    let account = |key: &str| {
        json!({"type": "service_account", "client_email": "a@b", "private_key": key}).to_string()
    };
    for more in [
        json!({"access_token": {"a": "planted-token"}}),
        json!({"acces_token": "planted-token"}),
        json!({"access_token": null, "credentials": "planted-path"}),
        json!({"access_token": null, "credentials": "{\"private_key\": \"planted-key\""}),
        json!({"access_token": null, "credentials": "[\"planted-key\"]"}),
        json!({"access_token": null, "credentials": "{\"type\": \"x\", \"private_key\": \"planted-key\"}"}),
        json!({"access_token": null, "credentials": "{\"type\": {\"planted\": 1}}"}),
        json!({"encryption_key": "planted-key"}),
        json!({"encryption_key": CUSTOMER_KEY, "kms_encryption_key": "k"}),
        json!({"storage_custom_endpoint": "ftp://u:planted-password@h/"}),
        json!({"storage_custom_endpoint": "http://u:planted-password@:x/"}),
    ] {
        let error = told(&cx(), &server, &more).unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::InvalidConfig | ErrorKind::Unsupported
            ),
            "{error:?}"
        );
        assert_eq!(place(&error, "backend"), "main.tf:1", "{error}");
        check(&texts(&error));
    }
    for key in ["planted-key", other.as_str()] {
        let more = json!({"access_token": null, "credentials": account(key)});
        let backend = told(&cx(), &server, &more).unwrap();
        check(&[format!("{backend:?}")]);
        let error = backend.read(&cx(), &at()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        check(&texts(&error));
    }
    // A signed token that a server repeats.
    let more = json!({"access_token": null, "credentials": account(&rsa)});
    let backend = told(&cx(), &server, &more).unwrap();
    let body = json!({"error": {"code": 403, "message": "no"}});
    server.fault("GET", Fault::Answer(403, Vec::new(), body.to_string()));
    let _ = backend.read(&cx(), &at()).await.unwrap_err();
    let token = server.seen()[0].headers["authorization"].clone();
    let token = token.trim_start_matches("Bearer ").to_owned();
    server.fault(
        "GET",
        Fault::Answer(
            403,
            Vec::new(),
            json!({"error": {"message": token}}).to_string(),
        ),
    );
    let error = backend.read(&cx(), &at()).await.unwrap_err();
    assert!(!texts(&error).concat().contains(&token));
}
