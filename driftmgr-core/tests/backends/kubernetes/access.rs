//! Ways to say who asks, and what is not allowed.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

fn put(cluster: &Cluster, name: &str, text: &str) -> PathBuf {
    let path = cluster.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A kubeconfig for this user, with everything beside it.
fn kubeconfig(cluster: &Cluster, user: &Value) -> PathBuf {
    put(cluster, "authority.pem", &cluster.authority());
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "c", "cluster": {"server": cluster.url(), "certificate-authority": "authority.pem"}}],
        "contexts": [{"name": "it", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": user}],
    });
    put(cluster, "kubeconfig", &config.to_string())
}

/// A backend that knows no more than a kubeconfig.
fn open_by(path: &std::path::Path) -> Result<Arc<dyn Backend>> {
    let arguments = BTreeMap::from([
        ("secret_suffix".to_owned(), json!("net")),
        ("config_path".to_owned(), json!(path.to_str())),
    ]);
    let spec = BackendSpec::from_block("kubernetes", arguments, "main.tf:1");
    Ok(Arc::new(KubernetesBackend::from_spec(&cx(), &spec)?))
}

fn plugin(cluster: &Cluster, status: &Value) {
    let version = "client.authentication.k8s.io/v1";
    let answer = json!({"kind": "ExecCredential", "apiVersion": version, "status": status});
    put(cluster, "answer", &answer.to_string());
    let script =
        "#!/bin/sh\nhere=$(dirname \"$0\")\necho run >> \"$here/runs\"\ncat \"$here/answer\"\n";
    let path = put(cluster, "plugin", script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

fn runs(cluster: &Cluster) -> usize {
    let text = std::fs::read_to_string(cluster.folder().join("runs"));
    text.unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_says_who_asks() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let signed = cluster.sign("carol", "system:masters");
    let crt = put(&cluster, "carol.pem", &signed.certificate);
    put(&cluster, "carol.key", &signed.key);
    let token = put(&cluster, "token", "stale\n");
    let exec = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "interactiveMode": "Never",
    }});
    assert!(crt.is_absolute());
    for user in [
        json!({"token": TOKEN}),
        json!({"client-certificate": "carol.pem", "client-key": "carol.key"}),
        json!({"token": TOKEN, "as": "dave", "as-groups": ["system:masters"]}),
    ] {
        let backend = open_by(&kubeconfig(&cluster, &user)).unwrap();
        write(&backend, user.to_string()).await.unwrap();
        assert_eq!(read(&backend).await.unwrap().unwrap(), user.to_string());
    }
    // A token that is renewed in its file.
    let backend = open_by(&kubeconfig(&cluster, &json!({"tokenFile": "token"}))).unwrap();
    assert_eq!(
        read(&backend).await.unwrap_err().kind(),
        ErrorKind::Unauthenticated
    );
    std::fs::write(&token, TOKEN).unwrap();
    assert!(read(&backend).await.unwrap().is_some());
    // A plugin, asked once, and again when what it granted is refused.
    let backend = open_by(&kubeconfig(&cluster, &exec)).unwrap();
    plugin(&cluster, &json!({"token": "stale"}));
    assert_eq!(
        read(&backend).await.unwrap_err().kind(),
        ErrorKind::Unauthenticated
    );
    assert_eq!(runs(&cluster), 2);
    plugin(&cluster, &json!({"token": TOKEN}));
    write(&backend, "{}").await.unwrap();
    assert_eq!(runs(&cluster), 3);
    // And one that grants a certificate, for no time at all.
    let ended = json!({"clientCertificateData": signed.certificate, "clientKeyData": signed.key, "expirationTimestamp": "2020-01-01T00:00:00Z"});
    plugin(&cluster, &ended);
    let backend = open_by(&kubeconfig(&cluster, &exec)).unwrap();
    assert!(read(&backend).await.unwrap().is_some());
    assert!(read(&backend).await.unwrap().is_some());
    assert_eq!(runs(&cluster), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_named() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let bob = |namespace: &str| open_with(&cluster, namespace, json!({"token": OTHER_TOKEN}));
    let lease = "coordination.k8s.io";
    for (allowed, wanted) in [
        (vec![], "get leases"),
        (vec![(lease, "leases", vec!["get"])], "create leases"),
        (
            vec![(lease, "leases", vec!["get", "create", "update"])],
            "get secrets",
        ),
        (
            vec![
                (lease, "leases", vec!["get", "create", "update"]),
                ("", "secrets", vec!["get"]),
            ],
            "create secrets",
        ),
    ] {
        let namespace = cluster.namespace();
        for (at, (group, resource, verbs)) in allowed.iter().enumerate() {
            cluster.allow(&namespace, &format!("role-{at}"), group, resource, verbs);
        }
        let error = write(&bob(&namespace), "{}").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        assert_eq!(place(&error, "permission"), wanted);
        assert_eq!(place(&error, "namespace"), namespace);
        assert!(error.hints()[0].contains(wanted), "{error:?}");
        assert!(place(&error, "server").contains("\"bob\""), "{error}");
        let held: Vec<_> = cluster
            .leases(&namespace)
            .into_iter()
            .filter(|l| l.1.is_some())
            .collect();
        assert_eq!(held, [], "no lock is left behind");
    }
    let error = bob("default").workspaces(&cx()).await.unwrap_err();
    assert_eq!(place(&error, "permission"), "list secrets");
    // Without `list`, states are read and written.
    let namespace = cluster.namespace();
    cluster.allow(
        &namespace,
        "states",
        "",
        "secrets",
        &["get", "create", "update", "delete"],
    );
    cluster.allow(
        &namespace,
        "locks",
        lease,
        "leases",
        &["get", "create", "update", "delete"],
    );
    let backend = bob(&namespace);
    write(&backend, "{}").await.unwrap();
    assert_eq!(read(&backend).await.unwrap().unwrap(), "{}");
    delete(&backend).await.unwrap();
    let missing = open(&cluster, "missing");
    assert_eq!(read(&missing).await.unwrap(), None);
    let error = write(&missing, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.message().contains("the namespace does not exist"),
        "{error}"
    );
    let unknown = open_with(&cluster, "default", json!({"token": "planted-token"}));
    let error = read(&unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?}").contains("planted"));
    let untrusted = open_with(&cluster, "default", json!({"cluster_ca_certificate": null}));
    let error = read(&untrusted).await.unwrap_err();
    assert!(error.message().contains("not trusted"), "{error:?}");
    let any = json!({"cluster_ca_certificate": null, "insecure": true});
    read(&open_with(&cluster, "default", any)).await.unwrap();
}
