//! A provider with a cloud in memory, faults on demand, and states that say its objects are there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value as Json;

use crate::address::ProviderConfigAddress;
use crate::configuration::RootModule;
use crate::context::Context;
use crate::drift::{
    DriftInput, DriftReport, Filter, Finding, Readers, Reality, Renames, Routes, Sensitivity,
    Summary, SurveyOptions, survey,
};
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Observer};
use crate::provider::testing::{attribute, block, nested};
use crate::provider::{
    Diagnostic, DiagnosticSeverity, ImportTarget, Imported, ListRequest, Listed, Nesting, Origin,
    PlanRequest, Planned, ProviderSchema, ReadRequest, ReaderInfo, Refreshed, ResourceReader,
    ResourceSchema,
};
use crate::state::{Instance, RawAttributes, Resource, State};
use crate::value::{Path, Type, Value, json};

pub(in crate::drift) const PROVIDER: &str = "provider[\"registry.terraform.io/hashicorp/demo\"]";

/// What the provider does when an object is read.
pub(in crate::drift) enum Answer {
    /// These attributes differ from what the state says.
    With(Json),
    Gone,
    Fails(Error),
    Panics,
    /// Reads as stored, after a while.
    After(Duration),
    /// These attributes differ, which is known after a while.
    Late(Duration, Json),
}

/// What the provider does when it is asked for a plan.
#[derive(Clone)]
pub(in crate::drift) enum Plan {
    /// Calls the real object right.
    Nothing,
    /// Sets everything back to what was configured.
    Restore,
    /// The same, and this attribute cannot be changed in place.
    Replace(&'static str),
    Fails(ErrorKind),
}

/// Reads objects by their `id`. What is not scripted is as the state says.
pub(in crate::drift) struct Fake {
    info: ReaderInfo,
    schema: Arc<ProviderSchema>,
    answers: BTreeMap<String, Answer>,
    plan: Plan,
    pub(in crate::drift) warning: Option<&'static str>,
    pub(in crate::drift) reads: AtomicUsize,
}

impl Fake {
    pub(in crate::drift) fn new<const N: usize>(answers: [(&str, Answer); N]) -> Self {
        let thing = Arc::new(thing());
        let types = [
            "demo_thing",
            "aws_instance",
            "aws_s3_bucket",
            "aws_iam_role",
        ];
        let resources = types.map(|name| (name.to_owned(), thing.clone()));
        Self {
            info: ReaderInfo {
                source: provider().source,
                version: Some("1.2.3".to_owned()),
                origin: Origin::Plugin {
                    path: "/plugins/demo".into(),
                },
            },
            schema: Arc::new(ProviderSchema {
                resources: resources.into(),
                ..ProviderSchema::default()
            }),
            answers: answers.map(|(id, a)| (id.to_owned(), a)).into(),
            plan: Plan::Restore,
            warning: None,
            reads: AtomicUsize::new(0),
        }
    }

    pub(in crate::drift) fn planning(self, plan: Plan) -> Self {
        Self { plan, ..self }
    }

    pub(in crate::drift) fn answering(mut self, id: &str, answer: Answer) -> Self {
        self.answers.insert(id.to_owned(), answer);
        self
    }

    pub(in crate::drift) fn native(mut self) -> Self {
        self.info.origin = Origin::Native;
        self
    }

    pub(in crate::drift) fn reality(self) -> Arc<dyn Reality> {
        reality(Ok(Arc::new(self)))
    }
}

pub(in crate::drift) fn reality(route: Result<Arc<dyn ResourceReader>>) -> Arc<dyn Reality> {
    Arc::new(Readers::new(Routes::from([(provider(), route)])))
}

pub(in crate::drift) fn thing() -> ResourceSchema {
    let rule = block([
        ("cidr", attribute("string").required()),
        ("note", attribute("string").optional()),
    ]);
    ResourceSchema {
        version: 1,
        block: block([
            ("id", attribute("string").computed()),
            ("name", attribute("string").required()),
            ("size", attribute("number").optional()),
            ("password", attribute("string").optional().sensitive()),
            ("storage_encrypted", attribute("bool").optional()),
            ("publicly_accessible", attribute("bool").computed()),
            ("arn", attribute("string").computed()),
            ("tags", attribute(r#"["map","string"]"#).optional()),
            ("ports", attribute(r#"["set","number"]"#).optional()),
            ("zones", attribute(r#"["list","string"]"#).optional()),
        ])
        .with("rule", nested(Nesting::List, rule)),
        identity: None,
    }
}

pub(in crate::drift) fn provider() -> ProviderConfigAddress {
    PROVIDER.parse().unwrap()
}

#[async_trait]
impl ResourceReader for Fake {
    fn info(&self) -> &ReaderInfo {
        &self.info
    }

    fn schema(&self) -> &Arc<ProviderSchema> {
        &self.schema
    }

    async fn refresh(&self, _cx: &Context, request: ReadRequest) -> Result<Refreshed> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let RawAttributes::Json(raw) = &request.attributes else {
            return Err(Error::new(ErrorKind::InvalidState, "a flatmap"));
        };
        let ty = self
            .resource_schema(&request.type_name)
            .unwrap()
            .block
            .implied_type();
        let stored: BTreeMap<String, Json> = serde_json::from_str(raw.get()).unwrap();
        let prior = json::decode_parsed(&serde_json::to_value(&stored).unwrap(), &ty).unwrap();
        let id = stored.get("id").and_then(Json::as_str).unwrap_or_default();
        let current = match self.answers.get(id) {
            None => Some(prior.clone()),
            Some(Answer::Gone) => None,
            Some(Answer::Fails(error)) => return Err(error.clone()),
            Some(Answer::Panics) => panic!("planted-panic"),
            Some(Answer::After(time)) => {
                tokio::time::sleep(*time).await;
                Some(prior.clone())
            }
            Some(Answer::With(changes)) => Some(changed(stored, changes, &ty)),
            Some(Answer::Late(time, changes)) => {
                tokio::time::sleep(*time).await;
                Some(changed(stored, changes, &ty))
            }
        };
        let warning = self.warning.map(|summary| Diagnostic {
            severity: DiagnosticSeverity::Warning,
            summary: summary.to_owned(),
            detail: String::new(),
            attribute: None,
        });
        Ok(Refreshed {
            prior,
            current,
            private: request.private,
            identity: None,
            warnings: warning.into_iter().collect(),
        })
    }

    async fn plan(&self, _cx: &Context, request: PlanRequest) -> Result<Planned> {
        let replace = match &self.plan {
            Plan::Fails(kind) => return Err(Error::new(*kind, "no plan today")),
            Plan::Replace(attribute) => vec![Path::attribute_of_root(*attribute)],
            Plan::Nothing | Plan::Restore => Vec::new(),
        };
        let planned = match &self.plan {
            Plan::Nothing => request.prior,
            _ => request.proposed,
        };
        Ok(Planned {
            planned,
            requires_replace: replace,
        })
    }

    async fn import(&self, _: &Context, _: &str, _: ImportTarget) -> Result<Vec<Imported>> {
        Ok(Vec::new())
    }

    async fn list(
        &self,
        _: &Context,
        _: ListRequest,
    ) -> Result<BoxStream<'static, Result<Listed>>> {
        Ok(Box::pin(futures::stream::empty()))
    }
}

fn changed(mut stored: BTreeMap<String, Json>, changes: &Json, ty: &Type) -> Value {
    stored.extend(changes.as_object().unwrap().clone());
    json::decode_parsed(&serde_json::to_value(stored).unwrap(), ty).unwrap()
}

/// A stored object that has an id, a name and a password.
pub(in crate::drift) fn object(address: &str, id: &str) -> (Resource, Instance) {
    let attributes = serde_json::json!({
        "id": id, "name": "n", "size": 1, "password": null, "storage_encrypted": true, "publicly_accessible": false,
        "tags": {"env": "prod"}, "ports": [80, 443], "zones": ["a", "b"], "rule": [{"cidr": "10.0.0.0/8", "note": null}],
    });
    stored(address, attributes)
}

pub(in crate::drift) fn stored(address: &str, attributes: Json) -> (Resource, Instance) {
    let address: crate::address::InstanceAddress = address.parse().unwrap();
    let instance = Instance::new(address.key, 1, RawAttributes::Json((&attributes).into()));
    (Resource::new(address.resource, Some(provider())), instance)
}

pub(in crate::drift) fn state<I: IntoIterator<Item = (Resource, Instance)>>(
    objects: I,
) -> Arc<State> {
    let mut state = State::new("l");
    for (mut resource, instance) in objects {
        resource.instances.push(instance);
        state.resources.push(resource);
    }
    Arc::new(state)
}

/// Objects `demo_thing.ID` with these ids.
pub(in crate::drift) fn things<const N: usize>(ids: [&str; N]) -> Arc<State> {
    state(ids.map(|id| object(&format!("demo_thing.{id}"), id)))
}

pub(in crate::drift) fn input(
    target: &str,
    state: Arc<State>,
    reality: Arc<dyn Reality>,
) -> DriftInput {
    DriftInput {
        target: target.to_owned(),
        state,
        reality,
        renames: Renames::default(),
        configuration: None,
    }
}

/// The configuration that this text is.
pub(in crate::drift) fn configuration(text: &str) -> Arc<RootModule> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.tf"), text).unwrap();
    Arc::new(RootModule::load(&context(), dir.path()).unwrap().value)
}

pub(in crate::drift) fn context() -> Context {
    Context::new(Environment::default())
}

/// The report on one state, with all that is not proven to be noise.
pub(in crate::drift) async fn look(state: Arc<State>, fake: Fake) -> DriftReport {
    look_with(&context(), &showing_all(), state, fake.reality()).await
}

/// Shows all that is not proven to be noise.
pub(in crate::drift) fn showing_all() -> SurveyOptions {
    SurveyOptions {
        filter: Filter {
            sensitivity: Sensitivity::High,
            ..Filter::default()
        },
        ..SurveyOptions::default()
    }
}

pub(in crate::drift) async fn look_with(
    cx: &Context,
    options: &SurveyOptions,
    state: Arc<State>,
    reality: Arc<dyn Reality>,
) -> DriftReport {
    let inputs = [input("t", state, reality)];
    let report = survey(cx, &inputs, options).await;
    adds_up(&report, &inputs);
    report
}

/// Every object of the states is in the report, once.
pub(in crate::drift) fn adds_up(report: &DriftReport, inputs: &[DriftInput]) {
    let s: Summary = report.summary;
    let all: usize = inputs.iter().map(|i| i.state.instances().count()).sum();
    assert_eq!(
        s.checked,
        s.same + s.drifted + s.deleted + s.hidden,
        "{s:?}"
    );
    assert_eq!(s.checked + s.unverifiable + s.skipped, all as u64, "{s:?}");
    let found = s.drifted + s.deleted + s.hidden;
    assert_eq!(report.findings.len() as u64, found);
    assert_eq!(
        report.not_looked_at.len() as u64,
        s.unverifiable + s.skipped
    );
}

pub(in crate::drift) fn only(report: &DriftReport) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0]
}

/// The paths of a finding's changes, spelled out.
pub(in crate::drift) fn paths(finding: &Finding) -> Vec<String> {
    let changes = finding.changes.iter();
    changes
        .map(|c| c.path.display_masked(&finding.sensitive))
        .collect()
}

/// Keeps everything that was told.
#[derive(Default)]
pub(in crate::drift) struct Ear(pub(in crate::drift) Mutex<Vec<Event>>);

impl Observer for Ear {
    fn on_event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// An attribute of an object, as a test writes it down.
pub(in crate::drift) fn attribute_of<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.attribute(name).unwrap()
}
