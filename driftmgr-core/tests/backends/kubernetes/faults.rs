//! What goes wrong between here and the server: nothing is lost by it.

use super::*;

fn answer(status: u16, reason: &str) -> Fault {
    let said = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": status});
    Fault::Answer(status, Vec::new(), said.to_string())
}

/// Faults at each request of a write, one after the other: the state is the old or the new one, and in the end nobody holds the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_anywhere_leaves_the_old_or_the_new_state() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let front = cluster.front();
    let host = json!({"host": format!("http://127.0.0.1:{}", front.port()), "cluster_ca_certificate": null});
    for fault in [
        answer(500, "InternalError"),
        answer(403, "Forbidden"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
    ] {
        // Parts of a state take their time.
        let sizes = match fault {
            Fault::LoseAnswer => vec![10, (1 << 20) + 10],
            _ => vec![10],
        };
        for size in sizes {
            let namespace = cluster.namespace();
            let (backend, plain) = (
                open_with(&cluster, &namespace, host.clone()),
                open(&cluster, &namespace),
            );
            let (old, new) = (noise(size, 3), noise(size + 1, 5));
            let mut met = 0;
            for asked in [
                "GET /apis/coordination",
                "POST /apis/coordination",
                "PUT /apis/coordination",
                "GET /api/v1/namespaces",
                "POST /api/v1/namespaces",
                "PUT /api/v1/namespaces",
                &format!("PUT /api/v1/namespaces/{namespace}/secrets/{SECRET}-part-1"),
            ] {
                let first = asked.starts_with("POST");
                if first {
                    delete(&plain).await.unwrap();
                    let lease = format!(
                        "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/lock-{SECRET}"
                    );
                    cluster.request("DELETE", &lease, &Value::Null);
                } else {
                    write(&plain, old.clone()).await.unwrap();
                }
                front.fault(asked, fault.clone());
                let done = write(&backend, new.clone()).await;
                met += 1 - front.without_faults();
                let seen = read(&plain).await.unwrap();
                match done {
                    Ok(()) => assert!(seen.as_ref() == Some(&new), "{asked}"),
                    Err(error) => {
                        let before = (!first).then_some(&old);
                        assert!(
                            seen.as_ref() == before || seen.as_ref() == Some(&new),
                            "{asked}: {error}"
                        );
                    }
                }
                // What could not be given back is given back by hand, as the error says.
                for (_, holder) in cluster.leases(&namespace) {
                    if let Some(id) = holder {
                        assert!(asked.starts_with("PUT /apis"), "{asked}");
                        plain.unlock(&cx(), &at(), &LockId(id)).await.unwrap();
                    }
                }
            }
            assert!(met >= 6, "only {met} were met");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passing_is_asked_again_and_what_is_none_of_kubernetes_is_said() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let front = cluster.front();
    let host = json!({"host": format!("http://127.0.0.1:{}", front.port()), "cluster_ca_certificate": null});
    let backend = open_with(&cluster, "default", host);
    write(&backend, "{}").await.unwrap();
    for fault in [
        answer(500, "x"),
        answer(503, "x"),
        answer(429, "x"),
        Fault::LoseRequest,
        Fault::CutBody,
    ] {
        front.fault("GET", fault);
        assert_eq!(read(&backend).await.unwrap().unwrap(), "{}");
    }
    for (fault, kind) in [
        (
            Fault::Answer(200, Vec::new(), "<html>".to_owned()),
            ErrorKind::Unexpected,
        ),
        (
            Fault::Answer(404, Vec::new(), "<html>".to_owned()),
            ErrorKind::Unexpected,
        ),
        (answer(400, "BadRequest"), ErrorKind::InvalidConfig),
        (answer(422, "Invalid"), ErrorKind::InvalidInput),
    ] {
        front.fault("GET", fault);
        let error = read(&backend).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(place(&error, "address").ends_with(SECRET), "{error:?}");
    }
    // A list that runs out of date is begun anew.
    front.fault("GET", answer(410, "Expired"));
    assert_eq!(backend.workspaces(&cx()).await.unwrap().len(), 1);
    let cancelled = cx();
    cancelled.cancellation().cancel();
    front.seen();
    for error in [
        backend.read(&cancelled, &at()).await.unwrap_err(),
        backend.workspaces(&cancelled).await.unwrap_err(),
        backend.lock(&cancelled, &at(), info()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
    assert_eq!(front.seen(), []);
}
