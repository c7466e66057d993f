//! A bucket of states on a server of this machine.

use std::net::SocketAddr;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use driftmgr_benches::programs::{Programs, Server};
use driftmgr_benches::states::synthetic_state;
use driftmgr_core::testkit::proxy::HttpProxy;
use futures::StreamExt as _;
use tempfile::TempDir;

use crate::sides;

pub(crate) const BUCKET: &str = "states";
pub(crate) const KEY: &str = "terraform.tfstate";
/// Name and password of the server's administrator.
pub(crate) const USER: &str = "administrator";
/// What the lineage is in a state that is made.
const LINEAGE: &str = "3f1c1c0e-2f43-7a4b-8d0e-8f9a6b1f2f10";
/// Instances of the smallest state, 10 KB, and of the largest, 1 MB.
const INSTANCES: (f64, f64) = (3.2, 330.0);

/// The name of a workspace; they sort as their numbers do.
pub(crate) fn name(n: usize) -> String {
    format!("team-{n:05}")
}

/// The server and what is in it.
pub(crate) struct Bucket {
    server: Server,
    sizes: Vec<u64>,
    pub(crate) bytes: u64,
    pub(crate) largest: u64,
    _data: TempDir,
}

pub(crate) fn client(url: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .force_path_style(true)
        .credentials_provider(Credentials::new(USER, USER, None, None, "bench"))
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// Log-uniform between smallest and largest, and the same in each run.
fn state(n: usize, made: &mut Vec<Option<String>>) -> Vec<u8> {
    // The golden ratio's multiples are spread evenly.
    let fraction = (n as f64 * 0.618_033_988_749_894_9).fract();
    let instances = INSTANCES.0 * (INSTANCES.1 / INSTANCES.0).powf(fraction);
    let instances = instances.round() as usize;
    made.resize(made.len().max(instances + 1), None);
    let text = made[instances]
        .get_or_insert_with(|| String::from_utf8(synthetic_state(instances)).unwrap());
    let lineage = format!("00000000-0000-0000-0000-{n:012}");
    text.replace(LINEAGE, &lineage).into_bytes()
}

impl Bucket {
    pub(crate) fn filled(programs: &Programs, states: usize) -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = programs.minio(data.path(), USER);
        let url = format!("http://127.0.0.1:{}", server.port);
        let (mut made, mut sizes) = (Vec::new(), Vec::with_capacity(states));
        sides::runtime().block_on(async {
            let client = client(&url);
            while client.create_bucket().bucket(BUCKET).send().await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            let states = futures::stream::iter((0..states).map(|n| {
                let bytes = state(n, &mut made);
                sizes.push(bytes.len() as u64);
                let request = client.put_object().bucket(BUCKET);
                let request = request.key(format!("env:/{}/{KEY}", name(n)));
                request.body(bytes.into()).send()
            }));
            let mut states = states.buffer_unordered(16);
            while let Some(put) = states.next().await {
                put.unwrap();
            }
        });
        Self {
            server,
            bytes: sizes.iter().sum(),
            largest: sizes.iter().copied().max().unwrap_or_default(),
            sizes,
            _data: data,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The bytes of the first states.
    pub(crate) fn bytes_of(&self, states: usize) -> u64 {
        self.sizes.iter().take(states).sum()
    }

    /// So many requests the library makes to list the workspaces.
    pub(crate) fn list_requests(&self) -> usize {
        sides::runtime().block_on(async {
            let server: SocketAddr = ([127, 0, 0, 1], self.server.port).into();
            let proxy = HttpProxy::start(server).await.unwrap();
            let handle = sides::handle(&proxy.url(), None);
            let names = handle.workspaces().await.unwrap();
            assert_eq!(names.len(), self.sizes.len() + 1);
            let seen = proxy.seen();
            assert!(
                seen.iter()
                    .all(|request| request.target.contains("list-type=2"))
            );
            seen.len()
        })
    }
}
