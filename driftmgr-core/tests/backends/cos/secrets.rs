//! No error and no `Debug` shows a secret, whatever a server repeats.

use super::*;

/// What must not be seen: everything planted.
fn check(texts: &[String]) {
    for text in texts {
        assert!(!text.contains("planted"), "{text}");
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
fn faults(said: &str) -> Vec<Fault> {
    let store = |status: u16| {
        let body = format!(
            "<Error><Code>{said}</Code><Message>you said {said}</Message><RequestId>{said}</RequestId><HostId>{said}</HostId></Error>"
        );
        Fault::Answer(status, Vec::new(), body)
    };
    let api = json!({"Response": {"Error": {"Code": said, "Message": said}, "RequestId": said}});
    let mut all: Vec<Fault> = [400, 401, 403, 404, 405, 409, 412].map(store).into();
    all.extend([
        Fault::Answer(200, Vec::new(), api.to_string()),
        Fault::Answer(400, Vec::new(), api.to_string()),
        Fault::Answer(403, Vec::new(), said.to_owned()),
        Fault::Answer(200, Vec::new(), said.to_owned()),
        Fault::Answer(
            302,
            vec![("Location", format!("http://127.0.0.1:1/?sign={said}"))],
            String::new(),
        ),
    ]);
    all
}

#[tokio::test]
async fn no_error_and_no_debug_shows_a_secret() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let mut failed = 0;
    for more in [json!({}), json!({"security_token": "planted-token"})] {
        let told = more["security_token"].as_str().unwrap_or(SECRET);
        for fault in faults(&format!("{told}/{ID}")) {
            for asked in ["GET", "HEAD", "PUT", "DELETE", "POST", "versions"] {
                let backend = open_with(&cx, BUCKET, &more).unwrap();
                check(&[format!("{backend:?} {:?}", backend.info())]);
                server.gateway.fault(asked, fault.clone());
                let result = match asked {
                    "versions" => backend.versions(&cx, &at()).await.map(|_| ()),
                    _ => put(&cx, &backend, "{}").await,
                };
                if let Err(error) = result {
                    check(&texts(&error));
                    failed += 1;
                }
                server.gateway.without_faults();
                assert!(server.tags().is_empty(), "{asked}");
            }
        }
    }
    assert!(failed > 80, "{failed}");
}

#[tokio::test]
async fn temporary_keys_are_masked_too() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let role = json!({"role_arn": ROLE, "session_name": "s"});
    let mut failed = 0;
    for which in 0..faults("").len() {
        let backend = open_with(&cx, BUCKET, &json!({ "assume_role": role })).unwrap();
        backend.workspaces(&cx).await.unwrap();
        let number = server.sessions().len();
        let id = format!("AKIDplantedtemporary{number}");
        let said = format!("{id}/planted-{id}-key/planted-{id}-token");
        server.gateway.fault("GET", faults(&said)[which].clone());
        if let Err(error) = backend.workspaces(&cx).await {
            check(&texts(&error));
            failed += 1;
        }
    }
    assert!(failed >= 10, "{failed}");
}

#[tokio::test]
async fn a_state_is_not_repeated() {
    let (server, backend) = start(true);
    let cx = cx(&server);
    let lock = backend
        .lock(&cx, &at(), LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    for status in [400, 403, 409, 500] {
        let said = "cannot take `planted-value`";
        let body = format!("<Error><Code>InvalidArgument</Code><Message>{said}</Message></Error>");
        let fault = Fault::Answer(status, Vec::new(), body);
        for _ in 0..6 {
            server
                .gateway
                .fault("PUT /infra/prod/terraform.tfstate", fault.clone());
        }
        let state = r#"{"outputs": {"a": "planted-value"}}"#;
        let hurried = cx
            .clone()
            .with_timeout(std::time::Duration::from_millis(400));
        let wrote = write_with(&hurried, &backend, state, under(lock.clone())).await;
        check(&texts(&wrote.unwrap_err()));
        server.gateway.without_faults();
    }
}
