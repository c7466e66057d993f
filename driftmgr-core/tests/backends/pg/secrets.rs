//! Nothing that is secret stands in any text, whatever fails.

use super::*;

const PASSWORD: &str = "planted-pass word'1";
const MARKERS: [&str; 4] = ["planted", "pass word", "pass%20word", "state-marker"];

fn texts(error: &Error) -> Vec<String> {
    let mut all = vec![
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        format!("{:?}", error.hints()),
    ];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        all.extend([inner.to_string(), format!("{inner:?}")]);
        cause = inner.source();
    }
    all
}

fn check(texts: &[String]) {
    for text in texts {
        for marker in MARKERS {
            assert!(!text.contains(marker), "{marker} stands in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_and_no_debug_shows_a_secret() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let quoted = PASSWORD.replace('\'', "''");
    server.sql(
        "postgres",
        &format!("CREATE ROLE me LOGIN PASSWORD '{quoted}'"),
    );
    let proxy = TcpProxy::start(server.address()).await.unwrap();
    let port = proxy.address().port();
    let words = PASSWORD.replace('\'', "\\'");
    let (right, wrong) = ("planted-pass%20word'1", "planted-pass%20word'2");
    let forms = |database: &str, password: &str, more: &str| {
        [
            format!("postgres://me:{password}@127.0.0.1:{port}/{database}?sslmode=disable&{more}"),
            format!(
                "host=127.0.0.1 port={port} user=me dbname={database} sslmode=disable password='{words}{}' {}",
                if password == wrong { "2" } else { "" },
                more.replace('&', " ")
            ),
        ]
    };
    let mut failures = 0;
    let mut cases: Vec<String> = Vec::new();
    cases.extend(forms("nowhere", right, ""));
    cases.extend(forms("postgres", wrong, ""));
    cases.extend(forms("postgres", right, "sslmode=require"));
    cases.extend(forms("postgres", right, "options=-cgeqo=off"));
    cases.extend(forms(
        "postgres",
        right,
        "search_path=planted&no_such_parameter=planted",
    ));
    cases.extend(forms("postgres", right, ""));
    for conn_str in &cases {
        let backend = open(conn_str);
        check(&[format!("{backend:?}"), format!("{:?}", backend.info())]);
        // Nobody has granted anything, and a cut write is one more failure.
        let new = Bytes::from_static(b"{\"x\": \"state-marker\"}");
        for error in [
            get(&backend).await.err(),
            backend.workspaces(&cx()).await.err(),
            backend
                .write(&cx(), &at(), new, WriteOptions::default())
                .await
                .err(),
            backend.lock(&cx(), &at(), info()).await.err(),
        ]
        .into_iter()
        .flatten()
        {
            failures += 1;
            check(&texts(&error));
        }
        proxy.script(1, TcpFault::CutAfter(Direction::ToClient, 30));
        check(&texts(
            &get(&open(conn_str))
                .await
                .err()
                .unwrap_or_else(|| Error::new(ErrorKind::Unexpected, "none")),
        ));
    }
    assert!(failures >= 18, "{failures}");
    // What cannot even be read.
    for conn_str in [
        "mysql://me:planted@h/db",
        "postgres://me:planted%zz@h/db",
        "postgres://me:planted@h:port-planted/db",
        "host=h password=planted planted",
        "host=h password='planted",
        "host=h password=planted sslmode=planted",
        "host=h password=planted connect_timeout=planted",
        "host=h password=planted sslpassword=planted",
        "host=h password=planted channel_binding=planted",
    ] {
        let error = PgBackend::from_spec(&cx(), &spec(conn_str, &json!({}))).unwrap_err();
        check(&texts(&error));
    }
    // Nor by the environment.
    let environment =
        Environment::from_variables([("PG_CONN_STR", cases[0].as_str()), ("PGPASSWORD", PASSWORD)]);
    let cx = Context::new(environment);
    let block = BackendSpec::from_block("pg", BTreeMap::new(), "main.tf:1");
    let backend = PgBackend::from_spec(&cx, &block).unwrap();
    check(&[
        format!("{backend:?}"),
        format!("{block:?}"),
        format!("{cx:?}"),
    ]);
    check(&texts(&backend.read(&cx, &at()).await.unwrap_err()));
}
