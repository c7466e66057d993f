//! Nothing that is secret stands in any text, whatever fails.

use super::*;

/// Every secret that a configuration can hold, each with a marker of its own.
const MARKERS: [&str; 9] = [
    "cGxhbnRlZC1hY2Nlc3Mta2V5",
    "planted-signature",
    "planted-client-secret",
    "planted-oidc-token",
    "planted-request-token",
    "planted-state",
    "cGxhbnRlZC1jdXN0b21lci1rZXktb2YtMzItYnl0ZXM",
    "planted-certificate",
    "planted-proxy",
];
const CUSTOMER: &str = "cGxhbnRlZC1jdXN0b21lci1rZXktb2YtMzItYnl0ZXM=";

fn check(texts: &[String]) {
    for text in texts {
        for marker in MARKERS {
            assert!(!text.contains(marker), "{marker} stands in {text}");
        }
    }
}

fn texts(error: &Error) -> Vec<String> {
    let mut all = vec![
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        error.hints().join(" "),
    ];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        all.extend([inner.to_string(), format!("{inner:?}")]);
        cause = inner.source();
    }
    all
}

/// The ways to be admitted, each with its secrets.
fn ways() -> Vec<Value> {
    let app = json!({"use_azuread_auth": true, "tenant_id": "t", "client_id": "c"});
    let with = |more: Value| {
        let mut all = app.clone();
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    vec![
        json!({"access_key": azurite::KEY}),
        json!({"sas_token": "sv=1&sp=r&se=2030-01-01&sig=planted-signature"}),
        json!({"access_key": azurite::KEY, "customer_provided_key": CUSTOMER}),
        with(json!({"client_secret": "planted-client-secret"})),
        with(json!({"use_oidc": true, "oidc_token": "planted-oidc-token"})),
        with(json!({
            "use_oidc": true, "oidc_request_token": "planted-request-token",
            "oidc_request_url": format!("https://{FRONT}/oidc?t=planted-request-token"),
        })),
    ]
}

/// A store and everybody else that repeat all they were told.
fn echo(status: u16) -> Fault {
    let all = MARKERS.join(" ");
    let body = format!(
        "<Error><Code>{}</Code><Message>{all}</Message></Error>",
        MARKERS.concat()
    );
    let headers = vec![
        ("x-ms-error-code", "planted-signature".to_owned()),
        ("x-ms-request-id", all),
    ];
    Fault::Answer(status, headers, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_and_no_debug_shows_a_secret() {
    let azure = Azure::start();
    let server = azure.scripted();
    azure.blobs_at(&server);
    let cx = cx(&azure);
    let mut failed = 0;
    for way in ways() {
        let mut more = json!({"access_key": null});
        more.as_object_mut()
            .unwrap()
            .extend(way.as_object().unwrap().clone());
        let backend = open_with(&cx, "states", more.clone()).unwrap();
        check(&[format!("{backend:?} {:?}", backend.info())]);
        for status in [400, 401, 403, 404, 409, 412] {
            for method in ["GET", "HEAD", "PUT"] {
                // Without a token from Entra ID nothing is asked of the store; it refuses, too.
                azure.front.fault("POST", echo(status));
                server.fault(method, echo(status));
                let result = match method {
                    "GET" => read(&cx, &backend, &at()).await.map(|_| ()),
                    _ => {
                        let state = "{\"key\": \"planted-state\"}";
                        write(&cx, &backend, &at(), state).await.map(|_| ())
                    }
                };
                if let Err(error) = result {
                    failed += 1;
                    check(&texts(&error));
                }
            }
        }
        if let Err(error) = backend.workspaces(&cx).await {
            check(&texts(&error));
        }
    }
    assert!(failed > 60, "only {failed} failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_is_named_without_a_secret() {
    let environment =
        Environment::from_variables([("HTTPS_PROXY", "http://me:planted-proxy@127.0.0.1:1")]);
    let cx = Context::new(environment);
    let more = json!({"access_key": null, "metadata_host": null, "sas_token": "sp=r&sig=planted-signature"});
    let backend = open_with(&cx, "states", more).unwrap();
    let short = cx.clone().with_timeout(std::time::Duration::from_secs(3));
    let error = read(&short, &backend, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    check(&texts(&error));
    assert!(
        error
            .to_string()
            .contains("driftmgrtest.blob.core.windows.net"),
        "{error}"
    );
}

#[test]
fn no_error_of_a_configuration_shows_a_secret() {
    let cx = Context::new(Environment::default());
    for more in [
        json!({"access_key": "planted-client-secret!"}),
        json!({"access_key": ["planted-client-secret"]}),
        json!({"access_key": null, "sas_token": "sv=planted-signature"}),
        json!({"acces_key": "planted-client-secret"}),
        json!({"customer_provided_key": "planted-client-secret"}),
        json!({"customer_provided_key": CUSTOMER, "encryption_scope": "s"}),
        json!({"snapshot": "planted-client-secret"}),
        json!({"timeout_seconds": "planted-client-secret"}),
        json!({"environment": "moon"}),
        json!({"access_key": null}),
        json!({"container_name": "Not A Name"}),
        json!({"storage_account_name": "a.b/c"}),
        json!({"key": "a/../b"}),
    ] {
        let more_text = more.to_string();
        let with_cloud = more.get("environment").is_some();
        let mut more = more;
        if with_cloud {
            more.as_object_mut()
                .unwrap()
                .insert("metadata_host".to_owned(), Value::Null);
        }
        let error = open_with(&cx, "states", more).expect_err(&more_text);
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidConfig,
            "{more_text}: {error:?}"
        );
        assert_eq!(error.context_value("backend"), Some("main.tf:1"));
        check(&texts(&error));
    }
    let more = json!({
        "access_key": null, "use_azuread_auth": true, "tenant_id": "t", "client_id": "c",
        "client_certificate": "planted-certificate",
    });
    let error = open_with(&cx, "states", more).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("`client_certificate`"));
    check(&texts(&error));
}
