//! A second server that speaks like S3, where it is installed: `cargo xtask tools --only minio`.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use tempfile::TempDir;

use crate::support::tools::Tools;

/// Name and password of its administrator.
pub(in crate::backends) const USER: &str = "administrator";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running minio. It ends with this value.
pub(in crate::backends) struct Minio {
    process: Child,
    port: u16,
    _data: TempDir,
}

impl Minio {
    /// `None` where it is not installed: to compile it takes minutes, so no suite insists on it.
    pub(in crate::backends) fn start() -> Option<Self> {
        let program: PathBuf = Tools::get().minio()?;
        let data = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new(program)
            .args(["server", "--quiet", "--address"])
            .arg(format!("127.0.0.1:{port}"))
            .arg(data.path())
            .env("MINIO_ROOT_USER", USER)
            .env("MINIO_ROOT_PASSWORD", USER)
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            process,
            port,
            _data: data,
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "minio does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Such as `http://127.0.0.1:4711`.
    pub(in crate::backends) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An empty bucket.
    pub(in crate::backends) async fn bucket(&self, name: &str, versioned: bool) {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.url())
            .force_path_style(true)
            .credentials_provider(Credentials::new(USER, USER, None, None, "test"))
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let start = Instant::now();
        // It listens before it can store.
        while let Err(error) = client.create_bucket().bucket(name).send().await {
            assert!(start.elapsed() < PATIENCE, "{error:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if versioned {
            let enabled = VersioningConfiguration::builder()
                .status(BucketVersioningStatus::Enabled)
                .build();
            let request = client.put_bucket_versioning().bucket(name);
            let sent = request.versioning_configuration(enabled).send();
            sent.await.unwrap();
        }
    }
}

impl Drop for Minio {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
