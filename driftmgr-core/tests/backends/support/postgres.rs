//! A real PostgreSQL in a folder of its own, prepared and looked at from outside of the library.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Who may do everything there, with this password.
pub(in crate::backends) const ADMIN: &str = "postgres";
/// Its password.
pub(in crate::backends) const ADMIN_PASSWORD: &str = "of-the-administrator";

/// A running PostgreSQL. It ends with this value.
pub(in crate::backends) struct Postgres {
    server: Child,
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

/// The folder of its programs: the newest of Debian's, else whatever is in the path.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|e| e.unwrap().path().join("bin")).collect();
    versions.sort();
    versions.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions.extend(std::env::split_paths(&path));
    versions
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL does not run as root: then it runs as its own user, or as nobody.
fn owner() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = users.lines().find(|l| l.split(':').next() == Some(*name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        Some((ids.next()?, ids.next()?))
    })
}

fn as_owner(command: &mut Command) -> &mut Command {
    match owner() {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

/// A file that the server may read and nobody else.
fn put(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    if let Some((user, group)) = owner() {
        chown(&path, Some(user), Some(group)).unwrap();
    }
}

impl Postgres {
    /// Starts one with nothing in it; `None` where PostgreSQL is not installed, which is an error on CI.
    pub(in crate::backends) fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// The same with certificate and key for TLS, in PEM.
    pub(in crate::backends) fn start_with(tls: Option<(&str, &str)>) -> Option<Self> {
        let Some(programs) = programs() else {
            let missing = "PostgreSQL is not installed: apt-get install -y --no-install-recommends postgresql";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            println!("skipped: {missing}");
            return None;
        };
        let folder = TempDir::new().unwrap();
        if let Some((user, group)) = owner() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        put(folder.path(), "password", ADMIN_PASSWORD);
        let data = folder.path().join("data");
        let made = as_owner(&mut Command::new(programs.join("initdb")))
            .current_dir(folder.path())
            .args(["--no-sync", "--username", ADMIN, "--auth", "scram-sha-256"])
            .args([
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "--pwfile",
                "password",
            ])
            .arg("--pgdata")
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success(), "{text}");
        // Another server may take the port in between.
        for _ in 0..3 {
            if let Some(server) = Self::run(&programs, &folder, &data, tls) {
                let (server, port) = server;
                return Some(Self {
                    server,
                    programs,
                    folder,
                    port,
                });
            }
        }
        panic!("{}", log(&folder));
    }

    fn run(
        programs: &Path,
        folder: &TempDir,
        data: &Path,
        tls: Option<(&str, &str)>,
    ) -> Option<(Child, u16)> {
        let port = {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap().port()
        };
        let mut command = Command::new(programs.join("postgres"));
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "autovacuum=off",
            "max_connections=60",
            "shared_buffers=16MB",
            "log_min_messages=fatal",
        ] {
            command.args(["-c", setting]);
        }
        if let Some((certificate, key)) = tls {
            put(data, "server.crt", certificate);
            put(data, "server.key", key);
            command.args(["-c", "ssl=on"]);
        }
        let log = File::create(folder.path().join("log")).unwrap();
        let mut server = as_owner(&mut command)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let start = Instant::now();
        loop {
            let ready = Command::new(programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
                .unwrap();
            if ready.success() {
                return Some((server, port));
            }
            if server.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "it does not answer"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Where it listens.
    pub(in crate::backends) fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// The URL of a database for its administrator, in the clear.
    pub(in crate::backends) fn url(&self, database: &str) -> String {
        format!(
            "postgres://{ADMIN}:{ADMIN_PASSWORD}@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// Runs statements as its administrator; what they answer, without a last line's end.
    pub(in crate::backends) fn sql(&self, database: &str, statements: &str) -> String {
        let output = self.psql(database, statements).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}: {error}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end_matches('\n').to_owned()
    }

    /// The program that `sql` runs, for statements that take their time.
    pub(in crate::backends) fn psql(&self, database: &str, statements: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args([
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
            ])
            .args(["-p", &self.port.to_string(), "-U", ADMIN, "-d", database])
            .args(["-c", statements])
            .env("PGPASSWORD", ADMIN_PASSWORD)
            .env("PGSSLMODE", "prefer")
            .stdin(Stdio::null());
        command
    }

    /// The bytes of a state; `None` when it has no row.
    pub(in crate::backends) fn state(
        &self,
        database: &str,
        table: &str,
        name: &str,
    ) -> Option<Vec<u8>> {
        let sql = format!(
            "SELECT 'x' || encode(convert_to(data, 'UTF8'), 'hex') FROM {table} WHERE name = '{name}'"
        );
        let answer = self.sql(database, &sql);
        let digits = answer.strip_prefix('x')?.as_bytes();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        Some(digits.chunks(2).map(byte).collect())
    }

    /// Ends it as a crash does.
    pub(in crate::backends) fn end(&mut self) {
        // It may have ended by itself.
        if let Some(pid) = Pid::from_raw(self.server.id().cast_signed()) {
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = self.server.wait();
    }
}

fn log(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let running = matches!(self.server.try_wait(), Ok(None));
        if running {
            self.end();
        }
        if std::thread::panicking() {
            println!("--- PostgreSQL says\n{}", log(&self.folder));
        }
    }
}
