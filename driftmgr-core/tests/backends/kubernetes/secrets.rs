//! No error and no `Debug` shows a secret, whatever a server repeats.

use super::*;

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

/// A server that repeats what it was told.
#[tokio::test(flavor = "multi_thread")]
async fn no_error_and_no_debug_shows_a_secret() {
    use crate::backends::support::wire::{Reply, Seen, Server};
    let echo = |status: u16| {
        Server::start(None, move |_| {
            move |seen: &Seen| {
                let told = format!("{:?}", seen.headers);
                let said = json!({"kind": "Status", "message": told, "reason": told, "details": {"kind": told}});
                Reply::new(status, said.to_string())
            }
        })
    };
    let mut failed = 0;
    for status in [200, 400, 401, 403, 404, 409, 410, 418, 422] {
        let server = echo(status);
        for more in [
            json!({"token": "planted-token"}),
            json!({"username": "me", "password": "planted-password"}),
            json!({"exec": {"api_version": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", "echo planted >&2; exit 1"], "env": {"X": "planted-value"}}}),
            json!({"exec": {"api_version": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c",
                "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"planted-granted\"}}'"]}}),
        ] {
            let mut arguments: BTreeMap<String, Value> = serde_json::from_value(more).unwrap();
            let host = format!("http://127.0.0.1:{}", server.port());
            arguments.insert("host".to_owned(), json!(host));
            arguments.insert("secret_suffix".to_owned(), json!("net"));
            let spec = BackendSpec::from_block("kubernetes", arguments, "main.tf:1");
            let backend = KubernetesBackend::from_spec(&cx(), &spec).unwrap();
            assert!(!format!("{backend:?} {:?}", backend.info()).contains("planted"));
            let backend: Arc<dyn Backend> = Arc::new(backend);
            for result in [
                read(&backend).await.map(|_| ()),
                write(&backend, "planted-state").await,
                delete(&backend).await,
                backend.workspaces(&cx()).await.map(|_| ()),
                backend.lock(&cx(), &at(), info()).await.map(|_| ()),
                backend.unlock(&cx(), &at(), &LockId("x".to_owned())).await,
            ] {
                if let Err(error) = result {
                    failed += 1;
                    check(&error);
                }
            }
        }
    }
    assert!(failed > 100, "only {failed} failed");
}
