use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::config::{backup_path, lock_info_path};
use super::*;
use crate::env::Environment;
use crate::testkit::backend::suite;

fn cx() -> Context {
    Context::new(Environment::from_variables([
        ("USER", "me"),
        ("HOSTNAME", "here"),
    ]))
}

fn default() -> StateRef {
    StateRef::default()
}

/// A root module's folder and a client of its states.
struct Setting {
    dir: tempfile::TempDir,
    backend: LocalBackend,
}

impl Setting {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = LocalBackend::new(LocalConfig::of_directory(dir.path()));
        Self { dir, backend }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("terraform.tfstate")
    }

    async fn write(&self, text: &'static str) -> Result<Written> {
        self.backend
            .write(
                &cx(),
                &default(),
                Bytes::from_static(text.as_bytes()),
                WriteOptions::default(),
            )
            .await
    }

    async fn lock(&self) -> LockId {
        self.backend
            .lock(&cx(), &default(), LockInfo::new(&cx(), "test"))
            .await
            .unwrap()
    }

    /// Names of all files in the folder, sorted.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    suite(|| {
        let dir = tempfile::tempdir().unwrap();
        Box::new(move || Arc::new(LocalBackend::new(LocalConfig::of_directory(dir.path()))))
    })
    .await;
}

#[tokio::test]
async fn no_file_is_left_behind() {
    let s = Setting::new();
    s.write("one").await.unwrap();
    assert_eq!(s.files(), ["terraform.tfstate"]);
    s.write("two").await.unwrap();
    assert_eq!(s.files(), ["terraform.tfstate", "terraform.tfstate.backup"]);
    assert_eq!(fs::read(backup_path(&s.state())).unwrap(), b"one");
    let id = s.lock().await;
    assert_eq!(s.files()[0], ".terraform.tfstate.lock.info");
    s.backend.unlock(&cx(), &default(), &id).await.unwrap();
    s.lock().await;
    drop(s.backend.clone());
    let Setting { dir, backend } = s;
    drop(backend);
    assert!(
        !lock_info_path(&dir.path().join("terraform.tfstate")).exists(),
        "dropping gives the lock back"
    );
}

#[tokio::test]
async fn an_info_file_without_a_lock_locks_nothing() {
    let s = Setting::new();
    fs::write(lock_info_path(&s.state()), "{\"ID\":\"dead\"}").unwrap();
    s.write("one").await.unwrap();
    assert_eq!(s.files(), ["terraform.tfstate"]);
}

#[tokio::test]
async fn reading_the_file_elsewhere_does_not_lose_the_lock() {
    let s = Setting::new();
    s.write("one").await.unwrap();
    s.lock().await;
    drop(fs::File::open(s.state()).unwrap());
    fs::read(s.state()).unwrap();
    // Another process must still be refused.
    let python = Command::new("python3")
        .args(["-c", "import fcntl,sys; f=open(sys.argv[1],'r+')\ntry: fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\nexcept OSError: print('refused')"])
        .arg(s.state())
        .output();
    match python {
        Ok(out) if cfg!(target_os = "linux") => assert_eq!(out.stdout, b"refused\n"),
        _ => println!("skipped: no python3"),
    }
}

#[tokio::test]
async fn an_empty_file_is_not_called_absent() {
    let s = Setting::new();
    fs::write(s.state(), "").unwrap();
    let read = s.backend.read(&cx(), &default()).await.unwrap();
    assert!(read.unwrap().bytes.is_empty());
    let id = s.lock().await;
    s.backend.unlock(&cx(), &default(), &id).await.unwrap();
    assert!(s.state().exists(), "a lock removes only what it made");
    assert_eq!(
        s.backend
            .write(&cx(), &default(), Bytes::new(), WriteOptions::default())
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidInput
    );
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_named() {
    let s = Setting::new();
    fs::create_dir(s.state()).unwrap();
    for error in [
        s.backend.read(&cx(), &default()).await.unwrap_err(),
        s.write("x").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(
            error.context_value("file"),
            Some(s.state().to_str().unwrap())
        );
    }
    let s = Setting::new();
    s.write("one").await.unwrap();
    fs::create_dir(backup_path(&s.state())).unwrap();
    assert!(s.write("two").await.is_err());
    assert_eq!(fs::read(s.state()).unwrap(), b"one", "no backup, no write");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn permissions_stay() {
        let s = Setting::new();
        s.write("one").await.unwrap();
        fs::set_permissions(s.state(), fs::Permissions::from_mode(0o640)).unwrap();
        s.write("two").await.unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(s.state()), 0o640);
        assert_eq!(
            mode(backup_path(&s.state())),
            0o640,
            "the backup is no more public"
        );
        s.lock().await;
        assert_eq!(mode(lock_info_path(&s.state())), 0o600);
    }

    #[tokio::test]
    async fn links_stay() {
        let s = Setting::new();
        let target = s.dir.path().join("real.json");
        fs::write(&target, "one").unwrap();
        symlink("real.json", s.state()).unwrap();
        s.write("two").await.unwrap();
        assert!(fs::symlink_metadata(s.state()).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"two");
        let other = s.dir.path().join("hard.json");
        fs::hard_link(&target, &other).unwrap();
        s.write("three").await.unwrap();
        assert_eq!(
            fs::read(&other).unwrap(),
            b"three",
            "a hard link is the same state"
        );
        fs::remove_file(&target).unwrap();
        let error = s.backend.read(&cx(), &default()).await.unwrap_err();
        assert!(
            error.message().contains("link"),
            "a link to nowhere is not an absent state: {error}"
        );
    }

    #[tokio::test]
    async fn a_file_that_was_replaced_under_the_lock_is_not_written() {
        let s = Setting::new();
        s.write("one").await.unwrap();
        let id = s.lock().await;
        let new = s.dir.path().join("new");
        fs::write(&new, "somebody else's").unwrap();
        fs::rename(&new, s.state()).unwrap();
        let options = WriteOptions {
            lock: Some(id),
            ..WriteOptions::default()
        };
        let error = s
            .backend
            .write(&cx(), &default(), Bytes::from_static(b"two"), options)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(fs::read(s.state()).unwrap(), b"somebody else's");
    }

    #[tokio::test]
    async fn what_was_replaced_is_no_state_for_who_has_it_open() {
        let s = Setting::new();
        s.write("one").await.unwrap();
        let old = fs::File::open(s.state()).unwrap();
        s.write("two").await.unwrap();
        let left = std::io::read_to_string(old).unwrap();
        assert!(left.contains("\"version\":4000000000"), "{left}");
    }
}

/// Terraform in a folder of its own; `None` when there is none on this machine.
struct Terraform(Setting);

impl Terraform {
    fn new() -> Option<Self> {
        if Command::new("terraform").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "terraform is missing");
            println!("skipped: no terraform on the PATH");
            return None;
        }
        let s = Setting::new();
        fs::write(s.dir.path().join("rc"), "").unwrap();
        let this = Self(s);
        this.configure("");
        assert!(this.command(&["init"]).output().unwrap().status.success());
        Some(this)
    }

    fn configure(&self, body: &str) {
        let text = format!(
            "resource \"terraform_data\" \"a\" {{\n  triggers_replace = timestamp()\n{body}\n}}\n"
        );
        fs::write(self.0.dir.path().join("main.tf"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(args)
            .arg("-no-color")
            .current_dir(self.0.dir.path())
            .env("TF_CLI_CONFIG_FILE", self.0.dir.path().join("rc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_DATA_DIR")
            .env_remove("TF_WORKSPACE")
            .stdin(Stdio::null());
        command
    }

    fn apply(&self, timeout: &str) -> Command {
        self.command(&[
            "apply",
            "-auto-approve",
            &format!("-lock-timeout={timeout}"),
        ])
    }

    /// Applies once, and answers with the state's bytes.
    fn applied(&self) -> Vec<u8> {
        let out = self.apply("0s").output().unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        fs::read(self.0.state()).unwrap()
    }

    /// A terraform that holds the lock for a while.
    fn holding(&self) -> Child {
        self.configure("  provisioner \"local-exec\" {\n    command = \"sleep 3\"\n  }");
        let child = self
            .apply("0s")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !lock_info_path(&self.0.state()).exists() {
            assert!(Instant::now() < deadline, "terraform took no lock");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(200));
        child
    }
}

#[tokio::test]
async fn terraform_is_kept_out_and_told_by_whom() {
    let Some(terraform) = Terraform::new() else {
        return;
    };
    terraform.applied();
    let id = terraform.0.lock().await;
    let out = terraform.apply("0s").output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success());
    for part in [
        "Error acquiring the state lock",
        id.0.as_str(),
        "me@here",
        "test",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    terraform
        .0
        .backend
        .unlock(&cx(), &default(), &id)
        .await
        .unwrap();
    terraform.applied();
}

#[tokio::test]
async fn we_are_kept_out_and_told_by_whom() {
    let Some(terraform) = Terraform::new() else {
        return;
    };
    let before = terraform.applied();
    let mut holding = terraform.holding();
    let error = terraform.0.write("{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let holder = LockedBy::of(&error).unwrap();
    assert_eq!(holder.operation, "OperationTypeApply");
    let read = terraform.0.backend.read(&cx(), &default()).await.unwrap();
    assert!(read.is_some(), "reading takes no lock");
    assert!(holding.wait().unwrap().success());
    assert_ne!(fs::read(terraform.0.state()).unwrap(), before);
    assert!(!lock_info_path(&terraform.0.state()).exists());
}

#[tokio::test]
async fn terraform_goes_on_from_what_we_wrote() {
    let Some(terraform) = Terraform::new() else {
        return;
    };
    terraform.applied();
    let text = fs::read_to_string(terraform.0.state()).unwrap();
    let mut state: serde_json::Value = serde_json::from_str(&text).unwrap();
    let serial = state["serial"].as_u64().unwrap() + 1;
    state["serial"] = serial.into();
    let new = Bytes::from(state.to_string());
    let write = terraform
        .0
        .backend
        .write(&cx(), &default(), new, WriteOptions::default())
        .await;
    assert_eq!(write.unwrap().backup.as_deref(), Some("backup"));
    assert_eq!(
        fs::read_to_string(backup_path(&terraform.0.state())).unwrap(),
        text
    );
    let after: serde_json::Value = serde_json::from_slice(&terraform.applied()).unwrap();
    assert!(after["serial"].as_u64().unwrap() > serial);
    assert_eq!(after["lineage"], state["lineage"]);
}

/// The reason for what is left in a replaced file: without it terraform reports success here, and its change is lost.
#[tokio::test]
async fn a_terraform_that_waited_while_we_wrote_loses_nothing_silently() {
    let Some(terraform) = Terraform::new() else {
        return;
    };
    let mut new = terraform.applied();
    let id = terraform.0.lock().await;
    let waiting = terraform
        .apply("30s")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    new.push(b'\n');
    let options = WriteOptions {
        lock: Some(id.clone()),
        ..WriteOptions::default()
    };
    terraform
        .0
        .backend
        .write(&cx(), &default(), new.clone().into(), options)
        .await
        .unwrap();
    terraform
        .0
        .backend
        .unlock(&cx(), &default(), &id)
        .await
        .unwrap();
    let out = tokio::task::spawn_blocking(move || waiting.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    let now = fs::read(terraform.0.state()).unwrap();
    // It may have opened the file late enough to see the new one; then its change is there.
    if out.status.success() {
        assert_ne!(now, new);
    } else {
        assert_eq!(now, new);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains("not supported"), "{said}");
    }
    terraform.applied();
}

#[tokio::test]
async fn workspaces_are_terraforms() {
    let Some(terraform) = Terraform::new() else {
        return;
    };
    for name in ["prod", "dev"] {
        assert!(
            terraform
                .command(&["workspace", "new", name])
                .output()
                .unwrap()
                .status
                .success()
        );
    }
    terraform.applied_in("dev");
    let names = terraform.0.backend.workspaces(&cx()).await.unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "dev", "prod"]);
    let dev = StateRef::current("dev".parse().unwrap());
    let state = terraform
        .0
        .backend
        .read(&cx(), &dev)
        .await
        .unwrap()
        .unwrap();
    assert!(state.bytes.windows(14).any(|w| w == b"terraform_data"));
    assert!(
        terraform
            .0
            .backend
            .read(&cx(), &default())
            .await
            .unwrap()
            .is_none()
    );
}

impl Terraform {
    fn applied_in(&self, workspace: &str) {
        let out = self
            .apply("0s")
            .env("TF_WORKSPACE", workspace)
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
}
