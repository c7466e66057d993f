//! The front door with parts of the caller's own: a backend, a reality, a cancellation, a thread without a runtime.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

use async_trait::async_trait;
use driftmgr_core::address::ProviderConfigAddress;
use driftmgr_core::backend::memory::{MemoryBackend, MemoryStore};
use driftmgr_core::backend::{Backend, StateRef, WriteOptions};
use driftmgr_core::client::{Client, DriftItem, DriftOptions, HistoryQuestion, RunHistory, Stack};
use driftmgr_core::context::CancelToken;
use driftmgr_core::drift::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use driftmgr_core::env::Environment;
use driftmgr_core::event::{Event, Observer};
use driftmgr_core::provider::{Attribute, AttributeType, Block, ReaderInfo, ResourceSchema};
use driftmgr_core::value::{Type, Value, json};
use driftmgr_core::{Context, Error, ErrorKind, Result, blocking};
use futures::StreamExt as _;
use serde_json::json as text;
use tempfile::TempDir;

fn context() -> Context {
    Context::new(Environment::default().with_current_dir(std::env::temp_dir()))
}

fn client() -> Client {
    Client::builder().context(context()).build().unwrap()
}

/// A state of so many objects, `demo_thing.t[0]` and on; the size of each is 1.
fn state(objects: usize) -> Vec<u8> {
    let instance = |i: usize| text!({"index_key": i, "schema_version": 0, "attributes": {"id": format!("t-{i}"), "size": 1}});
    let instances: Vec<_> = (0..objects).map(instance).collect();
    text!({
        "version": 4, "terraform_version": "1.5.7", "serial": 1, "lineage": "11111111-2222-3333-4444-555555555555", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "demo_thing", "name": "t", "each": "list",
            "provider": "provider[\"registry.terraform.io/demo/demo\"]", "instances": instances,
        }],
    })
    .to_string()
    .into_bytes()
}

async fn stack_of(client: &Client, objects: usize) -> (TempDir, Stack) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("terraform.tfstate"), state(objects)).unwrap();
    let stack = client.open(folder.path()).await.unwrap();
    (folder, stack)
}

/// What a test says is there: the size of an object by its position; none is gone. It ends the run when it is asked for the last one.
struct Things {
    sizes: BTreeMap<usize, Option<i64>>,
    pause: Option<(usize, CancelToken)>,
}

impl Things {
    fn new(sizes: impl IntoIterator<Item = (usize, Option<i64>)>) -> Arc<Self> {
        Arc::new(Self {
            sizes: sizes.into_iter().collect(),
            pause: None,
        })
    }
}

fn value(attributes: serde_json::Value) -> Value {
    json::decode_untyped(&attributes.to_string()).unwrap()
}

fn schema() -> ResourceSchema {
    let attribute = |of: Type| Attribute {
        attribute_type: AttributeType::Plain(of),
        required: true,
        optional: false,
        computed: false,
        sensitive: false,
        write_only: false,
    };
    let attributes = [
        ("id", attribute(Type::String)),
        ("size", attribute(Type::Number)),
    ];
    let attributes = attributes.map(|(name, attribute)| (name.to_owned(), attribute));
    ResourceSchema {
        block: Block {
            attributes: attributes.into(),
            ..Block::default()
        },
        ..ResourceSchema::default()
    }
}

#[async_trait]
impl Reality for Things {
    fn reader_info(&self, _: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _: &ProviderConfigAddress, _: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, _: &Context, object: &InstanceRef) -> Observed {
        let position: usize = object
            .address
            .to_string()
            .split(['[', ']'])
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        if let Some((at, token)) = &self.pause
            && *at == position
        {
            token.cancel();
            std::future::pending::<()>().await;
        }
        let stored = value(text!({"id": format!("t-{position}"), "size": 1}));
        let schema = Arc::new(schema());
        match self.sizes.get(&position) {
            Some(Some(size)) => Observed::Present(Box::new(Observation {
                stored,
                current: value(text!({"id": format!("t-{position}"), "size": size})),
                schema,
                // Nobody can be asked what apply would do.
                verdict: (*size != 1).then(|| Err(Error::new(ErrorKind::Unsupported, "unknown"))),
                basis: Basis::default(),
                notes: Vec::new(),
            })),
            Some(None) => Observed::Absent {
                stored,
                schema,
                notes: Vec::new(),
                effect: None,
            },
            None => Observed::Unreadable(Error::new(ErrorKind::PermissionDenied, "not for you")),
        }
    }
}

#[tokio::test]
async fn a_reality_of_ones_own_answers_for_a_stack() {
    let (_folder, stack) = stack_of(&client(), 4).await;
    let stack = stack.with_reality(Things::new([(0, Some(1)), (1, Some(2)), (2, None)]));
    let options = DriftOptions::default();
    let report = stack.detect_drift(&options).await.unwrap();
    let kinds: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{} {:?}", f.address, f.kind))
        .collect();
    assert_eq!(
        kinds,
        ["demo_thing.t[1] Modified", "demo_thing.t[2] Missing"]
    );
    assert_eq!(
        report.not_looked_at[0].address.to_string(),
        "demo_thing.t[3]"
    );
    assert!(report.not_looked_at[0].reason.contains("not for you"));

    let answer = stack.check(&options).await.unwrap();
    assert_eq!((answer.safe, answer.exit), (Some(false), 2));
    let explained = stack.explain("demo_thing.t[1]", &options).await.unwrap();
    assert_eq!(explained.report.summary.drifted, 1);
    let (snapshot, _) = stack.snapshot(&options).await.unwrap();
    let again = stack.against_snapshot(&snapshot, &options).await.unwrap();
    assert_eq!(again.summary, report.summary);
}

#[tokio::test]
async fn a_backend_of_ones_own_opens_by_its_kind() {
    let store = MemoryStore::default();
    let written = MemoryBackend::new(store.clone());
    let cx = context();
    let at = StateRef::current("blue".parse().unwrap());
    let bytes = bytes::Bytes::from(state(2));
    written
        .write(&cx, &at, bytes, WriteOptions::default())
        .await
        .unwrap();
    let factory = move |_: &Context,
                        spec: &driftmgr_core::backend::BackendSpec|
          -> Result<Arc<dyn Backend>> {
        assert_eq!(spec.string("shelf").unwrap(), Some("left"));
        Ok(Arc::new(MemoryBackend::new(store.clone())))
    };
    let client = Client::builder()
        .context(cx)
        .backend("shelf", Arc::new(factory))
        .build()
        .unwrap();

    let folder = tempfile::tempdir().unwrap();
    let main = "terraform {\n  backend \"shelf\" {\n    shelf = \"left\"\n  }\n}\n";
    std::fs::write(folder.path().join("main.tf"), main).unwrap();
    let options = driftmgr_core::client::OpenOptions {
        workspace: Some("blue".to_owned()),
        ..Default::default()
    };
    let stack = client.open_with(folder.path(), &options).await.unwrap();
    assert_eq!(stack.stored_state().list().len(), 2);
    assert!(!stack.stored_state().place().is_local);

    let config = BTreeMap::from([("shelf".to_owned(), text!("left"))]);
    let handle = client.backend("shelf", config, ".").unwrap();
    assert_eq!(handle.workspaces().await.unwrap(), ["default", "blue"]);
    let kinds = client.backends();
    assert!(kinds.is_sorted_by(|a, b| a.kind < b.kind), "{kinds:?}");
    let shelf = kinds.iter().find(|k| k.kind == "shelf").unwrap();
    assert_eq!(shelf.capability, None);
}

#[tokio::test]
async fn a_stream_tells_each_thing_once_and_then_the_report() {
    let (_folder, stack) = stack_of(&client(), 40).await;
    let sizes = (0..39).map(|i| match i % 3 {
        0 => (i, Some(1)),
        1 => (i, Some(2)),
        _ => (i, None),
    });
    let stack = stack.with_reality(Things::new(sizes));
    let mut stream = stack.drift_stream(&DriftOptions::default());
    let (mut findings, mut open, mut looked, mut report) = (vec![], vec![], 0, None);
    while let Some(item) = stream.next().await {
        assert!(report.is_none(), "the report is the last item");
        match item.unwrap() {
            DriftItem::Looked(each) => {
                looked += 1;
                assert_eq!((each.done, each.total), (looked, 40));
            }
            DriftItem::Finding(finding) => findings.push(serde_json::to_value(&finding).unwrap()),
            DriftItem::NotLookedAt(item) => open.push(serde_json::to_value(&item).unwrap()),
            DriftItem::Report(whole) => report = Some(whole.to_json()),
            other => panic!("{other:?}"),
        }
    }
    let report = report.unwrap();
    let sorted = |mut items: Vec<serde_json::Value>| {
        items.sort_by_key(ToString::to_string);
        items
    };
    assert_eq!(looked, 40);
    assert_eq!(
        sorted(findings),
        sorted(report["resource_drift"].as_array().unwrap().clone())
    );
    assert_eq!(
        sorted(open),
        sorted(report["not_looked_at"].as_array().unwrap().clone())
    );
}

/// Everything is gone: the valve does not believe it, so that no deletion may ever have been told.
#[tokio::test]
async fn a_stream_never_tells_a_deletion_that_is_not_believed() {
    let (_folder, stack) = stack_of(&client(), 5).await;
    let stack = stack.with_reality(Things::new((0..5).map(|i| (i, None))));
    let items: Vec<_> = stack.drift_stream(&DriftOptions::default()).collect().await;
    let words: Vec<&str> = items.iter().map(|i| i.as_ref().unwrap().word()).collect();
    assert!(!words.contains(&"finding"), "{words:?}");
    assert_eq!(words.iter().filter(|w| **w == "not_looked_at").count(), 5);
}

#[tokio::test]
async fn findings_come_before_the_run_is_over() {
    let token = CancelToken::new();
    let client = client();
    let (_folder, stack) = stack_of(&client, 3).await;
    let reality = Things {
        sizes: BTreeMap::from([(0, Some(2)), (1, Some(1))]),
        pause: Some((2, CancelToken::new())),
    };
    let cx = context().with_cancellation(token.clone());
    let stack = stack.with_context(cx).with_reality(Arc::new(reality));
    let mut stream = stack.drift_stream(&DriftOptions::default());
    let (mut looked, mut findings) = (0, Vec::new());
    while looked < 2 || findings.is_empty() {
        match stream.next().await.unwrap().unwrap() {
            DriftItem::Finding(finding) => findings.push(finding.address.to_string()),
            DriftItem::Looked(_) => looked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(findings, ["demo_thing.t[0]"]);
    // The third object never answers.
    token.cancel();
    let rest: Vec<_> = stream.collect().await;
    let Some(Ok(DriftItem::Report(report))) = rest.last() else {
        panic!("{rest:?}");
    };
    assert_eq!(report.summary.unverifiable, 1);
    assert!(report.not_looked_at[0].reason.contains("cancelled"));
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event) {
        let event = serde_json::to_value(event).unwrap();
        self.0
            .lock()
            .unwrap()
            .push(event["type"].as_str().unwrap().to_owned());
    }
}

#[tokio::test]
async fn each_call_has_its_own_progress_and_end() {
    let (_folder, stack) = stack_of(&client(), 2).await;
    let stack = stack.with_reality(Things::new([(0, Some(1)), (1, Some(1))]));
    let [first, second] = [Arc::new(Heard::default()), Arc::new(Heard::default())];
    let over = CancelToken::new();
    over.cancel();
    let whole = stack.with_context(context().with_observer(first.clone()));
    let cut = context()
        .with_observer(second.clone())
        .with_cancellation(over);
    let cut = stack.with_context(cut);
    let options = DriftOptions::default();
    let (whole, cut) = tokio::join!(whole.detect_drift(&options), cut.detect_drift(&options));
    assert_eq!(whole.unwrap().summary.same, 2);
    assert_eq!(cut.unwrap().summary.unverifiable, 2);
    let heard = first.0.lock().unwrap().clone();
    assert_eq!(
        heard,
        [
            "started",
            "instance_read",
            "progressed",
            "instance_read",
            "progressed"
        ]
    );
}

/// Tells another thread of each object that was read.
struct Reads(mpsc::Sender<()>);

impl Observer for Reads {
    fn on_event(&self, event: &Event) {
        if let Event::InstanceRead { .. } = event {
            // Nobody listens any more once the run was ended.
            let _ = self.0.send(());
        }
    }
}

#[test]
fn a_blocking_call_answers_and_another_thread_can_end_it() {
    let token = CancelToken::new();
    let (read, reads) = mpsc::channel();
    let cx = context()
        .with_cancellation(token.clone())
        .with_observer(Arc::new(Reads(read)));
    let client = Client::builder().context(cx).build().unwrap();
    let client = blocking::Client::new(client);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("terraform.tfstate"), state(3)).unwrap();
    let stack = client.open(folder.path()).unwrap();
    let stack = stack.with_reality(Arc::new(Things {
        sizes: BTreeMap::from([(0, Some(2)), (1, Some(1))]),
        pause: Some((2, CancelToken::new())),
    }));
    let ends = std::thread::spawn(move || {
        // The third object never answers.
        reads.iter().take(2).count();
        token.cancel();
    });
    let report = stack.detect_drift(&DriftOptions::default()).unwrap();
    ends.join().unwrap();
    assert_eq!(report.summary.unverifiable, 1);
    assert_eq!(report.summary.drifted, 1);
}

#[test]
fn a_blocking_iterator_ends_with_the_report() {
    let client = blocking::Client::new(client());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("terraform.tfstate"), state(3)).unwrap();
    let stack = client.open(folder.path()).unwrap();
    let stack = stack.with_reality(Things::new([(0, Some(2)), (1, Some(1)), (2, Some(1))]));
    let items: Vec<_> = stack
        .drift_stream(&DriftOptions::default())
        .unwrap()
        .collect();
    let words: Vec<&str> = items.iter().map(|i| i.as_ref().unwrap().word()).collect();
    assert_eq!(words.iter().filter(|w| **w == "finding").count(), 1);
    assert_eq!(words.last(), Some(&"report"));
}

#[tokio::test]
async fn a_blocking_call_inside_of_a_runtime_is_an_error() {
    let client = blocking::Client::new(client());
    let error = client.open(PathBuf::from("x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.hints()[0].contains("driftmgr_core::client"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_report_that_was_read_back_is_no_run() {
    let (folder, stack) = stack_of(&client(), 2).await;
    let stack = stack.with_reality(Things::new([(0, Some(2)), (1, Some(1))]));
    let report = stack.detect_drift(&DriftOptions::default()).await.unwrap();
    let file = folder.path().join("runs.sqlite");
    let history = RunHistory::open(&context(), Some(&file)).await.unwrap();
    let back = driftmgr_core::drift::DriftReport::from_json(&report.to_json().to_string()).unwrap();
    let error = history
        .record(&back, std::slice::from_ref(&stack))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    assert!(
        history
            .record(&report, std::slice::from_ref(&stack))
            .await
            .unwrap()
            .new
    );
    assert!(!history.record(&report, &[stack]).await.unwrap().new);
    let answer = history.ask(&HistoryQuestion::default()).await.unwrap();
    assert_eq!(answer.findings.len(), 1);
    assert_eq!(answer.runs.len(), 1);
}

#[tokio::test]
async fn an_old_state_is_upgraded_in_its_place_once() {
    let folder = tempfile::tempdir().unwrap();
    let old = super::parity::root().join("driftmgr-core/parity/fixtures/states/format3.tfstate");
    let file = folder.path().join("old.tfstate");
    std::fs::copy(&old, &file).unwrap();
    let client = client();
    assert_eq!(client.upgrade_state(&file).await.unwrap(), Some(3));
    assert_eq!(client.upgrade_state(&file).await.unwrap(), None);
    let backup = folder.path().join("old.tfstate.backup");
    assert_eq!(std::fs::read(backup).unwrap(), std::fs::read(old).unwrap());
}

#[test]
fn everything_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Client>();
    shared::<Stack>();
    shared::<blocking::Client>();
    shared::<blocking::Stack>();
    shared::<RunHistory>();
    shared::<driftmgr_core::client::StoredState>();
    shared::<driftmgr_core::client::BackendHandle>();
    shared::<driftmgr_core::drift::DriftReport>();
    shared::<CancelToken>();
    fn sent<T: Send>() {}
    sent::<driftmgr_core::client::DriftStream>();
    sent::<blocking::DriftItems>();
}
