//! How states lie in keys.

use super::*;

const PIECE: usize = 524_288;

/// The keys of pieces.
fn pieces(server: &Consul) -> Vec<String> {
    let all = server.keys().into_iter();
    all.filter(|key| key.contains("/tfstate.")).collect()
}

#[tokio::test]
async fn a_large_state_lies_in_pieces_under_a_list() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    let bytes = noise(2 * PIECE + 5);
    write(&backend, bytes.clone()).await.unwrap();
    let list: Value = serde_json::from_slice(&server.value(PATH).unwrap()).unwrap();
    let hash = list["current-hash"].as_str().unwrap();
    let keys: Vec<String> = (0..3)
        .map(|n| format!("{PATH}/tfstate.{hash}/{n}"))
        .collect();
    assert_eq!(list, json!({"current-hash": hash, "chunks": keys}));
    assert_eq!(pieces(&server), keys);
    let lengths: Vec<usize> = keys
        .iter()
        .map(|k| server.value(k).unwrap().len())
        .collect();
    assert_eq!(lengths, [PIECE, PIECE, 5]);
    assert_eq!(read(&open(&server)).await.unwrap(), Some(bytes.clone()));
    // The next one takes the old pieces away, and so does a small one.
    write(&backend, noise(PIECE + 1)).await.unwrap();
    assert_eq!(pieces(&server).len(), 2);
    assert!(pieces(&server).iter().all(|key| !key.contains(hash)));
    write(&backend, &b"{}"[..]).await.unwrap();
    assert_eq!(server.keys(), [PATH]);
    write(&backend, bytes).await.unwrap();
    delete(&backend).await.unwrap();
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
async fn the_same_large_state_keeps_its_pieces() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    let bytes = noise(PIECE);
    for more in [json!({}), json!({}), json!({"gzip": true}), json!({})] {
        write(&open_with(&server, more), bytes.clone())
            .await
            .unwrap();
        assert_eq!(read(&backend).await.unwrap(), Some(bytes.clone()));
        assert!(!pieces(&server).is_empty());
    }
    // A piece that was lost is written again.
    let piece = pieces(&server).remove(0);
    server.put(&piece, b"damaged");
    let error = read(&backend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert_eq!(place(&error, "key"), PATH);
    write(&backend, bytes.clone()).await.unwrap();
    assert_eq!(read(&backend).await.unwrap(), Some(bytes));
}

#[tokio::test]
async fn a_size_on_the_edge_is_written_either_way() {
    for length in [393_000, 393_100, PIECE - 1, PIECE, PIECE + 1] {
        let server = Consul::start(Behaviour::default());
        let backend = open(&server);
        write(&backend, noise(length)).await.unwrap();
        assert_eq!(
            read(&backend).await.unwrap(),
            Some(noise(length)),
            "{length}"
        );
    }
}

#[tokio::test]
async fn a_server_that_takes_less_gets_pieces_or_says_no() {
    let server = Consul::start(Behaviour {
        limit: 100_000,
        ..Behaviour::default()
    });
    let backend = open(&server);
    write(&backend, &b"{}"[..]).await.unwrap();
    let error = write(&backend, noise(200_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.hints()[0].contains("kv_max_value_size"));
    assert_eq!(
        read(&backend).await.unwrap(),
        Some(Bytes::from_static(b"{}"))
    );
    // What fits in pieces does.
    write(&backend, noise(90_000)).await.unwrap();
    assert_eq!(read(&backend).await.unwrap(), Some(noise(90_000)));
}

#[tokio::test]
async fn what_would_be_misread_is_compressed() {
    let server = Consul::start(Behaviour::default());
    let backend = open(&server);
    for bytes in [
        &b"\x1f\x8bno gzip"[..],
        br#"{"current-hash": "x", "chunks": ["tf/net/tfstate.x/0"]}"#,
    ] {
        write(&backend, bytes).await.unwrap();
        assert_eq!(server.value(PATH).unwrap()[0], 0x1f);
        assert_eq!(read(&backend).await.unwrap().unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_state_that_is_replaced_while_it_is_read_is_read_whole() {
    let server = Arc::new(Consul::start(Behaviour::default()));
    let (old, new) = (noise(PIECE * 2), noise(PIECE * 3));
    write(&open(&server), old.clone()).await.unwrap();
    let writing = tokio::spawn({
        let server = Arc::clone(&server);
        let (old, new) = (old.clone(), new.clone());
        async move {
            let writer = open(&server);
            for round in 0..10 {
                let next = if round % 2 == 0 { &new } else { &old };
                write(&writer, next.clone()).await.unwrap();
            }
        }
    });
    let reader = open(&server);
    while !writing.is_finished() {
        let seen = read(&reader).await.unwrap().unwrap();
        assert!(seen == old || seen == new);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn workspaces_are_what_has_no_slash() {
    let server = Consul::start(Behaviour::default());
    for key in [
        "tf/net-env:b",
        "tf/net-env:a",
        "tf/net-env:a/.lockinfo",
        "tf/net-env:gone/.lock",
        "tf/net-env:",
        "tf/net2-env:x",
        "tf/net",
    ] {
        server.put(key, b"{}");
    }
    let names = open(&server).workspaces(&cx()).await.unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["default", "a", "b"]);
}
