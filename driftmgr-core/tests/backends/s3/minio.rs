//! The contract on a second server.

use super::*;
use crate::backends::support::minio::{Minio, USER};

fn open(minio: &Minio, bucket: &str, more: &Value) -> S3Backend {
    let mut all = json!({
        "bucket": bucket, "key": KEY, "region": "us-east-1", "use_path_style": true,
        "access_key": USER, "secret_key": USER, "endpoints": {"s3": minio.url()},
    });
    let more = more.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let spec = BackendSpec::from_block("s3", serde_json::from_value(all).unwrap(), "main.tf:1");
    S3Backend::from_spec(&cx(), &spec).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_minio() {
    let Some(minio) = Minio::start() else {
        println!("skipped: minio is not installed; `cargo xtask tools --only minio` compiles it");
        return;
    };
    let minio = Arc::new(minio);
    for (versioned, more) in [
        (true, json!({"use_lockfile": true})),
        (
            false,
            json!({"use_lockfile": true, "skip_s3_checksum": true}),
        ),
        (true, json!({})),
    ] {
        let next = AtomicUsize::new(0);
        let lock = more.get("use_lockfile").is_some();
        suite(|| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let bucket = format!("bucket-{versioned}-{lock}-{number}");
            let (minio, more) = (Arc::clone(&minio), more.clone());
            tokio::task::block_in_place(|| {
                let runtime = tokio::runtime::Handle::current();
                runtime.block_on(minio.bucket(&bucket, versioned));
            });
            let clients: Open = Box::new(move || {
                let backend = open(&minio, &bucket, &more);
                let asked = tokio::task::block_in_place(|| {
                    let runtime = tokio::runtime::Handle::current();
                    runtime.block_on(backend.ask_versioning(&cx()))
                });
                assert_eq!(asked.unwrap(), versioned);
                Arc::new(backend)
            });
            clients
        })
        .await;
    }
}
