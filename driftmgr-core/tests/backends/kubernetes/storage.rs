//! How states lie in secrets, and locks in leases.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;

const PART: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_lies_in_secrets_as_the_programs_lay_it() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let labels = json!({"labels": {"team": "red"}});
    let backend = open_with(&cluster, "default", labels);
    write(&backend, "{}").await.unwrap();
    let secret = cluster.secret("default", SECRET).unwrap();
    assert_eq!(
        secret["metadata"]["labels"],
        json!({
            "app.kubernetes.io/managed-by": "terraform", "team": "red", "tfstate": "true",
            "tfstateSecretSuffix": "net", "tfstateWorkspace": "default",
        })
    );
    assert_eq!(secret["metadata"]["annotations"]["encoding"], "gzip");
    let data = BASE64_STANDARD
        .decode(secret["data"]["tfstate"].as_str().unwrap())
        .unwrap();
    assert_eq!(&data[..2], b"\x1f\x8b");
    // What others put there stays.
    let own = json!({"metadata": {"annotations": {"mine": "kept"}}, "data": {"more": "eA=="}});
    let mut changed = secret.clone();
    changed["metadata"]["annotations"]["mine"] = own["metadata"]["annotations"]["mine"].clone();
    changed["data"]["more"] = own["data"]["more"].clone();
    let target = format!("/api/v1/namespaces/default/secrets/{SECRET}");
    assert_eq!(cluster.request("PUT", &target, &changed).0, 200);
    write(&backend, "{ }").await.unwrap();
    let secret = cluster.secret("default", SECRET).unwrap();
    assert_eq!(secret["data"]["more"], "eA==");
    assert_eq!(secret["metadata"]["annotations"]["mine"], "kept");

    // Which leaves no room for a whole part.
    delete(&backend).await.unwrap();

    // Longer ones in parts, as Terraform does it; shorter ones take them away.
    for (length, names) in [
        (
            2 * PART + 9,
            vec![
                SECRET.to_owned(),
                format!("{SECRET}-part-1"),
                format!("{SECRET}-part-2"),
            ],
        ),
        (
            PART + 9,
            vec![SECRET.to_owned(), format!("{SECRET}-part-1")],
        ),
        (9, vec![SECRET.to_owned()]),
        (
            PART + 9,
            vec![SECRET.to_owned(), format!("{SECRET}-part-1")],
        ),
    ] {
        let bytes = noise(length, length as u64);
        write(&backend, bytes.clone()).await.unwrap();
        assert_eq!(cluster.secrets("default"), names, "{length}");
        assert!(
            read(&open(&cluster, "default")).await.unwrap() == Some(bytes),
            "{length}"
        );
    }
    let options = |etag: Option<String>| WriteOptions {
        if_match: etag.map(IfMatch::Etag),
        ..WriteOptions::default()
    };
    // The parts' versions together are the state's.
    let state = backend.read(&cx(), &at()).await.unwrap().unwrap();
    let again = backend
        .write(
            &cx(),
            &at(),
            noise(PART + 9, 7),
            options(state.etag.clone()),
        )
        .await;
    let late = backend
        .write(&cx(), &at(), noise(PART + 9, 8), options(state.etag))
        .await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(
        backend.read(&cx(), &at()).await.unwrap().unwrap().etag,
        again.unwrap().etag
    );
    // A part that was damaged is seen.
    let name = format!("{SECRET}-part-1");
    let mut part = cluster.secret("default", &name).unwrap();
    part["data"]["tfstate"] = json!("eA==");
    cluster.request(
        "PUT",
        &format!("/api/v1/namespaces/default/secrets/{name}"),
        &part,
    );
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert_eq!(place(&error, "secret"), SECRET);
    delete(&backend).await.unwrap();
    assert_eq!(cluster.secrets("default"), [""; 0]);
    assert_eq!(read(&backend).await.unwrap(), None);
}

/// The server refuses the first part, when the second one is written already.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_the_middle_is_put_back() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let backend = open(&cluster, "default");
    for length in [PART + 9, 9] {
        let old = noise(length, 3);
        write(&backend, old.clone()).await.unwrap();
        let names = cluster.secrets("default");
        let mut first = cluster.secret("default", SECRET).unwrap();
        first["immutable"] = json!(true);
        let target = format!("/api/v1/namespaces/default/secrets/{SECRET}");
        assert_eq!(cluster.request("PUT", &target, &first).0, 200);
        let error = write(&backend, noise(3 * PART, 5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(place(&error, "server").contains("immutable"), "{error}");
        assert_eq!(cluster.secrets("default"), names);
        assert!(read(&backend).await.unwrap() == Some(old));
        delete(&backend).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_state_is_let_be() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let backend = open(&cluster, "default");
    // As between the two requests of the programs.
    let empty = json!({"metadata": {"name": SECRET}});
    let secrets = "/api/v1/namespaces/default/secrets";
    assert_eq!(cluster.request("POST", secrets, &empty).0, 201);
    assert_eq!(read(&backend).await.unwrap(), None);
    let error = delete(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(place(&error, "label"), "tfstate=true");
    let options = WriteOptions {
        if_match: Some(IfMatch::Absent),
        ..WriteOptions::default()
    };
    backend
        .write(&cx(), &at(), Bytes::from_static(b"{}"), options)
        .await
        .unwrap();
    assert_eq!(read(&backend).await.unwrap().unwrap(), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_are_told_by_labels_page_by_page() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let secrets = "/api/v1/namespaces/default/secrets";
    for n in 0..620 {
        let (suffix, state) = match n {
            600..610 => ("other", "true"),
            610.. => ("net", "no"),
            _ => ("net", "true"),
        };
        let workspace = format!("w{n:04}");
        let labels =
            json!({"tfstate": state, "tfstateSecretSuffix": suffix, "tfstateWorkspace": workspace});
        let name = format!("tfstate-{workspace}-{suffix}");
        let secret = json!({"metadata": {"name": name, "labels": labels}});
        assert_eq!(cluster.request("POST", secrets, &secret).0, 201);
    }
    let names = open(&cluster, "default").workspaces(&cx()).await.unwrap();
    assert_eq!(names.len(), 601);
    assert_eq!(
        (names[0].as_str(), names[1].as_str(), names[600].as_str()),
        ("default", "w0000", "w0599")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_are_leases_and_end_with_their_workspace() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let backend = open(&cluster, "default");
    let prod = StateRef::current("prod".parse().unwrap());
    let lease = "lock-tfstate-prod-net".to_owned();
    let id = backend.lock(&cx(), &prod, info()).await.unwrap();
    assert_eq!(
        cluster.leases("default"),
        [(lease.clone(), Some(id.0.clone()))]
    );
    let error = backend
        .forget_workspace(&cx(), &prod.workspace)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(LockedBy::of(&error).unwrap().id, id.0);
    // From another process.
    open(&cluster, "default")
        .unlock(&cx(), &prod, &id)
        .await
        .unwrap();
    assert_eq!(cluster.leases("default"), [(lease, None)]);
    let options = WriteOptions::default;
    backend
        .write(&cx(), &prod, Bytes::from_static(b"{}"), options())
        .await
        .unwrap();
    let error = backend
        .forget_workspace(&cx(), &prod.workspace)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    backend.delete(&cx(), &prod, options()).await.unwrap();
    backend
        .forget_workspace(&cx(), &prod.workspace)
        .await
        .unwrap();
    assert_eq!(cluster.leases("default"), []);
    let default = backend
        .forget_workspace(&cx(), &at().workspace)
        .await
        .unwrap_err();
    assert_eq!(default.kind(), ErrorKind::InvalidInput);
    // A lease without a word names its holder by its id; one that is taken over is not ours any more.
    let id = backend.lock(&cx(), &at(), info()).await.unwrap();
    let target = format!("/apis/coordination.k8s.io/v1/namespaces/default/leases/lock-{SECRET}");
    let (_, mut lease) = cluster.request("GET", &target, &Value::Null);
    lease["spec"]["holderIdentity"] = json!("somebody");
    assert_eq!(cluster.request("PUT", &target, &lease).0, 200);
    let error = write(&backend, "{}").await.unwrap_err();
    assert_eq!(LockedBy::of(&error).unwrap().id, "somebody");
    let error = write_under(&backend, &id, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(read(&backend).await.unwrap(), None);
}
