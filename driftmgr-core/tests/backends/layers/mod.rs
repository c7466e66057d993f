//! The layers over backends that ask servers: the contract, what goes over the wire, and what a failing server leads to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use driftmgr_core::backend::layers::{
    BackendOptions, CacheKey, CacheOptions, CircuitBreakerOptions, DiskCacheOptions, Layers,
    RateLimitOptions, RetryOptions,
};
use driftmgr_core::backend::{Backend, BackendRegistry, BackendSpec, StateRef, WriteOptions};
use driftmgr_core::client::Client;
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::testkit::backend::suite;
use driftmgr_core::testkit::proxy::{Direction, HttpFault, HttpProxy, Rule, TcpProxy};
use driftmgr_core::{ErrorKind, Result};
use serde_json::{Value, json};

use super::support::azurite::{self, ACCOUNT, Azure, FRONT};
use super::support::moto::Moto;

const KEY: &str = "prod/terraform.tfstate";

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "tester"),
        ("HOSTNAME", "bench"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
    ]))
}

fn at() -> StateRef {
    StateRef::default()
}

fn registry(options: BackendOptions) -> BackendRegistry {
    BackendRegistry::builtin().with_layers(Layers::new(options).unwrap())
}

fn s3(url: &str, bucket: &str, more: &Value) -> BackendSpec {
    let mut all = json!({
        "bucket": bucket, "key": KEY, "region": "us-east-1", "use_path_style": true, "max_retries": 0,
        "endpoints": {"s3": url},
    });
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    BackendSpec::from_block("s3", serde_json::from_value(all).unwrap(), "main.tf:1")
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

fn cache(ttl: Duration) -> BackendOptions {
    BackendOptions {
        cache: Some(CacheOptions {
            ttl,
            ..CacheOptions::default()
        }),
        ..BackendOptions::default()
    }
}

async fn put(cx: &Context, backend: &Arc<dyn Backend>, bytes: Vec<u8>) -> Result<()> {
    let at = at();
    let written = backend.write(cx, &at, bytes.into(), WriteOptions::default());
    written.await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_layers_over_a_bucket_keep_the_contract() {
    let (moto, dir) = (Arc::new(Moto::start()), tempfile::tempdir().unwrap());
    let next = AtomicUsize::new(0);
    let options = BackendOptions {
        retry: Some(RetryOptions::default()),
        rate_limit: Some(RateLimitOptions {
            per_second: 2_000.0,
            burst: 50,
        }),
        circuit_breaker: Some(CircuitBreakerOptions::default()),
        cache: Some(CacheOptions {
            disk: Some(DiskCacheOptions {
                folder: dir.path().join("states"),
                max_bytes: 64 << 20,
                key: Some(CacheKey::new([1; 32])),
            }),
            ..CacheOptions::default()
        }),
        ..BackendOptions::default()
    };
    suite(|| {
        let bucket = format!("bucket-{}", next.fetch_add(1, Ordering::Relaxed));
        moto.bucket(&bucket, true);
        let (moto, options) = (Arc::clone(&moto), options.clone());
        Box::new(move || {
            let spec = s3(&moto.url(), &bucket, &json!({"use_lockfile": true}));
            registry(options.clone()).open(&cx(), &spec).unwrap()
        })
    })
    .await;
}

/// Reads a state of half a megabyte three times through a proxy that counts; how many bytes came for the last two.
async fn read_again(cx: &Context, server: SocketAddr, spec: impl Fn(&str) -> BackendSpec) -> u64 {
    let proxy = TcpProxy::start(server).await.unwrap();
    let registry = registry(cache(Duration::ZERO));
    let spec = spec(&format!("http://{}", proxy.address()));
    let backend = registry.open(cx, &spec).unwrap();
    let state = b"0123456789abcdef".repeat(32 << 10);
    put(cx, &backend, state.clone()).await.unwrap();
    let mut came = 0;
    for round in 0..3 {
        let before = proxy.bytes(Direction::ToClient);
        let read = backend.read(cx, &at()).await.unwrap().unwrap();
        assert_eq!(read.bytes, state);
        if round > 0 {
            came += proxy.bytes(Direction::ToClient) - before;
        }
    }
    let metrics = registry.metrics().cache;
    assert_eq!((metrics.missed, metrics.revalidated), (1, 2));
    came
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_does_not_send_what_is_known() {
    let moto = Moto::start();
    moto.bucket("states", true);
    let open = |url: &str| s3(url, "states", &json!({}));
    let came = read_again(&cx(), address(&moto.url()), open).await;
    assert!(came < 8_192, "{came}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_does_not_send_what_is_known_also_when_a_lock_came_and_went() {
    let azure = Azure::start();
    let container = azure.container();
    let variables = [
        ("USER", "tester".to_owned()),
        ("HOSTNAME", "bench".to_owned()),
    ];
    let variables = variables.into_iter().chain(azure.variables());
    let cx = Context::new(Environment::from_variables(variables));
    let arguments = BTreeMap::from([
        ("storage_account_name".to_owned(), json!(ACCOUNT)),
        ("container_name".to_owned(), json!(container)),
        ("key".to_owned(), json!(KEY)),
        ("metadata_host".to_owned(), json!(FRONT)),
        ("access_key".to_owned(), json!(azurite::KEY)),
    ]);
    let registry = registry(cache(Duration::ZERO));
    let spec = BackendSpec::from_block("azurerm", arguments, "main.tf:1");
    let (ours, theirs) = (
        registry.open(&cx, &spec).unwrap(),
        BackendRegistry::builtin().open(&cx, &spec).unwrap(),
    );
    put(&cx, &theirs, b"{}".to_vec()).await.unwrap();
    for _ in 0..3 {
        let read = ours.read(&cx, &at()).await.unwrap().unwrap();
        assert_eq!(&*read.bytes, b"{}");
        let info = driftmgr_core::backend::LockInfo::new(&cx, "x");
        let id = theirs.lock(&cx, &at(), info).await.unwrap();
        theirs.unlock(&cx, &at(), &id).await.unwrap();
    }
    let metrics = registry.metrics();
    assert_eq!((metrics.cache.missed, metrics.cache.revalidated), (1, 2));
    assert_eq!(metrics.calls["azurerm"]["read"].received, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_is_left_alone_and_asked_again_later() {
    let moto = Moto::start();
    moto.bucket("states", true);
    moto.put("states", KEY, b"{}");
    let proxy = HttpProxy::start(address(&moto.url())).await.unwrap();
    let registry = registry(BackendOptions {
        circuit_breaker: Some(CircuitBreakerOptions {
            failures: 3,
            pause: Duration::from_millis(300),
        }),
        ..BackendOptions::default()
    });
    let url = format!("http://{}", proxy.address());
    let backend = registry
        .open(&cx(), &s3(&url, "states", &json!({})))
        .unwrap();
    // What is not there is no failure of the server.
    for n in 0..4 {
        let none = StateRef::current(format!("none-{n}").parse().unwrap());
        assert_eq!(backend.read(&cx(), &none).await.unwrap(), None);
    }
    proxy.script(Rule::new(HttpFault::xml(503, "ServiceUnavailable")).times(3));
    for _ in 0..3 {
        let error = backend.read(&cx(), &at()).await.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Unavailable | ErrorKind::RateLimited
            ),
            "{error:?}"
        );
    }
    proxy.seen();
    let error = backend.read(&cx(), &at()).await.unwrap_err();
    assert_eq!(error.context_value("layer"), Some("circuit_breaker"));
    assert!(error.context_value("until").is_some());
    assert!(proxy.seen().is_empty());
    tokio::time::sleep(Duration::from_millis(350)).await;
    let read = backend.read(&cx(), &at()).await.unwrap().unwrap();
    assert_eq!(&*read.bytes, b"{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_target_of_a_client_is_below_its_layers() {
    const STATE: &str = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {}, "resources": []}"#;
    let (moto, dir) = (Moto::start(), tempfile::tempdir().unwrap());
    moto.bucket("states", true);
    moto.put("states", KEY, STATE.as_bytes());
    let file = dir.path().join("prod.tfstate");
    std::fs::write(&file, STATE).unwrap();
    let module = dir.path().join("module");
    std::fs::create_dir(&module).unwrap();
    std::fs::write(module.join("terraform.tfstate"), STATE).unwrap();
    let client = Client::builder()
        .context(cx())
        .backend_options(BackendOptions {
            read_only: true,
            ..cache(Duration::from_secs(3600))
        })
        .build()
        .unwrap();
    let url = format!(
        "s3://states/{KEY}?region=us-east-1&use_path_style=true&endpoint={}",
        moto.url()
    );
    for _ in 0..3 {
        client.open(&url).await.unwrap();
        client.open(&file).await.unwrap();
        client.open(&module).await.unwrap();
    }
    let metrics = client.backend_metrics();
    assert_eq!(metrics.calls["s3"]["read"].calls, 1);
    assert_eq!(metrics.calls["local"]["read"].calls, 6);
    assert_eq!(metrics.cache.fresh, 2);
    for target in [
        url.as_str(),
        file.to_str().unwrap(),
        module.to_str().unwrap(),
    ] {
        let managed = client.manage(target).await.unwrap();
        assert!(!managed.capability().write && !managed.capability().lock);
    }
    let handle = client.backend("memory", BTreeMap::new(), ".").unwrap();
    let new = Bytes::from_static(b"{}");
    let written = handle.write(&at(), new, WriteOptions::default()).await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Unsupported);
}
