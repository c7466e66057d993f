//! The client: opens targets and answers questions about many of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use driftmgr_core::backend::layers::BackendOptions;
use driftmgr_core::client::{self, Against};
use pyo3::prelude::*;

use crate::arguments::{DriftArguments, GivenTerms, OpenArguments};
use crate::backend::BackendHandle;
use crate::call::{Call, compute};
use crate::error::exception;
use crate::json;
use crate::managed::ManagedState;
use crate::python_backend;
use crate::report::{Plan, Report, Snapshot};
use crate::settings::Settings;
use crate::stack::Stack;
use crate::state::State;
use crate::stream::Stream;

/// Opens states and answers questions about them.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Client {
    pub(crate) inner: client::Client,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (settings, backends, keep_providers, backend_options))]
    fn new(
        py: Python<'_>,
        settings: Option<&Settings>,
        backends: BTreeMap<String, Py<PyAny>>,
        keep_providers: bool,
        backend_options: Option<&str>,
    ) -> PyResult<Self> {
        let mut builder = client::Client::builder().keep_providers(keep_providers);
        if let Some(settings) = settings {
            builder = builder.settings(settings.inner.clone());
        }
        for (kind, factory) in backends {
            builder = builder.backend(kind.clone(), python_backend::factory(kind, factory));
        }
        let inner = compute(py, || {
            let layers = backend_options.map(BackendOptions::from_json).transpose()?;
            builder.backend_options(layers.unwrap_or_default()).build()
        })?;
        Ok(Self { inner })
    }

    /// Opens a target.
    fn open(
        &self,
        py: Python<'_>,
        target: PathBuf,
        arguments: OpenArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| client.with_context(cx).open_with(target, &options).await,
            |py, stack| Ok(Py::new(py, Stack::new(stack))?.into_any()),
        ))
    }

    /// A stored state that can be changed.
    fn manage(
        &self,
        py: Python<'_>,
        target: PathBuf,
        arguments: OpenArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| client.with_context(cx).manage_with(target, &options).await,
            ManagedState::answer,
        ))
    }

    /// Looks at every managed instance of the stacks.
    fn detect_drift(
        &self,
        py: Python<'_>,
        stacks: Vec<Py<Stack>>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options(&client).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let stacks: Vec<client::Stack> = stacks.iter().map(|s| s.get().inner.clone()).collect();
        Ok(Call::new(
            terms,
            async move |cx| {
                client
                    .with_context(cx)
                    .detect_drift(&stacks, &options)
                    .await
            },
            Report::answer,
        ))
    }

    /// The same, told while it goes on.
    fn drift_stream(
        &self,
        py: Python<'_>,
        stacks: Vec<Py<Stack>>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Stream> {
        let options = arguments
            .options(&self.inner)
            .map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let stacks: Vec<client::Stack> = stacks.iter().map(|s| s.get().inner.clone()).collect();
        Ok(Stream::new(self.inner.clone(), stacks, options, terms))
    }

    /// What a plan says about the state that it was made from.
    fn drift_of_plan(
        &self,
        py: Python<'_>,
        label: String,
        plan: &Plan,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options(&client).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let plan = plan.inner.clone();
        Ok(Call::new(
            terms,
            async move |cx| {
                client
                    .with_context(cx)
                    .drift_of_plan(&label, &plan, &options)
                    .await
            },
            Report::answer,
        ))
    }

    /// What a snapshot says of the stacks.
    fn drift_by_snapshot(
        &self,
        py: Python<'_>,
        stacks: Vec<Py<Stack>>,
        snapshot: &Snapshot,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options(&client).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let stacks: Vec<client::Stack> = stacks.iter().map(|s| s.get().inner.clone()).collect();
        let snapshot = snapshot.inner.clone();
        Ok(Call::new(
            terms,
            async move |cx| {
                client
                    .with_context(cx)
                    .drift_by_snapshot(&stacks, &snapshot, &options)
                    .await
            },
            Report::answer,
        ))
    }

    /// Looks at the stacks and writes down what was found.
    fn snapshot(
        &self,
        py: Python<'_>,
        stacks: Vec<Py<Stack>>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options(&client).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let stacks: Vec<client::Stack> = stacks.iter().map(|s| s.get().inner.clone()).collect();
        Ok(Call::new(
            terms,
            async move |cx| client.with_context(cx).snapshot(&stacks, &options).await,
            Snapshot::answer,
        ))
    }

    /// Opens targets and holds them against reality, or what stands for it: a plan, a snapshot, a state.
    #[allow(clippy::too_many_arguments)]
    fn detect_drift_at(
        &self,
        py: Python<'_>,
        targets: Vec<PathBuf>,
        against: Option<Bound<'_, PyAny>>,
        open: OpenArguments,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let options = arguments.options(&client).map_err(|e| exception(py, &e))?;
        let open = open.options();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let against = match against {
            None => Stands::Providers,
            Some(given) => Stands::of(&given)?,
        };
        Ok(Call::new(
            terms,
            async move |cx| {
                let against = match against {
                    Stands::Providers => Against::Providers,
                    Stands::Plan(plan) => Against::Plan("plan".to_owned(), plan),
                    Stands::Snapshot(snapshot) => Against::Snapshot(snapshot),
                    Stands::State(state) => Against::State(state),
                };
                client
                    .with_context(cx)
                    .detect_drift_against(&targets, &against, &open, &options)
                    .await
            },
            |py, found| {
                let report = Report::answer(py, found.report)?;
                let stacks = found.stacks.into_iter();
                let stacks = stacks.map(|stack| Py::new(py, Stack::new(stack)));
                let stacks = stacks.collect::<PyResult<Vec<_>>>()?;
                let all = (report, stacks, found.unopened).into_pyobject(py)?;
                Ok(all.into_any().unbind())
            },
        ))
    }

    /// Ends the processes that were kept.
    fn end_providers(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        let client = self.inner.clone();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| {
                client.with_context(cx).end_providers().await;
                Ok(())
            },
            |py, ()| Ok(py.None()),
        ))
    }

    /// Whether the targets' states can be read.
    fn status(
        &self,
        py: Python<'_>,
        targets: Vec<PathBuf>,
        how: OpenArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let client = self.inner.clone();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let options = how.options();
        Ok(Call::new(
            terms,
            async move |cx| client.with_context(cx).status(&targets, &options).await,
            |py, status| json::to_python(py, &status),
        ))
    }

    /// What this machine offers, and what targets would use of it.
    fn doctor(&self, py: Python<'_>, targets: Vec<PathBuf>, terms: GivenTerms) -> PyResult<Call> {
        let client = self.inner.clone();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| client.with_context(cx).doctor(&targets).await,
            |py, diagnosis| json::to_python(py, &diagnosis),
        ))
    }

    /// The severity rules that hold.
    fn rules(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.rules())
    }

    /// What the backends were asked so far.
    fn backend_metrics(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.backend_metrics())
    }

    /// The kinds of backends that can be opened.
    fn backends(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let kinds = compute(py, || Ok(self.inner.backends()))?;
        json::to_python(py, &kinds)
    }

    /// Opens a backend by its kind and arguments.
    fn backend(
        &self,
        py: Python<'_>,
        kind: &str,
        config: Bound<'_, PyAny>,
        root: PathBuf,
    ) -> PyResult<BackendHandle> {
        let config = json::from_python(&config)?;
        let config = match config {
            serde_json::Value::Object(entries) => entries.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        let handle = compute(py, || self.inner.backend(kind, config, root))?;
        Ok(BackendHandle::new(handle))
    }

    /// The settings that it was made with.
    fn settings(&self) -> Settings {
        Settings {
            inner: self.inner.settings().clone(),
        }
    }
}

/// What is given to stand for reality.
enum Stands {
    Providers,
    Plan(Arc<driftmgr_core::drift::Plan>),
    Snapshot(Arc<driftmgr_core::drift::Snapshot>),
    State(Arc<driftmgr_core::state::State>),
}

impl Stands {
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(snapshot) = given.cast::<Snapshot>() {
            return Ok(Self::Snapshot(snapshot.get().inner.clone()));
        }
        if let Ok(state) = given.cast::<State>() {
            return Ok(Self::State(Arc::new(state.get().inner.state().clone())));
        }
        Ok(Self::Plan(given.cast::<Plan>()?.get().inner.clone()))
    }
}
