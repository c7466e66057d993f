//! What a pool shares, limits and refuses.

use std::sync::atomic::{AtomicUsize, Ordering};

use driftmgr_plugin::tfplugin6::{ServerCapabilities, read_resource};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::provider::ResourceReader;
use crate::provider::plugin::SchemaCache;
use crate::provider::plugin::fake::{
    self, Fake, attribute, cx, error, pool, schema_of, script, settings, stored, with_identity,
};

/// Reads that wait until they are let go, and count how many wait at a time.
fn slow(open: CancellationToken) -> (Fake, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (in_read, max) = (now.clone(), most.clone());
    let read = script(move |request: read_resource::Request| {
        let (open, in_read, max) = (open.clone(), in_read.clone(), max.clone());
        async move {
            max.fetch_max(in_read.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            open.cancelled().await;
            in_read.fetch_sub(1, Ordering::SeqCst);
            Ok(read_resource::Response {
                new_state: request.current_state,
                ..Default::default()
            })
        }
    });
    let fake = Fake {
        read,
        ..Fake::default()
    };
    (fake, now, most)
}

#[tokio::test]
async fn no_more_calls_than_allowed_at_a_time() {
    let open = CancellationToken::new();
    let (fake, now, most) = slow(open.clone());
    let running = fake.run();
    let pool = ProviderPool::new(PoolOptions {
        concurrency: Concurrency::Fixed(3),
        ..PoolOptions::default()
    });
    let reader = pool
        .reader(&cx(), &running.launch(), &Value::Null)
        .await
        .unwrap();
    let reads: Vec<_> = (0..20)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { reader.refresh(&cx(), stored(json!({"id": "a"}))).await })
        })
        .collect();
    while now.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    open.cancel();
    for read in reads {
        read.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_read_that_takes_too_long_and_one_that_is_cancelled() {
    let (fake, ..) = slow(CancellationToken::new());
    let running = fake.run();
    let pool = ProviderPool::new(PoolOptions {
        answer_timeout: Duration::from_millis(100),
        ..PoolOptions::default()
    });
    let reader = pool
        .reader(&cx(), &running.launch(), &Value::Null)
        .await
        .unwrap();
    let error = reader.refresh(&cx(), stored(json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);

    let (fake, now, _) = slow(CancellationToken::new());
    let (reader, _running) = fake::reader(&fake).await;
    let token = CancellationToken::new();
    let cancelled = cx().with_cancellation(token.clone());
    let read = tokio::spawn(async move { reader.refresh(&cancelled, stored(json!({}))).await });
    while now.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    token.cancel();
    let error = read.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn the_configuration_is_completed_validated_and_sent() {
    let fake = Fake::default();
    let running = fake.run();
    let given = settings(json!({"region": 5}));
    pool()
        .reader(&cx(), &running.launch(), &given)
        .await
        .unwrap();
    assert_eq!(
        &fake.configuration.lock().unwrap()[..],
        b"\x82\xa6region\xa15\xa5token\xc0"
    );

    let misspelt = settings(json!({"regoin": "x"}));
    let error = pool().reader(&cx(), &running.launch(), &misspelt).await;
    let error = error.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.context_value("attribute"), Some("regoin"));
}

#[tokio::test]
async fn refused_configurations() {
    let secret = settings(json!({"token": "s3cr3t-token"}));
    for (fake, kind) in [
        (
            Fake {
                validate: vec![error("no such region, s3cr3t-token")],
                ..Fake::default()
            },
            ErrorKind::InvalidConfig,
        ),
        (
            Fake {
                configure: vec![error("ExpiredToken: s3cr3t-token")],
                ..Fake::default()
            },
            ErrorKind::Unauthenticated,
        ),
    ] {
        let running = fake.run();
        let result = pool().reader(&cx(), &running.launch(), &secret).await;
        let error = result.err().unwrap();
        assert_eq!(error.kind(), kind);
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[tokio::test]
async fn one_connection_for_all_who_share_a_configuration() {
    let fake = Fake::default();
    let running = fake.run();
    let pool = pool();
    let (cx, launch) = (cx(), running.launch());
    let configuration = settings(json!({"region": "a", "token": null}));
    let same = settings(json!({"region": "a"}));
    let readers = futures::future::join_all((0..10).map(|i| {
        let configuration = if i % 2 == 0 { &configuration } else { &same };
        pool.reader(&cx, &launch, configuration)
    }))
    .await;
    let first = readers[0].as_ref().unwrap();
    assert!(
        readers
            .iter()
            .all(|r| Arc::ptr_eq(r.as_ref().unwrap(), first))
    );
    assert_eq!(fake.calls(), ["schema", "validate", "configure 1.2.3"]);

    let other = settings(json!({"region": "b"}));
    let error = pool.reader(&cx, &launch, &other).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    // An attached provider is left alone.
    pool.shutdown().await;
    let late = first.refresh(&cx, stored(json!({}))).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Cancelled);
    assert_eq!(fake.calls().len(), 3);
    assert!(running.socket().exists());
}

#[derive(Default)]
struct Memory(Mutex<std::collections::HashMap<String, Bytes>>);

impl SchemaCache for Memory {
    fn load(&self, _: &ProviderSource, version: Option<&str>, hash: &str) -> Option<Bytes> {
        let key = format!("{version:?} {hash}");
        self.0.lock().unwrap().get(&key).cloned()
    }

    fn store(&self, _: &ProviderSource, version: Option<&str>, hash: &str, schemas: &Bytes) {
        let key = format!("{version:?} {hash}");
        self.0.lock().unwrap().insert(key, schemas.clone());
    }
}

#[tokio::test]
async fn cached_schemas_spare_the_call_where_the_provider_allows_it() {
    for (optional, calls) in [(true, 1), (false, 2)] {
        let mut fake = with_identity(4);
        fake.schema.server_capabilities = Some(ServerCapabilities {
            get_provider_schema_optional: optional,
        });
        let running = fake.run();
        let cache = Arc::new(Memory::default());
        let mut launch = running.launch();
        launch.hash = Some("h1:abc".to_owned());
        launch.schema_cache = Some(cache.clone());
        let mut schemas = Vec::new();
        for _ in 0..2 {
            let reader = pool().reader(&cx(), &launch, &Value::Null).await.unwrap();
            reader.refresh(&cx(), stored(json!({}))).await.unwrap();
            schemas.push(reader.schema().clone());
        }
        assert_eq!(schemas[0], schemas[1]);
        assert_eq!(
            schemas[0].resources["fake_thing"]
                .identity
                .as_ref()
                .unwrap()
                .version,
            4
        );
        let asked = fake.calls().iter().filter(|c| *c == "schema").count();
        assert_eq!(asked, calls);

        // What does not decode is as good as nothing.
        for bytes in cache.0.lock().unwrap().values_mut() {
            *bytes = Bytes::from_static(b"garbage");
        }
        pool().reader(&cx(), &launch, &Value::Null).await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_of_a_hundred_megabytes() {
    let mut fake = Fake::default();
    let padding = (0..100)
        .map(|i| attribute(&format!("{i}{}", "x".repeat(1 << 20)), "string"))
        .collect();
    fake.schema
        .resource_schemas
        .insert("fake_huge".to_owned(), schema_of(0, padding));
    let (reader, _running) = fake::reader(&fake).await;
    let huge = reader.resource_schema("fake_huge").unwrap();
    assert_eq!(huge.block.attributes.len(), 100);
}

#[tokio::test]
async fn schemas_that_make_no_sense_are_refused() {
    let nested = |levels: usize| {
        use driftmgr_plugin::tfplugin6::schema::{Block, NestedBlock, nested_block::NestingMode};
        let mut block = Block::default();
        for _ in 0..levels {
            block = Block {
                attributes: Vec::new(),
                block_types: vec![NestedBlock {
                    type_name: "inner".to_owned(),
                    block: Some(block),
                    nesting: NestingMode::List.into(),
                }],
            };
        }
        driftmgr_plugin::tfplugin6::Schema {
            version: 0,
            block: Some(block),
        }
    };
    for (name, schema, fine) in [
        (
            "no type",
            schema_of(0, vec![attribute("a", "nonsense")]),
            false,
        ),
        ("negative version", schema_of(-1, Vec::new()), false),
        ("deep", nested(1000), false),
        ("nested", nested(20), true),
    ] {
        let mut fake = Fake::default();
        fake.schema
            .resource_schemas
            .insert("fake_odd".to_owned(), schema);
        let running = fake.run();
        let result = pool().reader(&cx(), &running.launch(), &Value::Null).await;
        assert_eq!(result.is_ok(), fine, "{name}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::ToolFailed, "{name}: {error}");
        }
    }
}
