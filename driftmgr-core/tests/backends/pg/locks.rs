//! Locks: what they are on the server, who is told to hold them, and that they end with their connection.

use super::*;

/// The keys that somebody holds.
fn held(server: &Postgres) -> Vec<i64> {
    let sql = "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' ORDER BY 1";
    let text = server.sql("postgres", sql);
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// A session of somebody else that runs statements.
struct Other(std::process::Child);

impl Other {
    fn runs(server: &Postgres, statements: &str) -> Self {
        let mut psql = server.psql("postgres", statements);
        let child = psql.env("PGAPPNAME", "console of ops").spawn().unwrap();
        Self(child)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_of_the_row_and_before_that_of_creation() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    let (backend, other) = (open(&url), open(&url));
    // Of the schema and table that are there without a word: what OpenTofu makes of them, and Terraform's -1.
    let creation = held_while_creating(&server, &backend).await;
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    // Only one state of a database is created at a time.
    let error = other
        .lock(&cx(), &workspace("blue"), info())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    put_as(&backend, "{}", under(&id)).await.unwrap();
    let row: i64 = server
        .sql("postgres", &format!("SELECT id FROM {TABLE}"))
        .parse()
        .unwrap();
    assert_eq!(held(&server), [row]);
    let blue = other.lock(&cx(), &workspace("blue"), info()).await.unwrap();
    // While another is created, this one keeps its lock when it is deleted.
    let delete = async { backend.delete(&cx(), &at(), under(&id)).await };
    let (first, second) = tokio::join!(delete, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.unlock(&cx(), &workspace("blue"), &blue).await
    });
    first.unwrap();
    second.unwrap();
    assert_eq!(held(&server), creation);
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    assert!(held(&server).is_empty());
}

async fn held_while_creating(server: &Postgres, backend: &Arc<dyn Backend>) -> Vec<i64> {
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    let keys = held(server);
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(keys[1], -1);
    assert!(keys[0] < -1 && keys[0] >= -i64::from(u32::MAX), "{keys:?}");
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_lock_is_told_by_what_the_server_knows() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    put(&backend, "{}").await.unwrap();
    let lock = format!(
        "SELECT pg_advisory_lock(id), 'hidden-in-the-query' FROM {TABLE}; SELECT pg_sleep(60)"
    );
    let other = Other::runs(&server, &lock);
    until("the other has the lock", || !held(&server).is_empty()).await;
    let error = put(&backend, "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let holder = LockedBy::of(&error).unwrap();
    assert_eq!(holder.operation, "console of ops");
    assert_eq!(holder.who, format!("{ADMIN}@127.0.0.1"));
    assert!(
        holder.created.starts_with("20") && holder.created.ends_with('Z'),
        "{holder:?}"
    );
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    assert_eq!(get(&backend).await.unwrap().as_deref(), Some("{}"));
    let end = format!(
        "SELECT pg_terminate_backend({})",
        error.context_value("session").unwrap()
    );
    assert!(error.hints().iter().any(|h| h.contains(&end)), "{error:?}");
    server.sql("postgres", &end);
    until("the lock is free", || held(&server).is_empty()).await;
    put(&backend, "new").await.unwrap();
    drop(other);
    // One of ours names itself; with a name of the user's own, the server's knowledge is what there is.
    let ours = info();
    let id = backend.lock(&cx(), &at(), ours.clone()).await.unwrap();
    let error = put(&open(&server.url("postgres")), "x").await.unwrap_err();
    let holder = LockedBy::of(&error).unwrap();
    assert_eq!((&holder.id, &holder.who), (&ours.id, &ours.who));
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    let named = open(&(server.url("postgres") + "&application_name=ci"));
    let id = named.lock(&cx(), &at(), info()).await.unwrap();
    let error = put(&backend, "x").await.unwrap_err();
    assert_eq!(error.context_value("operation"), Some("ci"));
    named.unlock(&cx(), &at(), &id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_in_which_others_create_is_waited_for() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    put(&backend, "{}").await.unwrap();
    // As Terraform does whenever it locks.
    let _other = Other::runs(&server, "SELECT pg_advisory_lock(-1); SELECT pg_sleep(0.2)");
    until("the other has the key", || held(&server) == [-1]).await;
    put(&backend, "after a moment").await.unwrap();
    let _other = Other::runs(&server, "SELECT pg_advisory_lock(-1); SELECT pg_sleep(60)");
    until("the other has the key", || held(&server) == [-1]).await;
    let error = put(&backend, "never").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(
        get(&backend).await.unwrap().as_deref(),
        Some("after a moment")
    );
    assert_eq!(held(&server), [-1], "nothing of ours is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_goes_with_its_connection() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.url("postgres");
    let proxy = TcpProxy::start(server.address()).await.unwrap();
    let (holder, other) = (open(&through(&proxy, &url)), open(&url));
    put(&holder, "before").await.unwrap();
    let lost = async |cut: &dyn Fn()| {
        let id = holder.lock(&cx(), &at(), info()).await.unwrap();
        cut();
        until("the server notices", || held(&server).is_empty()).await;
        for error in [
            put_as(&holder, "late", under(&id)).await.unwrap_err(),
            holder.delete(&cx(), &at(), under(&id)).await.unwrap_err(),
            holder.unlock(&cx(), &at(), &id).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        }
        assert_eq!(get(&holder).await.unwrap().as_deref(), Some("before"));
        let id = other.lock(&cx(), &at(), info()).await.unwrap();
        other.unlock(&cx(), &at(), &id).await.unwrap();
    };
    lost(&|| proxy.cut()).await;
    lost(&|| {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'";
        server.sql("postgres", end);
    })
    .await;
    // A program that ends gives its locks back.
    let gone = open(&url);
    gone.lock(&cx(), &at(), info()).await.unwrap();
    assert_eq!(held(&server).len(), 1);
    drop(gone);
    until("the server notices", || held(&server).is_empty()).await;
    put(&other, "after").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_survives_a_change_that_was_given_up() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    put(&backend, "before").await.unwrap();
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    // Somebody who asks for no lock has the row.
    let row = format!("BEGIN; UPDATE {TABLE} SET name = name; SELECT pg_sleep(60)");
    let other = Other::runs(&server, &row);
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'terraform_remote_state.states'::regclass AND mode = 'RowExclusiveLock'";
    until("the other has the row", || {
        server.sql("postgres", waiting) == "1"
    })
    .await;
    let hurried = cx().with_timeout(Duration::from_millis(300));
    let new = Bytes::from_static(b"late");
    let error = backend
        .write(&hurried, &at(), new.clone(), under(&id))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    let cancelled = cx();
    let write = async { backend.write(&cancelled, &at(), new, under(&id)).await };
    let (write, ()) = tokio::join!(write, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancelled.cancellation().cancel();
    });
    assert_eq!(write.unwrap_err().kind(), ErrorKind::Cancelled);
    drop(other);
    server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'console of ops'");
    assert_eq!(get(&backend).await.unwrap().as_deref(), Some("before"));
    put_as(&backend, "after", under(&id)).await.unwrap();
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    assert_eq!(get(&backend).await.unwrap().as_deref(), Some("after"));
    // Nobody waits for a lock any more that is asked for: it is given back.
    let lock = async { backend.lock(&cx(), &at(), info()).await };
    let _ = tokio::time::timeout(Duration::from_millis(1), lock).await;
    until("the lock is free", || held(&server).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_made_anew_is_not_under_the_lock() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let backend = open(&server.url("postgres"));
    put(&backend, "before").await.unwrap();
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    let anew = format!(
        "DELETE FROM {TABLE}; INSERT INTO {TABLE} (name, data) VALUES ('default', 'theirs')"
    );
    server.sql("postgres", &anew);
    let error = put_as(&backend, "ours", under(&id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(get(&backend).await.unwrap().as_deref(), Some("theirs"));
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    assert!(held(&server).is_empty());
}
