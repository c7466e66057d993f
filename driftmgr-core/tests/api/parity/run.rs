//! What Rust answers to a case. `parity/README.md` says what the inputs mean.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use driftmgr_core::backend::{LockId, StateRef, WriteOptions};
use driftmgr_core::client::{
    self, BackendHandle, ChangeOptions, Client, DriftItem, DriftOptions, HistoryQuestion,
    ManagedState, OpenOptions, RunHistory, Stack, StoredState,
};
use driftmgr_core::drift::{DriftReport, Plan, Snapshot};
use driftmgr_core::env::Environment;
use driftmgr_core::report::RenderOptions;
use driftmgr_core::settings::Settings;
use driftmgr_core::state::Secrets;
use driftmgr_core::{Context, Result};
use futures::StreamExt as _;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{root, texts};

/// The input of a case.
struct Input<'a>(&'a Json);

impl Input<'_> {
    fn text(&self, name: &str) -> &str {
        let text = self.0[name].as_str();
        text.unwrap_or_else(|| panic!("the input has no `{name}`"))
    }

    fn has(&self, name: &str) -> bool {
        !self.0[name].is_null()
    }

    /// A file of the repository.
    fn file(&self, name: &str) -> PathBuf {
        root().join(self.text(name))
    }

    fn texts(&self, name: &str) -> Vec<String> {
        texts(self.0.get(name))
    }

    fn state(&self) -> Result<StoredState> {
        if self.has("bytes") {
            let bytes = std::fs::read(self.file("bytes")).unwrap();
            return StoredState::parse(self.text("bytes"), &bytes);
        }
        StoredState::read(self.file("state"))
    }

    fn secrets(&self) -> Secrets {
        match self.0["reveal"].as_bool() {
            Some(true) => Secrets::Revealed,
            _ => Secrets::Masked,
        }
    }

    fn options(&self) -> DriftOptions {
        let options = Input(&self.0["options"]);
        let file = |name| options.has(name).then(|| PathBuf::from(options.text(name)));
        DriftOptions {
            plugins: options.0["plugins"].as_bool().unwrap_or(true),
            targets: options.texts("targets"),
            exclude: options.texts("exclude"),
            driftignore: file("driftignore"),
            baseline: file("baseline"),
            ..DriftOptions::default()
        }
    }

    fn open_options(&self) -> OpenOptions {
        OpenOptions {
            workspace: self
                .has("workspace")
                .then(|| self.text("workspace").to_owned()),
            backend_config: self
                .texts("backend_config")
                .iter()
                .map(|text| text.parse().unwrap())
                .collect(),
            every_workspace: self.0["every_workspace"] == true,
            ..OpenOptions::default()
        }
    }

    async fn stack(&self) -> Result<Stack> {
        client()
            .open_with(self.text("target"), &self.open_options())
            .await
    }

    async fn stacks(&self) -> Result<Vec<Stack>> {
        let mut stacks = Vec::new();
        for target in self.texts("targets") {
            stacks.push(client().open(target).await?);
        }
        Ok(stacks)
    }

    async fn managed(&self) -> Result<ManagedState> {
        let (client, options) = (client(), self.open_options());
        client.manage_with(self.text("target"), &options).await
    }

    fn plan(&self) -> Result<Arc<Plan>> {
        Plan::read(self.file("plan")).map(Arc::new)
    }

    fn report(&self) -> Result<DriftReport> {
        DriftReport::from_json(&std::fs::read_to_string(self.file("report")).unwrap())
    }

    fn overrides(&self) -> Vec<(&str, &str)> {
        let all = self.0["overrides"].as_object().into_iter().flatten();
        all.map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .collect()
    }

    fn settings(&self) -> Result<Settings> {
        Settings::load_at(self.file("dir"), &self.overrides()).into_result()
    }

    fn backend(&self) -> Result<BackendHandle> {
        let config: BTreeMap<String, Json> =
            serde_json::from_value(self.0["config"].clone()).unwrap();
        client().backend(self.text("kind"), config, self.text("root"))
    }

    fn at(&self) -> StateRef {
        let mut at = StateRef::default();
        if self.has("workspace") {
            at.workspace = self.text("workspace").parse().unwrap();
        }
        match self.has("version") {
            true => at.at_version(self.text("version")),
            false => at,
        }
    }
}

/// In the repository's folder, without a home folder and without any variable of this machine.
fn cx() -> Context {
    Context::new(Environment::default().with_current_dir(root()))
}

fn client() -> Client {
    Client::builder().context(cx()).build().unwrap()
}

fn data(answer: impl Serialize) -> Result<Json> {
    Ok(serde_json::to_value(answer).unwrap())
}

pub(super) async fn answer(operation: &str, input: &Json) -> Result<Json> {
    let input = Input(input);
    let (room, verb) = operation.split_once('.').unwrap_or((operation, ""));
    match room {
        "version" => data(client::version()),
        "rules" => data(client().rules()),
        "backends" => data(client().backends()),
        "doctor" => data(client().doctor(&input.texts("targets")).await?),
        "backend_metrics" => data(client().backend_metrics()),
        "status" => {
            let (targets, options) = (input.texts("targets"), input.open_options());
            data(client().status(&targets, &options).await?)
        }
        "client" => of_client(verb, &input).await,
        "stack" => of_stack(verb, &input).await,
        "state" => of_state(verb, &input),
        "report" => of_report(verb, &input),
        "plan" => input
            .plan()
            .map(|plan| json!({"format_version": plan.format_version})),
        "snapshot" => data(Snapshot::read(input.file("snapshot"))?.info()),
        "settings" => of_settings(verb, &input),
        "backend" => of_backend(verb, &input).await,
        "history" => of_history(verb, &input).await,
        "managed" => of_managed(verb, &input).await,
        _ => panic!("no such operation: {operation}"),
    }
}

async fn of_client(verb: &str, input: &Input<'_>) -> Result<Json> {
    let client = client();
    let options = input.options();
    match verb {
        "open" => data(client.open(input.text("target")).await?.workspace_info()),
        "open_with" => data(input.stack().await?.workspace_info()),
        "manage" | "manage_with" => data(place(&input.managed().await?)),
        "detect_drift" => data(
            client
                .detect_drift(&input.stacks().await?, &options)
                .await?,
        ),
        "detect_drift_at" => {
            let targets = input.texts("targets");
            let open = input.open_options();
            data(
                client
                    .detect_drift_at(&targets, &open, &options)
                    .await?
                    .report,
            )
        }
        "drift_stream" => streamed(client.drift_stream(&input.stacks().await?, &options)).await,
        "drift_of_plan" => {
            let plan = input.plan()?;
            data(
                client
                    .drift_of_plan(input.text("plan"), &plan, &options)
                    .await?,
            )
        }
        "snapshot" => {
            let (snapshot, _) = client.snapshot(&input.stacks().await?, &options).await?;
            data(snapshot.info())
        }
        _ => panic!("no such operation: client.{verb}"),
    }
}

async fn of_stack(verb: &str, input: &Input<'_>) -> Result<Json> {
    let stack = input.stack().await?;
    let options = input.options();
    match verb {
        "detect_drift" => data(stack.detect_drift(&options).await?),
        "drift_stream" => streamed(stack.drift_stream(&options)).await,
        "check" => data(stack.check(&options).await?),
        "explain" => data(stack.explain(input.text("address"), &options).await?),
        "against_plan" => data(stack.against_plan(&input.plan()?, &options).await?),
        "against_snapshot" => {
            let snapshot = Snapshot::read(input.file("snapshot"))?;
            data(stack.against_snapshot(&snapshot, &options).await?)
        }
        "against_state" => {
            let real = StoredState::read(input.file("real"))?;
            data(stack.against_state(real.state(), &options).await?)
        }
        "snapshot" => data(stack.snapshot(&options).await?.0.info()),
        "state" => data(stack.stored_state().list()),
        "workspace" => data(stack.workspace_info()),
        "configuration" => data(stack.configuration()),
        _ => panic!("no such operation: stack.{verb}"),
    }
}

/// What a stream told, sorted, since the order is that of the answers: `{"looked", "findings", "not_looked_at", "report"}`.
async fn streamed(mut stream: client::DriftStream) -> Result<Json> {
    let mut looked = Vec::new();
    let mut findings = Vec::new();
    let mut not_looked_at = Vec::new();
    let mut report = Json::Null;
    while let Some(item) = stream.next().await {
        match item? {
            DriftItem::Looked(each) => looked.push(format!("{} {}", each.address, each.outcome)),
            DriftItem::Finding(finding) => findings.push(finding.address.to_string()),
            DriftItem::NotLookedAt(item) => not_looked_at.push(item.address.to_string()),
            DriftItem::Report(whole) => report = whole.to_json(),
            other => panic!("{other:?}"),
        }
    }
    for list in [&mut looked, &mut findings, &mut not_looked_at] {
        list.sort();
    }
    Ok(
        json!({"looked": looked, "findings": findings, "not_looked_at": not_looked_at, "report": report}),
    )
}

fn of_state(verb: &str, input: &Input<'_>) -> Result<Json> {
    let state = input.state()?;
    match verb {
        "list" => data(state.list_only(&input.texts("addresses"))?),
        "inspect" => data(state.inspect()),
        "outputs" => data(state.outputs(input.secrets())?),
        "view" => data(state.view(input.secrets())?),
        "health" => data(state.health()),
        "analyze" => data(state.analyze()),
        "compare" => data(
            state
                .compare(&StoredState::read(input.file("after"))?)
                .value,
        ),
        "upgrade" => Ok(serde_json::from_slice(&state.upgrade()).unwrap()),
        _ => panic!("no such operation: state.{verb}"),
    }
}

fn of_report(verb: &str, input: &Input<'_>) -> Result<Json> {
    let report = input.report()?;
    match verb {
        "from_json" | "to_json" => Ok(report.to_json()),
        "check" => data(report.check()),
        "score" => data(report.score()),
        "by_target" => data(report.by_target()),
        "suggest_ignores" => data(json!({"rules": report.suggest_ignores()})),
        "render" => {
            let options = RenderOptions::new(SystemTime::UNIX_EPOCH);
            let bytes = report.render(input.text("format").parse()?, &options)?;
            Ok(json!({"text": String::from_utf8(bytes).unwrap()}))
        }
        "baseline" => {
            let made = report.baseline(input.file("file"), input.text("reason"), None)?;
            Ok(serde_json::from_str(&made.to_json()).unwrap())
        }
        _ => panic!("no such operation: report.{verb}"),
    }
}

fn of_settings(verb: &str, input: &Input<'_>) -> Result<Json> {
    match verb {
        "load" => data(input.settings()?),
        "entries" => data(input.settings()?.entries()),
        "validate" => {
            let read = Settings::validate(input.file("file"));
            data(json!({"warnings": read.value.warnings(), "problems": read.problems}))
        }
        "schema" => Ok(Settings::schema()),
        _ => panic!("no such operation: settings.{verb}"),
    }
}

async fn of_backend(verb: &str, input: &Input<'_>) -> Result<Json> {
    let backend = input.backend()?;
    let at = input.at();
    match verb {
        "open" | "info" => {
            data(json!({"info": backend.info(), "capability": backend.capability()}))
        }
        "workspaces" => data(backend.workspaces().await?),
        "read" => data(backend.read(&at).await?),
        "versions" => data(backend.versions(&at).await?),
        "write" => {
            let bytes = input.text("text").as_bytes().to_vec();
            data(backend.write(&at, bytes, WriteOptions::default()).await?)
        }
        "delete" => data(backend.delete(&at, WriteOptions::default()).await?),
        "lock" => {
            backend.lock(&at, "first").await?;
            data(backend.lock(&at, "second").await?.to_string())
        }
        "unlock" => data(
            backend
                .unlock(&at, &LockId(input.text("lock").to_owned()))
                .await?,
        ),
        _ => panic!("no such operation: backend.{verb}"),
    }
}

fn place(state: &ManagedState) -> Json {
    json!({"label": state.label(), "workspace": state.workspace(), "kind": state.info().kind, "capability": state.capability()})
}

/// Every change is a dry run: the files of the repository stay as they are.
async fn of_managed(verb: &str, input: &Input<'_>) -> Result<Json> {
    let state = match verb {
        "in_workspace" => client().manage(input.text("target")).await?,
        _ => input.managed().await?,
    };
    let dry = ChangeOptions {
        dry_run: true,
        ..ChangeOptions::default()
    };
    let bytes = || std::fs::read(input.file("state")).unwrap();
    let between = || (input.text("from"), input.text("to"));
    match verb {
        "pull" => Ok(serde_json::from_slice(&state.pull().await?.unwrap()).unwrap()),
        "state" => {
            let version = input.has("version").then(|| input.text("version"));
            data(state.state(version).await?.list())
        }
        "push" => data(state.push(&bytes(), &dry).await?),
        "restore" => data(state.restore(&bytes(), &dry).await?),
        "mv" => data(state.mv(between().0, between().1, &dry).await?),
        "rm" => data(state.rm(&input.texts("addresses"), &dry).await?),
        "replace_provider" => {
            let (from, to) = between();
            data(state.replace_provider(from, to, &dry).await?)
        }
        "import_object" => {
            let (address, provider) = (input.text("address"), input.text("provider"));
            let object = input.text("object");
            data(state.import_object(address, provider, object, &dry).await?)
        }
        "workspaces" => data(state.workspaces().await?),
        "in_workspace" => data(place(&state.in_workspace(input.text("workspace"))?)),
        _ => panic!("no such operation: managed.{verb}"),
    }
}

/// A file that is named is there already; else one is made, and the run over the target is recorded in it.
async fn of_history(verb: &str, input: &Input<'_>) -> Result<Json> {
    if input.has("file") {
        let history = RunHistory::open_existing(&cx(), Some(&input.file("file"))).await?;
        return data(history.ask(&HistoryQuestion::default()).await?);
    }
    let folder = tempfile::tempdir().unwrap();
    let history = RunHistory::open(&cx(), Some(&folder.path().join("runs.sqlite"))).await?;
    if verb == "open" {
        return data(history.ask(&HistoryQuestion::default()).await?.targets);
    }
    let stack = input.stack().await?;
    let report = stack.detect_drift(&input.options()).await?;
    let recorded = history.record(&report, &[stack]).await?;
    match verb {
        "record" => data(recorded),
        "ask" => {
            let addresses = input.texts("addresses");
            let question = HistoryQuestion {
                addresses,
                ..HistoryQuestion::default()
            };
            data(history.ask(&question).await?)
        }
        "prune" => {
            let age = Duration::from_secs(input.0["age"].as_u64().unwrap());
            data(history.prune(age).await?)
        }
        _ => panic!("no such operation: history.{verb}"),
    }
}
