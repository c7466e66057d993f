//! Planted markers stand wherever a secret can stand. No text that the library gives may hold one, whatever goes wrong.
//!
//! What is meant to carry secrets is left out: `State::to_v4_bytes` and the JSON view with `Secrets::Revealed`.

use std::error::Error as _;
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftmgr_core::client::{Client, DriftOptions, OpenOptions, Stack};
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::error::Error;
use driftmgr_core::event::{Event, Observer};
use driftmgr_core::report::{json, text};
use driftmgr_core::state::{Secrets, State, compare};
use serde_json::{Value as Json, json};

use super::lab::{FIVE, Kind, Lab, Look, SIX, applied};
use crate::support::options::showing_all;
use crate::support::tools::Terraform;

const MARK: &str = "MARKER-";
/// `MARKER-` as it begins private data in base64.
const MARK_BASE64: &str = "TUFSS0VS";

const VARIABLES: &str = r#"
variable "token" {
  type      = string
  sensitive = true
}
variable "region" {
  type      = string
  sensitive = true
}
variable "default" {
  type      = string
  sensitive = true
  default   = "MARKER-default"
}
output "plain" {
  value     = var.token
  sensitive = true
}
output "deep" {
  value     = { list = [{ of = var.region }] }
  sensitive = true
}
"#;

const SERVERS: &str = r#"
resource "cloudfive_server" "x" {
  count    = 2
  name     = "x${count.index}"
  image    = "i"
  password = "MARKER-password-${count.index}"
  tags     = { secret = var.region, open = "yes" }
  aliases  = ["open", sensitive("MARKER-alias")]
  groups   = ["open", sensitive("MARKER-group")]
  policy   = jsonencode({ key = sensitive("MARKER-policy") })
  disk {
    name = "root"
    key  = "MARKER-disk-key"
  }
  rule {
    port     = 1
    protocol = sensitive("MARKER-protocol")
    cidrs    = [sensitive("MARKER-cidr")]
  }
}
"#;

const WIDGETS: &str = r#"
resource "cloudsix_widget" "x" {
  count          = 2
  name           = "x${count.index}"
  password       = "MARKER-password-${count.index}"
  secret         = "MARKER-write-only"
  secret_version = 1
  labels         = { secret = var.region, open = "yes" }
  aliases        = ["open", sensitive("MARKER-alias")]
  zones          = ["open", sensitive("MARKER-zone")]
  document       = sensitive({ deep = ["MARKER-document"] })
  policy         = jsonencode({ key = sensitive("MARKER-policy") })
  endpoint       = { host = "h", token = "MARKER-endpoint" }
  volumes        = [{ name = "v", key = "MARKER-volume" }]
  rules          = [{ port = 1, protocol = sensitive("MARKER-protocol") }]
  limits         = { cpu = { max = 2, note = sensitive("MARKER-note") } }
  network { cidr = sensitive("MARKER-cidr") }
}
"#;

/// A kind with its resources, and the line of the provider block that holds the token.
fn planted(kind: Kind) -> (Kind, String) {
    let (type_name, prefix, login, resources) = if kind == FIVE {
        ("cloudfive_server", "srv-", "  token = var.token\n", SERVERS)
    } else {
        (
            "cloudsix_widget",
            "wid-",
            "  login = { user = \"me\", token = var.token }\n",
            WIDGETS,
        )
    };
    let kind = Kind {
        type_name,
        prefix,
        ..kind
    };
    (
        kind,
        kind.head() + VARIABLES + &kind.block(login) + resources,
    )
}

const VALUES: &str = "token = \"MARKER-token\"\nregion = \"MARKER-region\"\n";

fn lab(kind: Kind, applied: &Terraform) -> Lab {
    let lab = Lab::of(kind, applied)
        .env("SOME_SECRET", "MARKER-environment")
        .env("TF_VAR_unused", "MARKER-unused");
    lab.variables(VALUES);
    // What providers keep for themselves is theirs.
    lab.edit("terraform.tfstate", |state| {
        let instance = &mut state["resources"][0]["instances"][0];
        // {"MARKER-private":{"a":"MARKER-private"}}, a whole number of base64 groups from the first marker on.
        let private = "eyJhIjoiTUFSS0VSLXByaXZhdGUifQ==";
        instance["private"] = json!(private);
    });
    lab
}

/// Everything that was said, with where it came from.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<(String, String)>>>);

impl Said {
    fn add(&self, source: &str, text: impl Into<String>) {
        self.0
            .lock()
            .unwrap()
            .push((source.to_owned(), text.into()));
    }

    fn debug(&self, source: &str, value: &impl Debug) {
        self.add(source, format!("{value:?}"));
        self.add(source, format!("{value:#?}"));
    }

    fn error(&self, error: &Error) {
        self.debug("error", error);
        self.add("error", error.to_string());
        self.add("message", error.message());
        self.add("hints", error.hints().join("\n"));
        for (key, value) in error.context() {
            self.add("context", format!("{key} {value}"));
        }
        let mut source = error.source();
        while let Some(cause) = source {
            self.add("cause", format!("{cause} {cause:?} {cause:#?}"));
            source = cause.source();
        }
        self.add("json problem", json::problem(error).to_string());
        self.add(
            "text error",
            text::error(error, &text::TextOptions::plain()),
        );
    }

    fn stack(&self, stack: &Stack) {
        self.debug("stack", stack);
        self.debug("state", stack.state());
        self.debug("configuration", &stack.root_module());
        for (resource, instance) in stack.state().instances() {
            self.debug("resource", resource);
            self.debug("instance", instance);
        }
        for problem in stack.problems() {
            self.error(problem);
        }
        let state = stack.state();
        self.debug("analysis", &state.analyze());
        let view = state.json_view(Secrets::Masked);
        self.add("view", view.map(|v| v.to_string()).unwrap_or_default());
        for options in looks() {
            self.add("inspect", text::inspect(state, "name", None, &options));
        }
    }

    fn look(&self, look: &Look) {
        let report = &look.report;
        self.debug("report", report);
        self.add("json", json::drift(report).to_string());
        self.add(
            "json check",
            json::check(report, report.verdict()).to_string(),
        );
        for options in looks() {
            self.add("text", text::drift(report, &options));
            self.add("text problems", text::problems(&report.problems, &options));
            let findings = report.findings.iter().map(|f| &f.address);
            for address in findings.chain(report.not_looked_at.iter().map(|n| &n.address)) {
                self.add("explain", text::explain(address, &[], report, &options));
            }
        }
        self.add("text check", text::check(report));
        for finding in &report.findings {
            self.debug("finding", finding);
            for change in &finding.changes {
                self.debug("change", change);
            }
        }
        for open in &report.not_looked_at {
            self.debug("open", open);
        }
        for problem in &report.problems {
            self.error(problem);
        }
    }

    #[track_caller]
    fn assert_without_markers(&self) {
        let said = self.0.lock().unwrap();
        assert!(!said.is_empty());
        let leaks: Vec<_> = said
            .iter()
            .filter_map(|(source, text)| {
                let at = text.find(MARK).or_else(|| text.find(MARK_BASE64))?;
                let around: String = text[..at].chars().rev().take(200).collect();
                let before: String = around.chars().rev().collect();
                let after: String = text[at..].chars().take(60).collect();
                Some(format!("{source}: …{before}{after}…"))
            })
            .collect();
        assert!(
            leaks.is_empty(),
            "{} leaks:\n{}",
            leaks.len(),
            leaks.join("\n")
        );
    }
}

impl Observer for Said {
    fn on_event(&self, event: &Event) {
        self.debug("event", event);
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add("tracing", String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn looks() -> [text::TextOptions; 3] {
    let plain = text::TextOptions::plain();
    let wide = text::TextOptions {
        wide: true,
        every_address: true,
        width: 400,
        ..plain.clone()
    };
    let coloured = text::TextOptions {
        style: text::Style::coloured(),
        width: 40,
        ..plain.clone()
    };
    [plain, wide, coloured]
}

/// All log lines of this thread, down to the smallest, of this library and those it uses.
fn listen(said: &Said) -> tracing::subscriber::DefaultGuard {
    let writer = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_default(subscriber)
}

/// Looks with everybody listening, and keeps all that is said.
async fn overhear(lab: &Lab, said: &Said) -> Look {
    let cx = lab.cx().with_observer(Arc::new(said.clone()));
    said.debug("context", &cx);
    let client = Client::builder().context(cx).build().unwrap();
    said.debug("client", &client);
    let stack = client.open(lab.dir()).await.unwrap();
    said.stack(&stack);
    let options = DriftOptions {
        read_timeout: Duration::from_secs(3),
        ..showing_all()
    };
    let look = lab.look_at(&client, &[stack], &options).await;
    said.look(&look);
    look
}

/// Changes every marker in an object of the cloud, so that all secrets differ.
fn change_all(value: &mut Json) {
    match value {
        Json::String(text) if text.contains(MARK) => *text = text.replace(MARK, "MARKER-new-"),
        Json::Array(items) => items.iter_mut().for_each(change_all),
        Json::Object(entries) => entries.values_mut().for_each(change_all),
        _ => {}
    }
}

#[tokio::test]
async fn drift_of_secrets_does_not_show_them() {
    for kind in [FIVE, SIX] {
        let (kind, main) = planted(kind);
        let lab = lab(kind, &applied(&main, VALUES));
        for planted in ["MARKER-password-0", "MARKER-region", "MARKER-alias"] {
            assert!(lab.read("terraform.tfstate").contains(planted), "{planted}");
        }
        let said = Said::default();
        let _guard = listen(&said);
        overhear(&lab, &said).await.assert_in_sync();
        lab.objects(|all| all.values_mut().for_each(change_all));
        let look = overhear(&lab, &said).await;
        assert_eq!(look.findings().len(), 2, "{:?}", look.open());
        let changes: Vec<String> = look.report.findings[0]
            .changes
            .iter()
            .map(|c| c.path.to_string())
            .collect();
        assert!(changes.len() >= 6, "{changes:?}");
        assert!(
            look.report.findings[0].changes.iter().all(|c| c.sensitive),
            "{changes:?}"
        );
        // One of them is gone.
        lab.objects(|all| drop(all.remove(&format!("{}x0", kind.prefix))));
        assert_eq!(overhear(&lab, &said).await.report.summary.deleted, 1);
        said.assert_without_markers();
    }
}

#[tokio::test]
async fn providers_that_quote_secrets_when_they_fail() {
    for kind in [FIVE, SIX] {
        let (kind, main) = planted(kind);
        let applied = applied(&main, VALUES);
        let first = format!("{}x0", kind.prefix);
        let said = Said::default();
        let _guard = listen(&said);
        // The provider quotes a fault that it does not know.
        for fault in [
            "MARKER-password-0",
            "MARKER-region",
            "MARKER-alias",
            "plan/MARKER-password-0",
            "MARKER-token",
            "denied",
            "kill",
            "panic",
            "sleep:60",
        ] {
            let lab = lab(kind, &applied);
            lab.objects(|all| {
                all[&first]["fault"] = fault.into();
                all[&first]["name"] = "changed".into();
            });
            let look = overhear(&lab, &said).await;
            let quiet = look.report.findings.is_empty() && look.open().is_empty();
            assert!(!quiet, "{fault}");
        }
        // And for all of them, while it is configured too.
        for fault in ["MARKER-token", "configure/MARKER-token", "configure/panic"] {
            let lab = lab(kind, &applied);
            lab.variables(&format!("{VALUES}fault = {fault:?}\n"));
            assert_eq!(overhear(&lab, &said).await.open().len(), 2);
        }
        // A value of a wrong type, quoted by the SDK.
        let lab = lab(kind, &applied);
        let number = if kind.provider == "cloudfive" {
            "cpus"
        } else {
            "size"
        };
        lab.objects(|all| all[&first][number] = "MARKER-password-0".into());
        assert_eq!(overhear(&lab, &said).await.open().len(), 1);
        said.assert_without_markers();
    }
}

#[tokio::test]
async fn providers_that_log_everything() {
    for kind in [FIVE, SIX] {
        let (kind, main) = planted(kind);
        let applied = applied(&main, VALUES);
        let said = Said::default();
        for fault in ["kill", "configure/kill", "panic"] {
            let lab = lab(kind, &applied).env("TF_LOG", "TRACE");
            lab.variables(&format!("{VALUES}fault = {fault:?}\n"));
            assert_eq!(overhear(&lab, &said).await.open().len(), 2);
        }
        said.assert_without_markers();
    }
}

#[tokio::test]
async fn values_that_cannot_be_used_are_not_quoted() {
    let (kind, main) = planted(FIVE);
    let applied = applied(&main, VALUES);
    let typed = |ty: &str| main.replacen("type      = string", &format!("type      = {ty}"), 1);
    let said = Said::default();
    let _guard = listen(&said);
    let broken = [
        // (main.tf, tfvars)
        (typed("number"), VALUES.to_owned()),
        (
            typed("object({ a = number })"),
            "token = { a = \"MARKER-a\" }\n".to_owned(),
        ),
        (typed("list(bool)"), "token = [\"MARKER-a\"]\n".to_owned()),
        (
            main.clone(),
            "token = \"MARKER-a\nregion = \"MARKER-b\"\n".to_owned(),
        ),
        (main.clone(), "token = MARKER-a\n".to_owned()),
        (main.clone(), "token = \"${MARKER-a}\"\n".to_owned()),
        (
            main.replace("= var.token", "= tonumber(var.token)"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= jsondecode(var.token)"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= var.token.MARKER"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= { a = 1 }[var.token]"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= base64decode(var.token)"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= file(var.token)"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= regex(\"[0-9]\", var.token)"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= var.token ? 1 : 2"),
            VALUES.to_owned(),
        ),
        (
            main.replace("= var.token", "= [var.token]"),
            VALUES.to_owned(),
        ),
    ];
    for (main, values) in broken {
        let lab = lab(kind, &applied);
        lab.write("main.tf", &main);
        lab.variables(&values);
        let open = overhear(&lab, &said).await.open();
        assert_eq!(open.len(), 2, "{values}");
    }
    // The same by every other way in.
    let lab = lab(kind, &applied).env("TF_VAR_token", "{ MARKER-a");
    lab.write("main.tf", &typed("map(string)"));
    lab.variables("");
    let options = OpenOptions {
        variables: vec![VariableInput::Value {
            name: "region".to_owned(),
            value: "MARKER-b".to_owned(),
        }],
        ..OpenOptions::default()
    };
    said.debug("options", &options);
    let stack = lab.client().open_with(lab.dir(), &options).await.unwrap();
    said.stack(&stack);
    let look = lab.look_at(&lab.client(), &[stack], &showing_all()).await;
    said.look(&look);
    assert_eq!(look.open().len(), 2);
    said.assert_without_markers();
}

/// A state in which a secret stands where something else belongs.
#[tokio::test]
async fn broken_states_do_not_quote_what_is_in_them() {
    let (kind, main) = planted(SIX);
    let lab = lab(kind, &applied(&main, VALUES));
    let said = Said::default();
    let whole = lab.read("terraform.tfstate");
    let state: Json = serde_json::from_str(&whole).unwrap();
    let instance = "/resources/0/instances/0";
    let places = [
        "/outputs/plain".to_owned(),
        "/outputs/plain/sensitive".to_owned(),
        "/outputs/plain/type".to_owned(),
        "/check_results".to_owned(),
        format!("{instance}/attributes"),
        format!("{instance}/private"),
        format!("{instance}/sensitive_attributes"),
        format!("{instance}/sensitive_attributes/0"),
        format!("{instance}/schema_version"),
        format!("{instance}/identity_schema_version"),
        format!("{instance}/dependencies"),
        format!("{instance}/create_before_destroy"),
    ];
    let mut refused = 0;
    for place in places {
        for wrong in [
            json!("MARKER-wrong"),
            json!({"MARKER-key": "MARKER-wrong"}),
            json!(["MARKER-wrong"]),
        ] {
            if wrong.is_object() && place.ends_with("/attributes") {
                // An object, if an odd one: its names are names.
                continue;
            }
            let mut state = state.clone();
            let Some(value) = state.pointer_mut(&place) else {
                continue;
            };
            *value = wrong;
            match State::parse(state.to_string().as_bytes()) {
                Ok(_) => {
                    lab.write("terraform.tfstate", &state.to_string());
                    overhear(&lab, &said).await;
                }
                Err(error) => {
                    refused += 1;
                    said.error(&error);
                }
            }
        }
    }
    assert!(refused > 5, "{refused}");
    for end in (0..whole.len()).step_by(101) {
        if let Err(error) = State::parse(&whole.as_bytes()[..end]) {
            said.error(&error);
        }
    }
    said.assert_without_markers();
}

#[tokio::test]
async fn comparing_two_states_does_not_show_secrets() {
    let (kind, main) = planted(SIX);
    let lab = lab(kind, &applied(&main, VALUES));
    let mut after: Json = serde_json::from_str(&lab.read("terraform.tfstate")).unwrap();
    let before = State::parse(after.to_string().as_bytes()).unwrap();
    change_all(&mut after);
    let after = State::parse(after.to_string().as_bytes()).unwrap();
    let said = Said::default();
    let compared = compare(&before, &after);
    assert!(!compared.value.is_empty());
    said.debug("comparison", &compared);
    said.assert_without_markers();
}
