//! Finds what `cargo xtask tools` installed, and runs it: Terraform, OpenTofu, providers, a pretended AWS.
//!
//! Nothing here skips: a tool that is missing fails the test and says how to have it.

// Each test binary uses another part.
#![allow(dead_code)]
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The registry host below which Terraform's providers stand in the mirror.
pub const TERRAFORM_REGISTRY: &str = "registry.terraform.io";
/// The same for OpenTofu.
pub const OPENTOFU_REGISTRY: &str = "registry.opentofu.org";

/// The folder that `cargo xtask tools` fills.
#[derive(Debug)]
pub struct Tools {
    root: PathBuf,
}

impl Tools {
    /// The installed tools.
    ///
    /// # Panics
    /// When the folder is not there.
    pub fn get() -> &'static Self {
        static TOOLS: OnceLock<Tools> = OnceLock::new();
        TOOLS.get_or_init(|| {
            let root = variable("DRIFTMGR_TOOLS_DIR")
                .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("driftmgr/tools")))
                .or_else(|| Some(variable("HOME")?.join(".cache/driftmgr/tools")))
                .expect("set DRIFTMGR_TOOLS_DIR, or HOME");
            Self {
                root: installed(root),
            }
        })
    }

    /// The executable of a program.
    pub fn program(&self, program: Program) -> PathBuf {
        let name = match program {
            Program::Terraform => "terraform",
            Program::OpenTofu => "tofu",
            Program::Terraform011 => "terraform-0.11",
        };
        installed(self.root.join("bin").join(name))
    }

    /// The executable that pretends to be AWS.
    pub fn moto_server(&self) -> PathBuf {
        installed(self.root.join("bin/moto_server"))
    }

    /// The executable that pretends to be Azure's blob storage.
    pub fn azurite(&self) -> PathBuf {
        installed(self.root.join("bin/azurite-blob"))
    }

    /// The executable that pretends to be Google Cloud Storage.
    pub fn fake_gcs_server(&self) -> PathBuf {
        installed(self.root.join("bin/fake-gcs-server"))
    }

    /// The executable of another server that speaks like S3; `None` where it was not asked for.
    pub fn minio(&self) -> Option<PathBuf> {
        Some(self.root.join("bin/minio")).filter(|program| program.exists())
    }

    /// The Python that has moto, and so boto3.
    pub fn python(&self) -> PathBuf {
        installed(self.root.join("python/bin/python"))
    }

    /// The filesystem mirror: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/terraform-provider-TYPE_vVERSION`.
    pub fn mirror(&self) -> PathBuf {
        installed(self.root.join("mirror"))
    }

    /// A CLI configuration file that knows the mirror and nothing else.
    pub fn cli_configuration(&self) -> PathBuf {
        installed(self.root.join("terraform.rc"))
    }

    /// The executable of a provider such as `driftmgr/cloudfive` or `hashicorp/aws`.
    pub fn provider(&self, source: &str) -> PathBuf {
        let versions = installed(self.mirror().join(TERRAFORM_REGISTRY).join(source));
        // VERSION, OS_ARCH, file: one of each.
        (0..3).fold(versions, |folder, _| only_entry(&folder))
    }

    /// The version of that provider.
    pub fn provider_version(&self, source: &str) -> String {
        let versions = installed(self.mirror().join(TERRAFORM_REGISTRY).join(source));
        let version = only_entry(&versions);
        version
            .file_name()
            .expect("a version")
            .to_string_lossy()
            .into_owned()
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask tools`",
        path.display()
    );
    path
}

fn only_entry(folder: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask tools`", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    match entries.as_slice() {
        [entry] => entry.clone(),
        _ => panic!(
            "{} has {} entries, and not one",
            folder.display(),
            entries.len()
        ),
    }
}

/// The programs that a state can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The current Terraform.
    Terraform,
    /// The current OpenTofu.
    OpenTofu,
    /// Terraform 0.11, which writes states of format 3. It speaks to no provider of today.
    Terraform011,
}

impl Program {
    /// Both programs that answer as an oracle.
    pub const ORACLES: [Self; 2] = [Self::Terraform, Self::OpenTofu];
}

/// A root module in a folder of its own, and the program that works on it.
#[derive(Debug)]
pub struct Terraform {
    program: PathBuf,
    folder: TempDir,
    environment: Vec<(OsString, OsString)>,
}

impl Terraform {
    /// An empty root module.
    pub fn new(program: Program) -> Self {
        let program = Tools::get().program(program);
        Self {
            program,
            folder: TempDir::new().expect("a temporary folder"),
            environment: Vec::new(),
        }
    }

    /// A copy of a root module, with everything below it.
    pub fn copy_of(program: Program, from: &Path) -> Self {
        let this = Self::new(program);
        copy_folder(from, this.path());
        this
    }

    /// Writes a file of the root module.
    #[must_use]
    pub fn with(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    /// Adds a variable to the environment of all later runs.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The folder of the root module.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the root module.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The state file of the local backend.
    pub fn state_file(&self) -> PathBuf {
        self.file("terraform.tfstate")
    }

    /// Writes a file of the root module.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads a JSON file of the root module.
    pub fn json(&self, name: &str) -> Value {
        let path = self.file(name);
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Changes a JSON file of the root module, such as the cloud of a test provider.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value = self.json(name);
        change(&mut value);
        self.write(name, &value.to_string());
    }

    /// Runs the program, whatever it answers. Of the caller's `TF_` variables it sees none.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words)
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()))
    }

    /// The command that `run` runs, for tests that need it as a process.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TF_") {
                command.env_remove(name);
            }
        }
        command
            .args(words)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_CLI_CONFIG_FILE", Tools::get().cli_configuration())
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program and gives its standard output; anything but success fails the test with all that was printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{}", self.explain(words, &output));
        text(&output.stdout)
    }

    /// Runs the program, expects it to fail, and gives everything it printed.
    pub fn fails(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(!output.status.success(), "{}", self.explain(words, &output));
        text(&output.stdout) + &text(&output.stderr)
    }

    /// `init`.
    pub fn init(&self) -> &Self {
        self.ok(&["init", "-no-color"]);
        self
    }

    /// `apply` without a question.
    pub fn apply(&self) -> &Self {
        self.ok(&["apply", "-auto-approve", "-no-color"]);
        self
    }

    /// `destroy` without a question.
    pub fn destroy(&self) -> &Self {
        self.ok(&["destroy", "-auto-approve", "-no-color"]);
        self
    }

    /// The JSON of a full plan.
    pub fn plan(&self) -> Value {
        self.plan_with(&[])
    }

    /// The JSON of `plan -refresh-only`; what it saw stands in `resource_drift`.
    pub fn plan_refresh_only(&self) -> Value {
        self.plan_with(&["-refresh-only"])
    }

    /// The JSON of a plan with these options.
    pub fn plan_with(&self, options: &[&str]) -> Value {
        // Outside of the module, so that a copy of it does not take the plan along.
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("plan");
        let file = file.to_str().expect("a readable path");
        let out = format!("-out={file}");
        self.ok(&[&["plan", "-no-color", &out], options].concat());
        self.parsed(&["show", "-json", file])
    }

    /// `show -json` of the state.
    pub fn show(&self) -> Value {
        self.parsed(&["show", "-json"])
    }

    /// `state list`, an address a line.
    pub fn state_list(&self) -> Vec<String> {
        self.ok(&["state", "list"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// `state pull`, the text as it was printed.
    pub fn state_pull(&self) -> String {
        self.ok(&["state", "pull"])
    }

    /// `output -json`.
    pub fn output(&self) -> Value {
        self.parsed(&["output", "-json"])
    }

    fn parsed(&self, words: &[&str]) -> Value {
        let text = self.ok(words);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", words.join(" ")))
    }

    fn explain(&self, words: &[&str], output: &Output) -> String {
        format!(
            "{} {} in {}: {}\n--- stdout\n{}\n--- stderr\n{}",
            self.program.display(),
            words.join(" "),
            self.path().display(),
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        )
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target)
                .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
        }
    }
}

/// A pretended AWS on a port of this machine. It ends with this value.
#[derive(Debug)]
pub struct Moto {
    server: Child,
    port: u16,
    _log: TempDir,
}

impl Moto {
    /// Starts it and waits until it answers.
    pub fn start() -> Self {
        let port = free_port();
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("moto.log");
        let log = File::create(&path).expect("a log");
        let server = Command::new(Tools::get().moto_server())
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .expect("moto_server starts");
        let mut this = Self {
            server,
            port,
            _log: folder,
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = this.server.try_wait().expect("its status");
            let log = || fs::read_to_string(&path).unwrap_or_default();
            assert!(ended.is_none(), "moto_server ended: {ended:?}\n{}", log());
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "moto_server does not answer\n{}",
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        this
    }

    /// Such as `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A provider block for version 3 of the AWS provider, with these services sent here.
    pub fn provider_block(&self, services: &[&str]) -> String {
        let url = self.url();
        // The provider asks EC2 about the account while it is configured, and retries for a minute when nobody answers.
        let services = ["ec2"]
            .iter()
            .chain(services.iter().filter(|name| **name != "ec2"));
        let endpoints: String = services
            .map(|name| format!("    {name} = \"{url}\"\n"))
            .collect();
        format!(
            "provider \"aws\" {{
  region                      = \"eu-central-1\"
  access_key                  = \"testing\"
  secret_key                  = \"testing\"
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
{endpoints}  }}
}}
"
        )
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
