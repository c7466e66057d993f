//! What goes wrong, and what is said of it.

use std::time::{Duration, Instant};

use super::*;

/// A server with a workspace `prod` that has a state, and a client that asked it already.
async fn ready(behaviour: Behaviour) -> (Tfe, Arc<dyn Backend>) {
    let server = Tfe::start(behaviour);
    let backend = open(&server);
    write(&backend, state(1, "one")).await.unwrap();
    (server, backend)
}

fn refusal(status: u16, detail: &str) -> Fault {
    let body = json!({"errors": [{"status": status.to_string(), "title": "x", "detail": detail}]});
    Fault::Answer(status, Vec::new(), body.to_string())
}

#[tokio::test]
async fn a_refusal_says_what_the_token_lacks() {
    let (server, backend) = ready(Behaviour::default()).await;
    for (asked, status, kind, hint) in [
        (
            "GET /api",
            401,
            ErrorKind::Unauthenticated,
            "terraform login",
        ),
        (
            "current-state-version",
            403,
            ErrorKind::PermissionDenied,
            "Read state versions",
        ),
        (
            "POST /api/v2/workspaces",
            403,
            ErrorKind::PermissionDenied,
            "Lock/unlock",
        ),
        (
            "/state-versions",
            403,
            ErrorKind::PermissionDenied,
            "Read and write state versions",
        ),
        (
            "GET /bytes",
            404,
            ErrorKind::NotFound,
            "Read state versions",
        ),
    ] {
        server.server.fault(asked, refusal(status, "because"));
        let error = match asked.contains("POST") || asked == "/state-versions" {
            true => write(&backend, state(2, "two")).await.unwrap_err(),
            false => read(&backend).await.unwrap_err(),
        };
        assert_eq!(error.kind(), kind, "{asked}: {error}");
        assert!(error.hints()[0].contains(hint), "{asked}: {error:?}");
        assert_eq!(place(&error, "server"), "because");
        assert!(place(&error, "address").starts_with("https://localhost:"));
        assert_eq!(server.server.without_faults(), 0, "{asked}");
    }
    server.store(|store| assert!(store.workspaces[0].lock.is_none()));
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
}

#[tokio::test]
async fn what_a_token_may_not_do_is_known_beforehand() {
    for (denied, hint) in [
        ("can-read-state-versions", "Read state versions"),
        ("can-create-state-versions", "Read and write state versions"),
        ("can-lock", "Lock/unlock workspaces"),
    ] {
        let server = Tfe::start(Behaviour {
            denied: vec![denied],
            ..Behaviour::default()
        });
        server.store(|store| store.add("prod").resources = 1);
        let backend = open(&server);
        let error = match denied {
            "can-read-state-versions" => read(&backend).await.unwrap_err(),
            _ => write(&backend, state(1, "one")).await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{denied}");
        assert!(error.hints()[0].contains(hint), "{error:?}");
        assert_eq!(place(&error, "workspace"), "prod");
        server.store(|store| assert!(store.workspaces[0].lock.is_none()));
    }
}

#[tokio::test]
async fn an_organization_that_is_not_there_is_no_absent_state() {
    let server = Tfe::start(Behaviour::default());
    let mut spec = block(&server, "remote", json!({"name": "prod"}));
    let other = json!("nobody");
    spec.config.insert(
        "organization".to_owned(),
        driftmgr_core::redact::Sensitive::new(other),
    );
    let backend: Arc<dyn Backend> = Arc::new(CloudBackend::from_spec(&cx(), &spec).unwrap());
    for error in [
        read(&backend).await.unwrap_err(),
        write(&backend, state(1, "one")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(place(&error, "organization"), "nobody");
        assert!(error.hints()[0].contains("see the organization"));
    }
}

#[tokio::test]
async fn a_server_that_asks_to_slow_down_is_waited_for() {
    let (server, backend) = ready(Behaviour::default()).await;
    let slow = |seconds: &str| {
        let wait = vec![("X-RateLimit-Reset", seconds.to_owned())];
        Fault::Answer(429, wait, String::new())
    };
    server.server.fault("GET /api", slow("0.3"));
    server.server.fault("actions/lock", slow("0.05"));
    server.server.fault("POST /api/v2/workspaces", slow("0.05"));
    let start = Instant::now();
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
    assert!(start.elapsed() >= Duration::from_millis(300));
    write(&backend, state(2, "two")).await.unwrap();
    assert_eq!(server.server.without_faults(), 0);
    // For longer than is waited for.
    server.server.fault("GET /api", slow("3000"));
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(place(&error, "retry after seconds"), "3000");
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_answer() {
    let (server, backend) = ready(Behaviour::default()).await;
    let page = || Fault::Answer(200, Vec::new(), "<html>Sign in</html>".to_owned());
    server.server.fault("GET /api", page());
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.hints()[0].contains("proxy"), "{error:?}");
    let fresh = open(&server);
    server.server.fault(".well-known", page());
    let error = read(&fresh).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(place(&error, "host"), server.host());
    // What failed is asked again.
    assert!(read(&fresh).await.unwrap().is_some());
}

#[tokio::test]
async fn services_that_are_none_are_named() {
    for (services, part) in [
        ("{}", "no service tfe.v2"),
        ("{\"tfe.v2\": 1}", "no service tfe.v2"),
        (
            "{\"tfe.v2\": \"http://localhost/api/\"}",
            "not one of HTTPS",
        ),
        ("{\"tfe.v2\": \"file:///etc/\"}", "not one of HTTPS"),
        ("[", "is not JSON"),
    ] {
        let server = Tfe::start(Behaviour {
            services: Some(services.to_owned()),
            ..Behaviour::default()
        });
        let error = read(&open(&server)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{services}");
        assert!(error.message().contains(part), "{services}: {error}");
        let seen = server.server.seen();
        assert!(
            seen.iter()
                .all(|s| !s.headers.contains_key("authorization"))
        );
    }
    // Without a slash at the end, and whole.
    let server = Tfe::start(Behaviour {
        services: Some("{\"tfe.v2\": \"/api/v2\", \"state.v2\": \"/api/v2\"}".to_owned()),
        ..Behaviour::default()
    });
    assert_eq!(read(&open(&server)).await.unwrap(), None);
}

#[tokio::test]
async fn a_state_that_arrives_in_part_is_no_state() {
    let (server, backend) = ready(Behaviour::default()).await;
    for _ in 0..6 {
        server.server.fault("GET /bytes", Fault::CutBody);
    }
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.server.without_faults(), 0, "it was asked again");
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_out() {
    let (server, backend) = ready(Behaviour::default()).await;
    for (serial, asked, fault) in [
        (2, "state-versions", Fault::LoseAnswer),
        (3, "actions/lock", Fault::LoseAnswer),
        (4, "actions/lock", Fault::LoseRequest),
        (5, "GET /api", Fault::LoseRequest),
    ] {
        let asked = if asked == "state-versions" {
            "POST /api/v2/workspaces"
        } else {
            asked
        };
        if serial == 2 {
            // The lock comes first.
            let id = backend.lock(&cx(), &at(), info()).await.unwrap();
            server.server.fault(asked, fault);
            write_under(&backend, &id, state(serial, "new"))
                .await
                .unwrap();
            backend.unlock(&cx(), &at(), &id).await.unwrap();
        } else {
            server.server.fault(asked, fault);
            write(&backend, state(serial, "new")).await.unwrap();
        }
        assert_eq!(server.server.without_faults(), 0, "{asked}");
        assert_eq!(read(&backend).await.unwrap(), Some(state(serial, "new")));
    }
    // A request that never arrived made no version.
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    server
        .server
        .fault("POST /api/v2/workspaces", Fault::LoseRequest);
    let error = write_under(&backend, &id, state(6, "six"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    assert_eq!(read(&backend).await.unwrap(), Some(state(5, "new")));
    let versions = server.store(|store| store.versions.len());
    assert_eq!(versions, 5, "nothing was made twice");
    server.store(|store| assert!(store.workspaces[0].lock.is_none()));
}

#[tokio::test]
async fn an_upload_that_fails_leaves_the_state_as_it_was() {
    let (server, backend) = ready(Behaviour::default()).await;
    let long = state(2, &"x".repeat(2 << 20));
    server.server.fault("PUT /bytes", refusal(403, "no"));
    let error = write(&backend, long.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(read(&backend).await.unwrap(), Some(state(1, "one")));
    assert_eq!(backend.versions(&cx(), &at()).await.unwrap().len(), 1);
    server.store(|store| assert!(store.workspaces[0].lock.is_none()));
    server.server.fault("PUT /bytes", Fault::LoseRequest);
    write(&backend, long.clone()).await.unwrap();
    assert_eq!(read(&backend).await.unwrap(), Some(long));
}

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_lock() {
    let (server, backend) = ready(Behaviour::default()).await;
    let limited = cx().with_timeout(Duration::ZERO);
    let error = backend.lock(&limited, &at(), info()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let lock = backend.clone();
    let waiting = tokio::spawn(async move { lock.lock(&cx(), &at(), info()).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    waiting.abort();
    let start = Instant::now();
    while server.store(|store| store.workspaces[0].lock.is_some())
        || start.elapsed() < Duration::from_millis(300)
    {
        assert!(start.elapsed() < Duration::from_secs(20), "a lock is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
