//! The token stands in no text, and goes to no other server.

use super::*;

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

fn check(error: &Error) {
    for text in texts(error) {
        for marker in [TOKEN, OTHER_TOKEN, "planted", "signature=secret"] {
            assert!(!text.contains(marker), "{marker} stands in {text}");
        }
    }
}

/// Stands for what a server says, which depends on what it was told.
const SAID: &str = "SAID";

#[tokio::test]
async fn no_error_and_no_debug_shows_a_secret() {
    let server = Tfe::start(Behaviour {
        elsewhere: true,
        ..Behaviour::default()
    });
    let backend = open(&server);
    assert!(!format!("{backend:?} {:?}", backend.info()).contains(TOKEN));
    let bytes = state(1, "planted");
    write(&backend, bytes.clone()).await.unwrap();
    let said = |asked: &str| match asked {
        "/state-versions" => format!("{TOKEN} planted"),
        _ => TOKEN.to_owned(),
    };
    let faults = |status: u16| {
        [
            Fault::Answer(status, Vec::new(), SAID.to_owned()),
            Fault::Answer(
                status,
                Vec::new(),
                json!({"errors": [{"title": TOKEN, "detail": format!("bad {TOKEN}")}]}).to_string(),
            ),
        ]
    };
    let moved = [
        format!("http://u:planted@127.0.0.1/?t={TOKEN}"),
        format!("https://u:planted@localhost:1/?t={TOKEN}"),
    ];
    let moved = moved.map(|to| Fault::Answer(302, vec![("Location", to)], String::new()));
    let all = [400, 401, 403, 409, 418, 422]
        .into_iter()
        .flat_map(faults)
        .chain(moved)
        .chain([Fault::Answer(200, Vec::new(), SAID.to_owned())]);
    let mut failed = 0;
    for fault in all {
        for asked in [
            "GET /api",
            "GET /bytes",
            "actions/lock",
            "/state-versions",
            "actions/unlock",
        ] {
            server.store(|store| store.workspaces[0].lock = None);
            let fault = match fault.clone() {
                Fault::Answer(status, headers, text) => {
                    Fault::Answer(status, headers, text.replace(SAID, &said(asked)))
                }
                other => other,
            };
            server.server.fault(asked, fault);
            let done = match asked.starts_with("GET") {
                true => read(&backend).await.map(|_| ()),
                false => write(&backend, state(2 + failed, "planted")).await,
            };
            // What met no such request is not to meet a later one.
            server.server.without_faults();
            if let Err(error) = done {
                failed += 1;
                check(&error);
            }
        }
    }
    assert!(failed > 40, "only {failed} failed");
}

#[tokio::test]
async fn no_error_of_a_configuration_shows_the_token() {
    let server = Tfe::start(Behaviour::default());
    for (name, value) in [
        ("token", json!("planted\n")),
        ("token", json!(["planted"])),
        ("hostname", json!("https://planted@host/")),
        ("workspaces", json!("planted")),
        ("workspaces", json!([{"name": "a"}, {"name": "planted"}])),
        ("tokken", json!("planted")),
    ] {
        let mut spec = block(&server, "cloud", json!({"name": "prod"}));
        let value = driftmgr_core::redact::Sensitive::new(value);
        spec.config.insert(name.to_owned(), value);
        let error = CloudBackend::from_spec(&cx(), &spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{name}");
        assert_eq!(place(&error, "backend"), "main.tf:1");
        check(&error);
    }
}

#[tokio::test]
async fn the_token_goes_to_the_server_of_the_api_alone() {
    let server = Tfe::start(Behaviour {
        elsewhere: true,
        ..Behaviour::default()
    });
    let backend = open(&server);
    for (serial, size) in [(1, 10), (2, 2 << 20)] {
        let bytes = state(serial, &"x".repeat(size));
        write(&backend, bytes.clone()).await.unwrap();
        assert_eq!(read(&backend).await.unwrap(), Some(bytes));
    }
    // A redirect of the API leads away, too.
    let to = format!("https://127.0.0.1:{}/bytes/away", server.server.port());
    let away = Fault::Answer(302, vec![("Location", to)], String::new());
    server.server.fault("current-state-version", away);
    assert!(read(&backend).await.is_ok_and(|state| state.is_none()));
    let (mut here, mut there) = (0, 0);
    for seen in server.server.seen() {
        let token = seen.headers.get("authorization");
        if seen.headers["host"].starts_with("127.0.0.1") {
            assert_eq!(token, None, "{}", seen.target);
            there += 1;
        } else if seen.target.starts_with("/api") {
            assert_eq!(token.map(String::as_str), Some("Bearer token-of-alice"));
            here += 1;
        }
    }
    assert!(here > 10 && there >= 4, "{here} {there}");
}
