//! Root modules that a real Terraform applied with a test provider once, copied for each test, and looked at through the front door.
//! Every look has to end in time, to leave no process and no socket, and to account for every instance.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use driftmgr_core::Context;
use driftmgr_core::client::{Client, DriftOptions, OpenOptions, Stack};
use driftmgr_core::drift::{DriftReport, NotLookedAtKind};
use driftmgr_core::env::Environment;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::options::showing_all;
use crate::support::tools::{Program, Terraform, Tools};

/// Instances of a lab.
pub(super) const COUNT: usize = 20;
/// No look may take longer, whatever the provider does.
const BOUND: Duration = Duration::from_secs(40);

/// A test provider and the type that the lab has twenty of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The provider's type.
    pub(super) provider: &'static str,
    /// The resource type.
    pub(super) type_name: &'static str,
    /// What the ids begin with.
    pub(super) prefix: &'static str,
}

/// Plugin protocol 5.
pub(super) const FIVE: Kind = Kind {
    provider: "cloudfive",
    type_name: "cloudfive_bucket",
    prefix: "",
};
/// Plugin protocol 6.
pub(super) const SIX: Kind = Kind {
    provider: "cloudsix",
    type_name: "cloudsix_note",
    prefix: "note-",
};
/// Both.
pub(super) const BOTH: [Kind; 2] = [FIVE, SIX];

impl Kind {
    /// The key of an object in the cloud file.
    pub(super) fn id(self, index: usize) -> String {
        format!("{}n{index}", self.prefix)
    }

    /// Changes an object of the cloud in a way that apply would undo.
    pub(super) fn change(self, object: &mut Json) {
        match self.provider {
            "cloudfive" => object["tags"] = json!({"of": "changed"}),
            _ => object["text"] = json!("changed"),
        }
    }

    /// The address of an instance.
    pub(super) fn address(self, index: usize) -> String {
        format!("{}.many[{index}]", self.type_name)
    }

    /// The terraform and variable blocks that every lab of it starts with.
    pub(super) fn head(self) -> String {
        let provider = self.provider;
        format!(
            "terraform {{
  required_providers {{
    {provider} = {{ source = \"driftmgr/{provider}\" }}
  }}
}}
variable \"cloud\" {{ type = string }}
variable \"log\" {{ type = string }}
variable \"fault\" {{
  type    = string
  default = null
}}
"
        )
    }

    /// A provider block over the variables, with more lines in it.
    pub(super) fn block(self, more: &str) -> String {
        format!(
            "provider \"{}\" {{\n  cloud = var.cloud\n  log   = var.log\n  fault = var.fault\n{more}}}\n",
            self.provider
        )
    }

    fn resources(self) -> String {
        let more = if self == FIVE {
            "tags = { of = \"lab\" }"
        } else {
            "text = \"hello\""
        };
        format!(
            "resource \"{}\" \"many\" {{\n  count = {COUNT}\n  name  = \"n${{count.index}}\"\n  {more}\n}}\n",
            self.type_name
        )
    }

    /// Its lab as Terraform left it.
    fn template(self) -> Arc<Terraform> {
        static TEMPLATES: [Shared<Terraform>; 2] = [Shared::new(), Shared::new()];
        TEMPLATES[usize::from(self == SIX)].get(|| {
            let main = self.head() + &self.block("") + &self.resources();
            applied(&main, "")
        })
    }
}

/// One value for all labs of a process. It goes with the last of them, and so do the folders in it: what a static holds is never dropped.
struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.upgrade().unwrap_or_else(|| {
            let made = Arc::new(make());
            *known = Arc::downgrade(&made);
            made
        })
    }
}

/// Applies a root module with Terraform.
pub(super) fn applied(main: &str, variables: &str) -> Terraform {
    let terraform = Terraform::new(Program::Terraform).with("main.tf", main);
    let file = |name| terraform.file(name).display().to_string();
    let places = format!(
        "cloud = {:?}\nlog = {:?}\n{variables}",
        file("cloud.json"),
        file("log.txt")
    );
    terraform.write("terraform.tfvars", &places);
    terraform.init().apply();
    terraform
}

/// A root module, a cloud, and a private temporary folder by which its provider processes are known.
pub(super) struct Lab {
    pub(super) kind: Kind,
    dir: TempDir,
    environment: Environment,
    _cache: Arc<TempDir>,
    _template: Option<Arc<Terraform>>,
}

impl Lab {
    /// Twenty instances, all as their state says.
    pub(super) fn new(kind: Kind) -> Self {
        let template = kind.template();
        Self {
            _template: Some(template.clone()),
            ..Self::of(kind, &template)
        }
    }

    /// A copy of what Terraform applied, without the providers that it installed.
    pub(super) fn of(kind: Kind, applied: &Terraform) -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::create_dir(dir.path().join("tmp")).unwrap();
        for name in [
            "main.tf",
            ".terraform.lock.hcl",
            "terraform.tfstate",
            "cloud.json",
        ] {
            std::fs::copy(applied.file(name), dir.path().join(name)).unwrap();
        }
        let text = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let cache = cache();
        let caches = cache.path().to_str().unwrap().to_owned();
        let environment = Environment::from_variables([
            ("TMPDIR", text("tmp")),
            ("DRIFTMGR_CACHE_DIR", caches),
            (
                "TF_CLI_CONFIG_FILE",
                Tools::get()
                    .cli_configuration()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            ),
        ])
        .with_home(text("home"))
        .with_current_dir(dir.path());
        let lab = Self {
            kind,
            dir,
            environment,
            _cache: cache,
            _template: None,
        };
        lab.variables("");
        lab
    }

    /// Sets variables besides the places of cloud and log.
    pub(super) fn variables(&self, more: &str) {
        let text = |name: &str| self.file(name).display().to_string();
        let places = format!(
            "cloud = {:?}\nlog = {:?}\n{more}",
            text("cloud.json"),
            text("log.txt")
        );
        self.write("terraform.tfvars", &places);
    }

    #[must_use]
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment = self.environment.with_variable(name, value);
        self
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Changes a JSON file, by rename, as a provider may be reading it.
    pub(super) fn edit(&self, name: &str, change: impl FnOnce(&mut Json)) {
        let mut json = serde_json::from_str(&self.read(name)).unwrap();
        change(&mut json);
        self.write("new", &json.to_string());
        std::fs::rename(self.file("new"), self.file(name)).unwrap();
    }

    /// Changes the objects of the lab's type, by id.
    pub(super) fn objects(&self, change: impl FnOnce(&mut serde_json::Map<String, Json>)) {
        self.edit("cloud.json", |cloud| {
            change(
                cloud["objects"][self.kind.type_name]
                    .as_object_mut()
                    .unwrap(),
            );
        });
    }

    /// Lets a fault strike when this instance is read.
    pub(super) fn fault(&self, index: usize, fault: &str) {
        self.objects(|all| all[&self.kind.id(index)]["fault"] = fault.into());
    }

    /// Lets a fault strike for the whole provider.
    pub(super) fn fault_everywhere(&self, fault: &str) {
        self.variables(&format!("fault = {fault:?}\n"));
    }

    /// Deletes instances from the cloud.
    pub(super) fn delete(&self, indices: impl IntoIterator<Item = usize>) {
        self.objects(|all| {
            for index in indices {
                all.remove(&self.kind.id(index)).unwrap();
            }
        });
    }

    /// Changes one attribute of one instance in the cloud.
    pub(super) fn mutate(&self, index: usize) {
        self.objects(|all| self.kind.change(&mut all[&self.kind.id(index)]));
    }

    pub(super) fn cx(&self) -> Context {
        Context::new(self.environment.clone())
    }

    pub(super) fn client(&self) -> Client {
        Client::builder().context(self.cx()).build().unwrap()
    }

    pub(super) async fn stack(&self) -> Stack {
        self.client().open(self.dir()).await.unwrap()
    }

    /// Opens the root module and looks.
    pub(super) async fn look(&self) -> Look {
        self.look_with(self.cx(), &showing_all()).await
    }

    pub(super) async fn look_with(&self, cx: Context, options: &DriftOptions) -> Look {
        let client = Client::builder().context(cx).build().unwrap();
        let stack = self.client().open(self.dir()).await.unwrap();
        self.look_at(&client, &[stack], options).await
    }

    pub(super) async fn look_at(
        &self,
        client: &Client,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Look {
        let start = Instant::now();
        let report = tokio::time::timeout(BOUND, client.detect_drift(stacks, options));
        let report = report.await.expect("the look ends").unwrap();
        self.assert_nothing_left();
        let instances = stacks.iter().map(|s| s.state().instances().count());
        let s = &report.summary;
        assert_eq!(
            s.checked + s.unverifiable + s.skipped,
            instances.sum::<usize>() as u64,
            "every instance is accounted for: {s:?}"
        );
        assert_eq!(
            s.checked,
            s.same + s.drifted + s.deleted + s.hidden,
            "{s:?}"
        );
        Look {
            report,
            took: start.elapsed(),
        }
    }

    /// No process that was started for this lab runs, and no socket is left.
    pub(super) fn assert_nothing_left(&self) {
        let start = Instant::now();
        while !self.running().is_empty() && start.elapsed() < Duration::from_secs(3) {
            // A process that was killed without being waited for may take a moment.
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(self.running(), [0; 0], "processes are left");
        let left: Vec<_> = std::fs::read_dir(self.file("tmp")).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }

    /// Processes with this lab's temporary folder in their environment, whoever their parent is by now.
    pub(super) fn running(&self) -> Vec<u32> {
        let mark = format!("TMPDIR={}\0", self.file("tmp").display());
        let Ok(all) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = all.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| {
            std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| contains(&environ, mark.as_bytes()))
        })
        .collect()
    }

    /// The lines that the provider wrote about its calls: pid, operation, type, id, `begin` or `end`.
    pub(super) fn log(&self) -> Vec<LogLine> {
        let log = std::fs::read_to_string(self.file("log.txt")).unwrap_or_default();
        log.lines()
            .map(|line| {
                let words: Vec<_> = line.split(' ').collect();
                LogLine {
                    pid: words[0].parse().unwrap(),
                    operation: words[1].to_owned(),
                    begins: words[4] == "begin",
                }
            })
            .collect()
    }

    /// Process ids of the reads that began, one each.
    pub(super) fn reads(&self) -> Vec<u32> {
        let reads = self.log().into_iter();
        reads
            .filter(|l| l.operation == "read" && l.begins)
            .map(|l| l.pid)
            .collect()
    }

    /// The processes that were configured.
    pub(super) fn processes(&self) -> BTreeSet<u32> {
        let log = self.log().into_iter();
        log.filter(|l| l.operation == "configure")
            .map(|l| l.pid)
            .collect()
    }
}

pub(super) struct LogLine {
    pub(super) pid: u32,
    pub(super) operation: String,
    pub(super) begins: bool,
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

/// Schemas and hashes, once for all labs.
fn cache() -> Arc<TempDir> {
    static CACHE: Shared<TempDir> = Shared::new();
    CACHE.get(|| tempfile::tempdir_in("/tmp").unwrap())
}

/// What came of a look.
pub(super) struct Look {
    pub(super) report: DriftReport,
    pub(super) took: Duration,
}

impl Look {
    /// Addresses with a difference.
    pub(super) fn findings(&self) -> Vec<String> {
        let findings = self.report.findings.iter();
        findings.map(|f| f.address.to_string()).collect()
    }

    /// Addresses that are open, with the reason.
    pub(super) fn open(&self) -> Vec<(String, String)> {
        let open = self.report.not_looked_at.iter();
        open.filter(|n| n.kind == NotLookedAtKind::Unverifiable)
            .map(|n| (n.address.to_string(), n.reason.clone()))
            .collect()
    }

    /// The report is about these instances only: those are open for a reason that says all `words`; all others are the same.
    pub(super) fn assert_only_open(&self, kind: Kind, indices: &[usize], words: &[&str]) {
        let open = self.open();
        let mut addresses: Vec<String> = indices.iter().map(|i| kind.address(*i)).collect();
        let mut found: Vec<String> = open.iter().map(|(address, _)| address.clone()).collect();
        addresses.sort();
        found.sort();
        assert_eq!(found, addresses, "{open:#?}");
        for (address, reason) in &open {
            for word in words {
                assert!(reason.contains(word), "{address}: `{word}` in: {reason}");
            }
        }
        assert_eq!(self.findings(), [""; 0]);
        let same = COUNT - indices.len();
        assert_eq!(self.report.summary.same, same as u64);
        let exit = if indices.is_empty() { 0 } else { 3 };
        assert_eq!(self.report.verdict().exit_code(), exit);
    }

    /// Nothing could be looked at, for a reason that says all `words`.
    pub(super) fn assert_all_open(&self, kind: Kind, words: &[&str]) {
        let all: Vec<usize> = (0..COUNT).collect();
        self.assert_only_open(kind, &all, words);
    }

    /// All are as their state says.
    pub(super) fn assert_in_sync(&self) {
        assert_eq!(self.open(), []);
        assert_eq!(self.findings(), [""; 0]);
        assert_eq!(
            self.report.verdict().exit_code(),
            0,
            "{:?}",
            self.report.problems
        );
    }
}

/// The options to open with another workspace.
pub(super) fn workspace(name: &str) -> OpenOptions {
    OpenOptions {
        workspace: Some(name.to_owned()),
        ..OpenOptions::default()
    }
}
