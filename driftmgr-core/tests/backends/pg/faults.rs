//! What goes wrong on a server and on the way to it.

use super::*;

fn refused(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error:?}");
    let text = format!("{error} {}", error.hints().join(" "));
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    let text = format!("{error:?}");
    assert!(
        !text.contains(ADMIN_PASSWORD) && !text.contains("secret"),
        "{text}"
    );
}

/// The URL of another user.
fn url_of(server: &Postgres, user: &str, database: &str) -> String {
    let url = server.url(database);
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{user}@{rest}")
}

#[tokio::test]
async fn what_a_server_refuses_is_named() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    put(&open(&url), "{}").await.unwrap();
    server.sql(
        "postgres",
        "CREATE ROLE reader LOGIN PASSWORD 'secret1'; CREATE ROLE crowd LOGIN PASSWORD 'secret1' CONNECTION LIMIT 0; \
         CREATE TABLE public.odd (id bigint, name text); CREATE ROLE locked LOGIN",
    );
    let reader = url_of(&server, "reader:secret1", "postgres");
    let wrong = url_of(&server, "reader:secret2", "postgres");
    let none = url_of(&server, "reader", "postgres");
    let absent = server.url("nowhere");
    let crowd = url_of(&server, "crowd:secret1", "postgres");
    let tls = url.replace("sslmode=disable", "sslmode=require");
    let slow = url.clone() + "&statement_timeout=1";
    for (url, kind, parts) in [
        (&absent, ErrorKind::NotFound, &["no database `nowhere`"][..]),
        (
            &wrong,
            ErrorKind::Unauthenticated,
            &["reader", "the password may be wrong"],
        ),
        (
            &none,
            ErrorKind::Unauthenticated,
            &["PGPASSWORD", ".pgpass"],
        ),
        (&crowd, ErrorKind::RateLimited, &["too many connections"]),
        (
            &tls,
            ErrorKind::Unavailable,
            &["does not support TLS", "sslmode=disable"],
        ),
        (
            &reader,
            ErrorKind::PermissionDenied,
            &[
                "read the state",
                "GRANT USAGE ON SCHEMA \"terraform_remote_state\" TO \"reader\"",
            ],
        ),
    ] {
        refused(&get(&open(url)).await.unwrap_err(), kind, parts);
    }
    let odd = open_with(&url, &json!({"schema_name": "public", "table_name": "odd"}));
    refused(
        &get(&odd).await.unwrap_err(),
        ErrorKind::InvalidConfig,
        &["no table of states", "columns"],
    );
    let lock = format!("BEGIN; LOCK {TABLE}; SELECT pg_sleep(60)");
    let mut other = server.psql("postgres", &lock).spawn().unwrap();
    let taken = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
    until("the table is locked", || {
        server.sql("postgres", taken) != "0"
    })
    .await;
    refused(
        &get(&open(&slow)).await.unwrap_err(),
        ErrorKind::Timeout,
        &["took too long"],
    );
    other.kill().unwrap();
    other.wait().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("postgres://me:secret@{closed}/db");
    refused(
        &get(&open(&nobody)).await.unwrap_err(),
        ErrorKind::Unavailable,
        &["cannot be reached"],
    );
}

#[tokio::test]
async fn the_right_that_is_missing_is_named() {
    let Some(server) = Postgres::start() else {
        return;
    };
    server.sql("postgres", "CREATE ROLE app LOGIN PASSWORD 'secret1'");
    let app = open(&url_of(&server, "app:secret1", "postgres"));
    // Each refusal says what is to be granted; with that, the next one comes, and at last the write.
    let mut granted = Vec::new();
    loop {
        match put(&app, "{}").await {
            Ok(()) => break,
            Err(error) => {
                refused(&error, ErrorKind::PermissionDenied, &["GRANT"]);
                let grant = error.hints()[0].clone();
                assert!(!granted.contains(&grant), "{grant} helps nothing");
                server.sql("postgres", &grant);
                granted.push(grant);
            }
        }
    }
    assert_eq!(
        granted,
        [
            "GRANT CREATE ON DATABASE \"postgres\" TO \"app\"",
            "GRANT CREATE ON SCHEMA public TO \"app\"",
        ]
    );
    // In a table of somebody else.
    server.sql("postgres", "CREATE ROLE guest LOGIN PASSWORD 'secret1'");
    let guest = open(&url_of(&server, "guest:secret1", "postgres"));
    let mut granted = Vec::new();
    while let Err(error) = put(&guest, "{\"new\": 1}").await {
        refused(&error, ErrorKind::PermissionDenied, &["GRANT"]);
        let grant = error.hints()[0].clone();
        assert!(!granted.contains(&grant), "{grant} helps nothing");
        server.sql("postgres", &grant);
        granted.push(grant);
    }
    assert_eq!(
        granted,
        [
            "GRANT USAGE ON SCHEMA \"terraform_remote_state\" TO \"guest\"",
            "GRANT SELECT ON \"terraform_remote_state\".\"states\" TO \"guest\"",
            "GRANT SELECT, INSERT, UPDATE ON \"terraform_remote_state\".\"states\" TO \"guest\"",
        ]
    );
    let error = guest
        .delete(&cx(), &at(), WriteOptions::default())
        .await
        .unwrap_err();
    refused(&error, ErrorKind::PermissionDenied, &["UPDATE, DELETE ON"]);
    assert_eq!(get(&guest).await.unwrap().as_deref(), Some("{\"new\": 1}"));
    // A new row takes a number.
    server.sql("postgres", &format!("TRUNCATE {TABLE}"));
    let error = put(&guest, "{}").await.unwrap_err();
    refused(
        &error,
        ErrorKind::PermissionDenied,
        &["GRANT USAGE ON SEQUENCE public.global_states_id_seq"],
    );
    // Where nothing may be changed at all.
    server.sql(
        "postgres",
        "ALTER ROLE app SET default_transaction_read_only = on",
    );
    let frozen = open(&url_of(&server, "app:secret1", "postgres"));
    let error = put(&frozen, "{}").await.unwrap_err();
    refused(
        &error,
        ErrorKind::PermissionDenied,
        &["takes no changes", "read-write"],
    );
}

#[tokio::test]
async fn what_the_database_cannot_keep_is_refused_without_showing_it() {
    let Some(server) = Postgres::start() else {
        return;
    };
    server.sql(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let backend = open(&server.url("latin"));
    put(&backend, "{\"name\": \"ü\"}").await.unwrap();
    assert_eq!(
        get(&backend).await.unwrap().as_deref(),
        Some("{\"name\": \"ü\"}")
    );
    let error = put(&backend, "{\"price\": \"1 €\"}").await.unwrap_err();
    refused(&error, ErrorKind::InvalidInput, &["encoding", "UTF8"]);
    assert!(!format!("{error:?}").contains("0xe2"), "{error:?}");
    let error = put(&backend, "").await.unwrap_err();
    refused(&error, ErrorKind::InvalidInput, &["delete the state"]);
    assert_eq!(
        get(&backend).await.unwrap().as_deref(),
        Some("{\"name\": \"ü\"}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_survive_a_lost_connection_and_not_a_lost_server() {
    let Some(mut server) = Postgres::start() else {
        return;
    };
    let proxy = TcpProxy::start(server.address()).await.unwrap();
    let backend = open(&through(&proxy, &server.url("postgres")));
    let state = "x".repeat(200_000);
    put(&backend, &state).await.unwrap();
    let is_there = async || {
        assert_eq!(
            get(&backend).await.unwrap().as_deref(),
            Some(state.as_str())
        )
    };
    // Kept connections that ended in the meantime.
    proxy.cut();
    is_there().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'driftmgr'";
    server.sql("postgres", end);
    is_there().await;
    // One that ends in the middle of the state.
    proxy.cut();
    proxy.script(1, TcpFault::CutAfter(Direction::ToClient, 100_000));
    is_there().await;
    assert!(proxy.met() >= 1);
    // All that do.
    proxy.cut();
    for connection in 1..=9 {
        proxy.script(connection, TcpFault::CutAfter(Direction::ToClient, 100_000));
    }
    let error = get(&backend).await.unwrap_err();
    refused(&error, ErrorKind::Unavailable, &["connection was lost"]);
    // A server that does not say a word.
    let silent = TcpProxy::start(server.address()).await.unwrap();
    silent.script(1, TcpFault::Hang);
    let url = through(&silent, &server.url("postgres"));
    let hasty = open(&(url.clone() + "&connect_timeout=1"));
    refused(
        &get(&hasty).await.unwrap_err(),
        ErrorKind::Unavailable,
        &["within 1 s", "connect_timeout"],
    );
    silent.script(1, TcpFault::Hang);
    let late = cx().with_timeout(Duration::from_millis(200));
    let error = open(&url).read(&late, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // None at all.
    server.end();
    let error = get(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

/// Cuts a write after each so many bytes, either way: what is stored is the old state or the new one, and what is said is true.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_cut_anywhere_leaves_the_old_state_or_the_new() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    let observer = open(&url);
    put(&observer, "start").await.unwrap();
    let proxy = TcpProxy::start(server.address()).await.unwrap();
    let (mut made, mut failed) = (0, 0);
    for direction in [Direction::ToServer, Direction::ToClient] {
        let before = proxy.bytes(direction);
        put(&open(&through(&proxy, &url)), "whole").await.unwrap();
        let all = proxy.bytes(direction) - before;
        // Some more, since numbers differ in length.
        for limit in (1..=all + 8).step_by(37) {
            let old = get(&observer).await.unwrap().unwrap();
            let new = format!("{direction:?} cut after {limit}");
            proxy.script(1, TcpFault::CutAfter(direction, limit));
            let writer = open(&through(&proxy, &url));
            let result = put(&writer, &new).await;
            drop(writer);
            // The server may not have seen the end yet; the lock tells when it has.
            let stored = loop {
                match observer.lock(&cx(), &at(), info()).await {
                    Ok(id) => {
                        let stored = get(&observer).await.unwrap().unwrap();
                        observer.unlock(&cx(), &at(), &id).await.unwrap();
                        break stored;
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}"),
                }
            };
            match result {
                Ok(()) => {
                    assert_eq!(stored, new);
                    made += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                    assert_eq!(stored, old, "{error:?}");
                    failed += 1;
                }
            }
        }
    }
    assert!(made > 3 && failed > 20, "{made} made, {failed} failed");
}
