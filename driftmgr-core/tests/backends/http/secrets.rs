//! Nothing that is secret stands in any text, whatever fails.

use super::*;

/// Every secret that a configuration can hold, each with a marker of its own.
const MARKERS: [&str; 8] = [
    "planted-password",
    "planted-header",
    "planted-bearer",
    "planted-query",
    "planted-userinfo",
    "planted-proxy",
    "planted-state",
    "planted-key",
];

fn check(texts: &[String]) {
    for text in texts {
        for marker in MARKERS {
            assert!(!text.contains(marker), "{marker} stands in {text}");
            let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, marker);
            assert!(!text.contains(&encoded), "{marker} stands in {text}");
        }
        // me:planted-password
        assert!(!text.contains("bWU6cGxhbnRlZC1wYXNzd29yZA"), "{text}");
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

/// How a server could repeat what it was told.
fn echo(who: &str, with_state: bool) -> String {
    let state = if with_state { "planted-state" } else { "" };
    format!("{who} {state} planted-query planted-userinfo")
}

#[tokio::test]
async fn no_error_and_no_debug_shows_a_secret() {
    let server = StateServer::start(Behaviour::default());
    let authority = server.authority();
    let url = format!("http://me:planted-userinfo@{authority}{PATH}?token=planted-query");
    let who = [
        (
            json!({"username": "me", "password": "planted-password", "headers": {"X-Token": "planted-header"}}),
            "me:planted-password bWU6cGxhbnRlZC1wYXNzd29yZA== planted-header",
        ),
        (
            json!({"headers": {"Authorization": "Bearer planted-bearer"}}),
            "Bearer planted-bearer",
        ),
        (json!({}), "bWU6cGxhbnRlZC11c2VyaW5mbw=="),
    ];
    let faults = |said: String| {
        [
            Fault::Answer(400, Vec::new(), said.clone()),
            Fault::Answer(
                401,
                Vec::new(),
                json!({"message": said.clone()}).to_string(),
            ),
            Fault::Answer(
                403,
                Vec::new(),
                json!({"errors": [said.clone()]}).to_string(),
            ),
            Fault::Answer(409, Vec::new(), said.clone()),
            Fault::Answer(
                423,
                Vec::new(),
                json!({"ID": "x", "Who": "you"}).to_string(),
            ),
            Fault::Answer(500, Vec::new(), said.clone()),
            Fault::Answer(
                302,
                vec![(
                    "Location",
                    format!("http://u:planted-userinfo@{authority}/?t=planted-query"),
                )],
                said.clone(),
            ),
            Fault::Answer(
                307,
                vec![("Location", "http://127.0.0.1:1/?t=planted-query".to_owned())],
                said.clone(),
            ),
            Fault::LoseRequest,
            Fault::CutBody,
            Fault::LieAboutDigest,
            Fault::LieAboutLength(1 << 40),
        ]
    };
    let mut failed = 0;
    for (who, told) in who {
        let mut more =
            json!({"address": url, "lock_address": url, "unlock_address": url, "retry_max": 0});
        more.as_object_mut()
            .unwrap()
            .extend(who.as_object().unwrap().clone());
        let backend = open_with(&cx(), &server, more).unwrap();
        check(&[format!("{backend:?} {:?}", backend.info())]);
        for method in ["GET", "POST", "DELETE", "LOCK", "UNLOCK"] {
            for fault in faults(echo(told, method == "POST")) {
                server.put(PATH, b"{\"key\": \"planted-state\"}");
                server.set_lock(PATH, None);
                server.fault(method, fault);
                let result = match method {
                    "GET" => read(&backend).await.map(|_| ()),
                    "DELETE" => backend.delete(&cx(), &at(), WriteOptions::default()).await,
                    _ => write(&backend, "{\"key\": \"planted-state\", \"n\": 2}").await,
                };
                // What met no such request is not to meet a later one.
                if let Err(error) = result {
                    failed += 1;
                    check(&texts(&error));
                    assert!(
                        !place(&error, "address").is_empty()
                            || error.kind() == driftmgr_core::ErrorKind::Locked,
                        "{error}"
                    );
                }
            }
        }
    }
    assert!(failed > 100, "only {failed} failed");
}

#[test]
fn no_error_of_a_configuration_shows_a_secret() {
    let server = StateServer::start(Behaviour::default());
    let secret = "planted-password\u{1}";
    for more in [
        json!({"address": "ftp://me:planted-userinfo@host/?t=planted-query"}),
        json!({"address": "http://me:planted-userinfo@:x/"}),
        json!({"address": {"a": "planted-query"}}),
        json!({"username": "me", "headers": {"Authorization": "Bearer planted-bearer"}}),
        json!({"headers": {"X-Token": "planted-header\n"}}),
        json!({"headers": {"X-Token": ["planted-header"]}}),
        json!({"headers": {"Content-Type": "planted-header"}}),
        json!({"headers": "planted-header"}),
        json!({"lock_method": "planted-header x"}),
        json!({"retry_max": "planted-query"}),
        json!({"pasword": secret}),
        json!({"client_private_key_pem": "planted-key"}),
        json!({"client_private_key_pem": "planted-key", "client_certificate_pem": "planted-key"}),
        json!({"client_ca_certificate_pem": "planted-key"}),
        json!({"skip_cert_verification": "planted-key"}),
    ] {
        let error = open_with(&cx(), &server, more.clone())
            .map(|_| more)
            .unwrap_err();
        assert_eq!(error.kind(), driftmgr_core::ErrorKind::InvalidConfig);
        assert_eq!(place(&error, "backend"), "main.tf:1", "{error}");
        check(&texts(&error));
    }
    let proxy = Environment::from_variables([("HTTPS_PROXY", "gopher://u:planted-proxy@p")]);
    let error = open_with(&Context::new(proxy), &server, json!({})).unwrap_err();
    check(&texts(&error));
}

#[tokio::test]
async fn a_proxy_gets_the_request_and_its_password_stands_nowhere() {
    let proxy = StateServer::start(Behaviour::default());
    proxy.put("/state", b"through the proxy");
    let address = format!("http://u:planted-proxy@{}", proxy.authority());
    let environment = Environment::from_variables([("HTTP_PROXY", address.as_str())]);
    let cx = Context::new(environment);
    let more = json!({"address": "http://state.invalid/state", "retry_max": 0});
    let backend = open_with(&cx, &proxy, more.clone()).unwrap();
    assert_eq!(read(&backend).await.unwrap().unwrap(), "through the proxy");
    let seen = proxy.seen();
    assert_eq!(seen[0].target, "http://state.invalid/state");
    assert!(seen[0].headers["proxy-authorization"].starts_with("Basic "));
    check(&[format!("{backend:?}")]);
    drop(proxy);
    check(&texts(&read(&backend).await.unwrap_err()));
    // Through a tunnel, nobody there.
    let environment = Environment::from_variables([("HTTPS_PROXY", address.as_str())]);
    let server = StateServer::start(Behaviour::default());
    let more = json!({"address": "https://state.invalid/state", "retry_max": 0});
    let backend = open_with(&Context::new(environment), &server, more).unwrap();
    check(&texts(&read(&backend).await.unwrap_err()));
}
