//! No error and no `Debug` shows a secret, whatever a server repeats.

use super::*;

/// What must not be seen: everything planted.
fn check(error: &Error) {
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
    for text in all {
        assert!(!text.contains("planted"), "{text}");
    }
}

/// How a server could repeat what it was told.
fn faults(said: &str) -> Vec<Fault> {
    let store = |status: u16| {
        let body = format!(
            "<Error><Code>{said}</Code><Message>you said {said}</Message><RequestId>{said}</RequestId><HostId>{said}</HostId>\
             <AccessDeniedDetail><AuthAction>{said}</AuthAction></AccessDeniedDetail></Error>"
        );
        Fault::Answer(status, Vec::new(), body)
    };
    let mut all: Vec<Fault> = [400, 401, 403, 404, 405, 409].map(store).into();
    let sts = json!({"Code": said, "Message": said, "RequestId": said}).to_string();
    let Reply { body, .. } = rows::failure(403, said, said);
    all.extend([
        Fault::Answer(403, Vec::new(), String::from_utf8(body).unwrap()),
        Fault::Answer(400, Vec::new(), sts.clone()),
        Fault::Answer(200, Vec::new(), sts),
        Fault::Answer(200, Vec::new(), said.to_owned()),
        Fault::Answer(403, Vec::new(), said.to_owned()),
        Fault::Answer(
            302,
            vec![("Location", format!("http://127.0.0.1:1/?Signature={said}"))],
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
    for more in [
        json!({}),
        json!({"security_token": "planted-token"}),
        json!({"assume_role_role_arn": ROLE}),
    ] {
        let told = more["security_token"].as_str().unwrap_or(SECRET);
        for fault in faults(&format!("{told}/{ID}")) {
            for asked in [
                "GET",
                "HEAD",
                "PUT",
                "/GetRow",
                "/PutRow",
                "/DeleteRow",
                "POST",
                "versions",
            ] {
                let backend = open(&server, &more);
                let shown = format!("{backend:?} {:?}", backend.info());
                assert!(!shown.contains("planted"), "{shown}");
                match asked.contains("Row") {
                    true => server.table_fault(asked, fault.clone()),
                    false => server.gateway.fault(asked, fault.clone()),
                }
                let result = match asked {
                    "versions" => backend.versions(&cx, &at()).await.map(|_| ()),
                    "GET" => get(&cx, &backend).await.map(|_| ()),
                    _ => put(&cx, &backend, asked).await,
                };
                if let Err(error) = result {
                    check(&error);
                    failed += 1;
                }
                server.without_faults();
                // A lock whose return was refused.
                server.rows().forget();
            }
        }
    }
    assert!(failed > 150, "{failed}");
}

#[tokio::test]
async fn temporary_keys_are_masked_too() {
    let (server, _) = start(true);
    let cx = cx(&server);
    let mut failed = 0;
    for which in 0..faults("").len() {
        let backend = open(&server, &json!({"assume_role_role_arn": ROLE}));
        backend.workspaces(&cx).await.unwrap();
        let id = format!("STSplantedtemporary{}", server.sessions().len());
        let said = format!("{id}/planted-{id}-key/planted-{id}-token");
        server.gateway.fault("GET", faults(&said)[which].clone());
        if let Err(error) = backend.workspaces(&cx).await {
            check(&error);
            failed += 1;
        }
        server.without_faults();
    }
    assert!(failed >= 10, "{failed}");
}
