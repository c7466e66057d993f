//! What the requests say, and what is made of the answers.

use super::*;

#[tokio::test]
async fn workspaces_are_listed_over_pages_and_nothing_else_is_one() {
    let server = FakeGcs::start();
    server.bucket("many", false);
    for n in 0..1010 {
        server.put("many", &format!("{FOLDER}/w{n:04}.tfstate"), b"{}");
    }
    for name in [
        STATE,
        LOCK,
        "infra/prod/notes.txt",
        "infra/prod/below/x.tfstate",
        "infra/production.tfstate",
        "stray.tfstate",
    ] {
        server.put("many", name, b"{}");
    }
    let backend = open(&server, "many");
    let names = backend.workspaces(&cx()).await.unwrap();
    assert_eq!(names.len(), 1011);
    assert!(names[0].is_default());
    assert_eq!(names[1010].as_str(), "w1009");
}

#[tokio::test]
async fn a_list_takes_one_request_for_each_thousand() {
    let server = StateServer::start(Behaviour::default());
    let page = |token: Option<&str>, name: &str| {
        let body = json!({"nextPageToken": token, "items": [{"name": name, "generation": "1"}]});
        Fault::Answer(200, Vec::new(), body.to_string())
    };
    server.fault("GET", page(Some("a&b"), "infra/prod/b.tfstate"));
    server.fault("GET", page(None, "infra/prod/a.tfstate"));
    let backend = told(&cx(), &server, &json!({})).unwrap();
    let names = backend.workspaces(&cx()).await.unwrap();
    let names: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
    assert_eq!(names, ["default", "a", "b"]);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen[0].target.starts_with(
            "/storage/v1/b/states/o?prefix=infra%2Fprod%2F&delimiter=%2F&maxResults=1000"
        ),
        "{}",
        seen[0].target
    );
    assert!(
        seen[1].target.ends_with("&pageToken=a%26b"),
        "{}",
        seen[1].target
    );
}

#[tokio::test]
async fn versions_are_of_one_object_and_can_be_read() {
    let server = FakeGcs::start();
    server.bucket("versions", true);
    let backend = open(&server, "versions");
    // Each write takes and gives back a lock, which leaves versions of its own.
    put(&backend, "one").await.unwrap();
    put(&backend, "two").await.unwrap();
    backend
        .delete(&cx(), &at(), WriteOptions::default())
        .await
        .unwrap();
    put(&backend, "three").await.unwrap();
    server.put("versions", &format!("{STATE}.backup"), b"other");
    let versions = backend.versions(&cx(), &at()).await.unwrap();
    let latest: Vec<bool> = versions.iter().map(|v| v.latest).collect();
    assert_eq!(latest, [true, false, false]);
    let sizes: Vec<_> = versions.iter().map(|v| v.size).collect();
    assert_eq!(sizes, [Some(5), Some(3), Some(3)]);
    assert_eq!(versions[0].id, server.generation("versions", STATE));
    assert!(versions.iter().all(|v| v.modified.is_some()));
    for (version, expected) in versions.iter().zip(["three", "two", "one"]) {
        let old = at().at_version(&version.id);
        let read = backend.read(&cx(), &old).await.unwrap().unwrap();
        assert_eq!(read.bytes, expected.as_bytes());
        assert_eq!(read.version.as_deref(), Some(version.id.as_str()));
    }
}

#[tokio::test]
async fn a_bucket_without_versions_is_known_once_it_was_asked() {
    let server = FakeGcs::start();
    server.bucket("plain", false);
    let backend = open(&server, "plain");
    assert!(backend.capability().versions, "nobody asked yet");
    put(&backend, "one").await.unwrap();
    let written = write_with(&backend, "two", WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(written.backup, None, "nothing keeps it");
    assert!(!backend.capability().versions);
    let error = backend.versions(&cx(), &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hints()[0].contains("enable object versioning"));
}

#[tokio::test]
async fn who_may_not_ask_the_bucket_sees_what_is_listed() {
    let server = StateServer::start(Behaviour::default());
    let list = json!({"items": [{"name": STATE, "generation": "7", "size": "2", "updated": "2026-01-02T03:04:05Z"}]});
    server.fault("GET", Fault::Answer(200, Vec::new(), list.to_string()));
    server.fault("GET", Fault::status(403));
    let backend = told(&cx(), &server, &json!({})).unwrap();
    let versions = backend.versions(&cx(), &at()).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].id.as_str(), versions[0].latest), ("7", true));
    assert!(backend.capability().versions);
}

#[tokio::test]
async fn the_lock_is_an_object_whose_generation_is_its_id() {
    let server = FakeGcs::start();
    server.bucket("locks", false);
    let backend = open(&server, "locks");
    let info = LockInfo::new(&cx(), "ours");
    let id = backend.lock(&cx(), &at(), info.clone()).await.unwrap();
    assert_eq!(id.0, server.generation("locks", LOCK));
    let stored = server.object("locks", LOCK).unwrap();
    let stored: LockInfo = serde_json::from_slice(&stored).unwrap();
    assert_eq!(stored.id, info.id, "as both programs write it");
    assert_eq!(stored.path, format!("gs://locks/{LOCK}"));
    // The id inside of the object gives nothing back.
    let error = backend.unlock(&cx(), &at(), &info.lock_id()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    backend.unlock(&cx(), &at(), &id).await.unwrap();
    assert_eq!(server.object("locks", LOCK), None);
}

#[tokio::test]
async fn a_lock_that_was_broken_admits_no_write() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    let backend = open(&server, "states");
    let info = LockInfo::new(&cx(), "first");
    let id = backend.lock(&cx(), &at(), info).await.unwrap();
    let other = LockInfo::new(&cx(), "second");
    server.put("states", LOCK, &serde_json::to_vec(&other).unwrap());
    let options = under(id.clone());
    let late = write_with(&backend, "{}", options);
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(server.object("states", STATE), None);
    let error = backend.unlock(&cx(), &at(), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let theirs = LockId(server.generation("states", LOCK));
    backend.unlock(&cx(), &at(), &theirs).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_lose_nothing() {
    let server = FakeGcs::start();
    server.bucket("shared", true);
    crate::managed::writers::all_at_once(|| Arc::new(open(&server, "shared"))).await;
}

#[tokio::test]
async fn a_lock_of_somebody_who_left_no_json_is_a_lock() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    server.put("states", LOCK, b"mine!");
    let backend = open(&server, "states");
    let error = put(&backend, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(LockedBy::of(&error).is_none());
    assert_eq!(place(&error, "lock"), server.generation("states", LOCK));
    assert_eq!(place(&error, "object"), LOCK);
}

#[tokio::test]
async fn a_lock_that_a_stopped_caller_took_is_given_back() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    let backend = open(&server, "states");
    for wait in [0, 1, 3, 10, 30] {
        let cx = cx();
        let token = cx.cancellation().clone();
        let at = workspace("w");
        let taking = backend.lock(&cx, &at, LockInfo::new(&cx, "stopped"));
        let stop = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            token.cancel();
        };
        let (taken, ()) = tokio::join!(taking, stop);
        if let Ok(id) = taken {
            backend.unlock(&cx, &at, &id).await.unwrap();
        }
        // Whether or not it had been taken: soon it is not there, and stays so.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = Instant::now();
        while server.object("states", "infra/prod/w.tflock").is_some() {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(30), "stopped after {wait} ms");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_change_is_made_to_what_was_looked_at_or_not_at_all() {
    let server = FakeGcs::start();
    server.bucket("states", false);
    let backend = open(&server, "states");
    put(&backend, "one").await.unwrap();
    let read = backend.read(&cx(), &at()).await.unwrap().unwrap();
    assert_eq!(read.etag, Some(server.generation("states", STATE)));
    assert!(read.modified.is_some());
    server.put("states", STATE, b"theirs");
    let options = WriteOptions {
        if_match: read.etag.map(IfMatch::Etag),
        ..WriteOptions::default()
    };
    let ours = write_with(&backend, "ours", options);
    let error = ours.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(place(&error, "object"), STATE);
    assert_eq!(get(&backend).await.as_deref(), Some("theirs"));
}

fn metadata(generation: &str) -> Fault {
    let body = json!({"name": "x", "generation": generation});
    Fault::Answer(200, Vec::new(), body.to_string())
}

fn absent() -> Fault {
    let body = json!({"error": {"code": 404, "message": "No such object: states/x"}});
    Fault::Answer(404, Vec::new(), body.to_string())
}

/// The requests of a write without a lock id, each answered as Cloud Storage would.
async fn write_told(more: &Value) -> Vec<Seen> {
    let server = StateServer::start(Behaviour::default());
    server.fault("POST", metadata("11"));
    server.fault("GET", metadata("5"));
    server.fault("POST", metadata("6"));
    server.fault("GET", metadata("5"));
    server.fault("GET", metadata("11"));
    server.fault("DELETE", Fault::status(204));
    let backend = told(&cx(), &server, more).unwrap();
    let written = write_with(&backend, "{}", WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(written.version.as_deref(), Some("6"));
    assert_eq!(written.backup.as_deref(), Some("5"));
    server.seen()
}

#[tokio::test]
async fn each_change_has_its_condition() {
    let seen = write_told(&json!({})).await;
    let requests: Vec<String> = seen
        .iter()
        .map(|s| format!("{} {}", s.method, s.target.replace("%2C", ",")))
        .collect();
    let fields = "fields=name,generation,size,md5Hash,crc32c,updated,timeDeleted";
    let state = "infra%2Fprod%2Fdefault.tfstate";
    let lock = "infra%2Fprod%2Fdefault.tflock";
    assert_eq!(
        requests,
        [
            format!(
                "POST /upload/storage/v1/b/states/o?uploadType=multipart&ifGenerationMatch=0&{fields}"
            ),
            format!("GET /storage/v1/b/states/o/{state}?{fields}"),
            format!(
                "POST /upload/storage/v1/b/states/o?uploadType=multipart&ifGenerationMatch=5&{fields}"
            ),
            format!("GET /storage/v1/b/states/o/{state}?{fields}&generation=5"),
            format!("GET /storage/v1/b/states/o/{lock}?{fields}"),
            format!("DELETE /storage/v1/b/states/o/{lock}?ifGenerationMatch=11"),
        ]
    );
    for request in &seen {
        assert_eq!(request.headers["authorization"], "Bearer fake");
    }
    // md5 and crc32c of "{}", for the server to check.
    let body = String::from_utf8(seen[2].body.clone()).unwrap();
    assert!(
        body.contains("\"md5Hash\":\"mZFLkyvTelC5g8XnyQrpOw==\""),
        "{body}"
    );
    assert!(body.contains(&format!("\"name\":\"{STATE}\"")), "{body}");
}

#[tokio::test]
async fn keys_of_ones_own_go_with_states_and_not_with_locks() {
    let key = "c2VjcmV0IGtleSBvZiB0aGlydHktdHdvIGJ5dGVzISE=";
    let seen = write_told(&json!({"encryption_key": key})).await;
    let sealed: Vec<bool> = seen
        .iter()
        .map(|s| {
            s.headers
                .get("x-goog-encryption-key")
                .is_some_and(|k| k == key)
        })
        .collect();
    assert_eq!(sealed, [false, true, true, true, false, false]);
    assert_eq!(seen[1].headers["x-goog-encryption-algorithm"], "AES256");
    // printf 'secret key of thirty-two bytes!!' | openssl sha256 -binary | base64
    assert_eq!(
        seen[1].headers["x-goog-encryption-key-sha256"],
        "6XIe4mG8PUqruJZfDy7bZBNEPgMv4gsPl6ORMoEW7IA="
    );
    let seen = write_told(&json!({"kms_encryption_key": "projects/p/x"})).await;
    let named: Vec<bool> = seen
        .iter()
        .map(|s| s.target.contains("kmsKeyName=projects%2Fp%2Fx"))
        .collect();
    assert_eq!(named, [false, false, true, false, false, false]);
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_known_by_its_bytes() {
    let object = |generation: &str, body: &str| {
        let headers = vec![("x-goog-generation", generation.to_owned())];
        Fault::Answer(200, headers, body.to_owned())
    };
    for (there, good) in [("ours", true), ("them", false)] {
        let server = StateServer::start(Behaviour::default());
        // The lock.
        server.fault("GET", metadata("11"));
        // The state: there is none; the second request meets what the first one left.
        server.fault("GET", absent());
        server.fault("POST", Fault::LoseRequest);
        server.fault("POST", Fault::status(412));
        server.fault("GET", object("6", there));
        let backend = told(&cx(), &server, &json!({})).unwrap();
        let options = under(LockId("11".to_owned()));
        let written = write_with(&backend, "ours", options).await;
        match good {
            true => assert_eq!(written.unwrap().version.as_deref(), Some("6")),
            false => assert_eq!(written.unwrap_err().kind(), ErrorKind::Conflict),
        }
    }
    // A lock whose answer was lost is ours by what stands in it.
    let server = StateServer::start(Behaviour::default());
    let info = LockInfo::new(&cx(), "ours");
    server.fault("POST", Fault::LoseRequest);
    server.fault("POST", Fault::status(412));
    server.fault("GET", object("12", &serde_json::to_string(&info).unwrap()));
    let backend = told(&cx(), &server, &json!({})).unwrap();
    let id = backend.lock(&cx(), &at(), info).await.unwrap();
    assert_eq!(id.0, "12");
}

#[tokio::test]
async fn what_is_stored_compressed_is_not_held_against_its_checksum() {
    let server = StateServer::start(Behaviour::default());
    let headers = vec![
        ("x-goog-generation", "1".to_owned()),
        ("x-goog-hash", "crc32c=AAAAAA==".to_owned()),
        ("x-goog-stored-content-encoding", "gzip".to_owned()),
    ];
    server.fault("GET", Fault::Answer(200, headers, "plain".to_owned()));
    let backend = told(&cx(), &server, &json!({})).unwrap();
    assert_eq!(get(&backend).await.as_deref(), Some("plain"));
}

#[tokio::test]
async fn what_was_there_is_put_back() {
    let server = FakeGcs::start();
    server.bucket("shared", true);
    let backend = Arc::new(open(&server, "shared"));
    crate::managed::damaged::what_was_there_is_put_back(backend).await;
}

#[tokio::test]
async fn a_known_generation_is_asked_for_by_a_condition() {
    let server = StateServer::start(Behaviour::default());
    let backend = told(&cx(), &server, &json!({})).unwrap();
    server.fault("GET", Fault::status(304));
    let again = backend.read_if_changed(&cx(), &at(), "17").await.unwrap();
    assert_eq!(again, IfChanged::Unchanged);
    let headers = vec![("x-goog-generation", "18".to_owned())];
    server.fault("GET", Fault::Answer(200, headers.clone(), "new".to_owned()));
    let again = backend.read_if_changed(&cx(), &at(), "17").await.unwrap();
    let IfChanged::Changed(Some(state)) = again else {
        panic!("{again:?}");
    };
    assert_eq!(
        (&*state.bytes, state.etag.as_deref()),
        (&b"new"[..], Some("18"))
    );
    // A server that knows no conditions.
    server.fault("GET", Fault::Answer(200, headers, "new".to_owned()));
    let again = backend.read_if_changed(&cx(), &at(), "18").await.unwrap();
    assert_eq!(again, IfChanged::Unchanged);
    let asked: Vec<bool> = server
        .seen()
        .iter()
        .map(|seen| seen.target.contains("ifGenerationNotMatch=1"))
        .collect();
    assert_eq!(asked, [true; 3]);
}
