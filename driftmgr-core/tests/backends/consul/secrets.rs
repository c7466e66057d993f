//! No error and no `Debug` shows a secret, whatever a server repeats; and secrets go to the server alone.

use super::*;

const SECRETS: [&str; 3] = ["planted-token", "planted-password", "planted-state"];

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

#[tokio::test]
async fn no_error_and_no_debug_shows_a_secret() {
    let server = Consul::start(Behaviour::default());
    let more = json!({"access_token": SECRETS[0], "http_auth": format!("me:{}", SECRETS[1])});
    let backend = open_with(&server, more);
    assert!(!format!("{backend:?} {:?}", backend.info()).contains("planted"));
    write(&backend, SECRETS[2]).await.unwrap();
    let said = format!("{} {} me:{}", SECRETS[0], SECRETS[1], SECRETS[1]);
    let mut failed = 0;
    for status in [200, 400, 401, 403, 404, 409, 413, 418, 422] {
        for asked in [
            "GET /v1/kv",
            "PUT /v1/session/create",
            "PUT /v1/txn",
            "PUT /v1/session/destroy",
        ] {
            // Of the state a server knows where it gets it, and where it has it.
            let said = match asked {
                "PUT /v1/txn" => format!("{said} {}", SECRETS[2]),
                _ => said.clone(),
            };
            for text in [
                said.clone(),
                json!({"message": said, "Errors": said}).to_string(),
            ] {
                server
                    .server
                    .fault(asked, Fault::Answer(status, Vec::new(), text));
                let options = WriteOptions {
                    lock: Some(LockId("planted".replace("planted", "x"))),
                    ..WriteOptions::default()
                };
                let bytes = Bytes::from_static(SECRETS[2].as_bytes());
                let results = [
                    backend
                        .write(&cx(), &at(), bytes, options)
                        .await
                        .map(|_| ()),
                    write(&backend, SECRETS[2]).await,
                    read(&backend).await.map(|_| ()),
                ];
                server.server.without_faults();
                for error in results.into_iter().filter_map(Result::err) {
                    failed += 1;
                    check(&error);
                }
            }
        }
    }
    assert!(failed > 60, "only {failed} failed");
    let nowhere =
        json!({"address": "127.0.0.1:1", "access_token": SECRETS[0], "http_auth": SECRETS[1]});
    let cx = cx().with_timeout(std::time::Duration::from_millis(300));
    check(
        &open_with(&server, nowhere)
            .read(&cx, &at())
            .await
            .unwrap_err(),
    );
}

#[tokio::test]
async fn the_token_goes_to_no_other_server() {
    let (server, other) = (
        Consul::start(Behaviour::default()),
        Consul::start(Behaviour::default()),
    );
    let to = format!("http://{}/v1/kv/elsewhere", other.authority());
    server.server.fault(
        "GET",
        Fault::Answer(307, vec![("Location", to)], String::new()),
    );
    let backend = open_with(&server, json!({"access_token": SECRETS[0]}));
    // Followed without credentials, or refused.
    let _ = read(&backend).await;
    assert!(
        other
            .server
            .seen()
            .iter()
            .all(|seen| !seen.headers.contains_key("x-consul-token"))
    );
    assert_eq!(
        server.server.seen()[0].headers["x-consul-token"],
        SECRETS[0]
    );
}
