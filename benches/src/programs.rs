//! The real programs and servers, where `cargo xtask tools` put them.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The folder of the tools.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
}

impl Programs {
    /// `DRIFTMGR_TOOLS_DIR`, or the folder in the user's cache.
    ///
    /// # Panics
    /// When nothing was installed there.
    #[expect(clippy::expect_used, reason = "there is nothing to measure then")]
    pub fn find() -> Self {
        let dir = std::env::var_os("DRIFTMGR_TOOLS_DIR").map_or_else(
            || {
                PathBuf::from(std::env::var_os("HOME").expect("a home folder"))
                    .join(".cache/driftmgr/tools")
            },
            PathBuf::from,
        );
        assert!(
            dir.join("terraform.rc").exists(),
            "run `cargo xtask tools` first: nothing at {}",
            dir.display()
        );
        Self { dir }
    }

    /// `terraform` or `tofu`, in a folder.
    pub fn peer(&self, name: &str, dir: &Path) -> Command {
        let mut command = Command::new(self.dir.join("bin").join(name));
        self.surround(&mut command, dir);
        command
    }

    /// Sets what both programs need to find the providers.
    pub fn surround(&self, command: &mut Command, dir: &Path) {
        command
            .current_dir(dir)
            .env("TF_CLI_CONFIG_FILE", self.dir.join("terraform.rc"))
            .env("CHECKPOINT_DISABLE", "1");
    }

    /// Starts moto, which pretends to be AWS, on a free port.
    ///
    /// # Panics
    /// When it does not answer within half a minute.
    pub fn moto(&self) -> Server {
        let port = free_port();
        let mut moto = Command::new(self.dir.join("bin/moto_server"));
        moto.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        started(moto, port)
    }

    /// Starts minio, a server of objects, on a free port. Its administrator's name is also the password.
    ///
    /// # Panics
    /// When it is not installed, or does not answer within half a minute.
    pub fn minio(&self, data: &Path, administrator: &str) -> Server {
        let program = self.dir.join("bin/minio");
        assert!(
            program.exists(),
            "run `cargo xtask tools --only minio` first"
        );
        let port = free_port();
        let mut minio = Command::new(program);
        minio
            .args(["server", "--quiet", "--address"])
            .arg(format!("127.0.0.1:{port}"))
            .arg(data)
            .env("MINIO_ROOT_USER", administrator)
            .env("MINIO_ROOT_PASSWORD", administrator)
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off");
        started(minio, port)
    }
}

#[expect(clippy::expect_used, reason = "there is nothing to measure then")]
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    free.expect("a free port").port()
}

#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "there is nothing to measure then"
)]
fn started(mut program: Command, port: u16) -> Server {
    let child = program
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let server = Server { child, port };
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{program:?} does not answer");
}

/// A server that ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
