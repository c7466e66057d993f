//! Looks at every instance of many states, and says of each what was found, or why nothing was.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::aloud::{Aloud, Sink};
use super::count::count;
use super::finding::{Judge, Outcome};
use super::group::group;
use super::item::DriftItem;
use super::model::{
    Circumstances, DriftReport, Finding, NotLookedAt, NotLookedAtKind, Summary, SurveyedProvider,
};
use super::moved::Renames;
use super::noise::{Comparators, Filter, relate};
use super::reality::{InstanceRef, Observed, Reality};
use super::selection::Selection;
use super::severity::Rules;
use super::valve;
use crate::address::{InstanceAddress, ResourceMode};
use crate::configuration::RootModule;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::state::State;

/// One state and what is to be asked about it.
pub struct DriftInput {
    /// The target, as the caller named it.
    pub target: String,
    /// The state.
    pub state: Arc<State>,
    /// What it is held against.
    pub reality: Arc<dyn Reality>,
    /// What the configuration's `moved` blocks rename.
    pub renames: Renames,
    /// The configuration, when it is at hand.
    pub configuration: Option<Arc<RootModule>>,
}

impl std::fmt::Debug for DriftInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DriftInput")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// How a survey is made.
#[derive(Debug, Clone)]
pub struct SurveyOptions {
    /// Objects under way at a time, over all providers. Each reader has its own, lower limit.
    pub in_flight: usize,
    /// Severity rules.
    pub rules: Arc<Rules>,
    /// What knows when two values mean the same.
    pub comparators: Comparators,
    /// What is shown.
    pub filter: Filter,
    /// Which instances are looked at.
    pub selection: Selection,
    /// Who is told of each result before the survey has ended.
    pub sink: Option<Arc<dyn Sink>>,
}

impl Default for SurveyOptions {
    fn default() -> Self {
        Self {
            in_flight: 256,
            rules: Arc::default(),
            comparators: Comparators::default(),
            filter: Filter::default(),
            selection: Selection::default(),
            sink: None,
        }
    }
}

/// One object that is to be looked at.
struct Job<'a> {
    index: usize,
    input: &'a DriftInput,
    object: InstanceRef,
    new_address: Option<InstanceAddress>,
}

/// One object with what became of it.
#[derive(Clone)]
pub(super) struct Looked<'a> {
    /// Its place among all objects: a state can hold two with the same address.
    pub(super) position: usize,
    /// Which of the inputs: two can have the same target.
    pub(super) index: usize,
    pub(super) input: &'a DriftInput,
    pub(super) object: InstanceRef,
    pub(super) outcome: Outcome,
}

/// Looks at every managed instance of the states and reports what differs, what does not, and what was not looked at.
///
/// It answers also when the operation is cancelled or its deadline passes: what was not reached is unverifiable then. The report depends
/// neither on the order in which providers answer nor on that of the inputs.
pub async fn survey(cx: &Context, inputs: &[DriftInput], options: &SurveyOptions) -> DriftReport {
    let mut aloud = Aloud::new(options.sink.as_deref(), &options.filter);
    let mut inputs: Vec<&DriftInput> = inputs.iter().collect();
    inputs.sort_by(|a, b| a.target.cmp(&b.target));
    let started = cx.now();
    let mut report = DriftReport::default();
    let mut jobs = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        plan_work(index, input, options, &mut jobs, &mut report.not_looked_at);
    }
    for left_out in &report.not_looked_at {
        aloud.left_out(left_out);
    }
    let mut looked = look_at_all(cx, jobs, options, &mut aloud).await;
    looked.sort_by_key(|each| each.position);
    report.problems = valve::close(&mut looked);
    relate(&mut looked);
    let mut counts: BTreeMap<&str, Summary> = inputs
        .iter()
        .map(|input| (input.target.as_str(), Summary::default()))
        .collect();
    for each in looked {
        record(&mut report, &mut counts, each, &options.filter, &aloud);
    }
    sort(&mut report);
    let states: Vec<(&str, &State)> = inputs
        .iter()
        .map(|i| (i.target.as_str(), &*i.state))
        .collect();
    report.groups = group(&report.findings, &states);
    report.providers = providers(&inputs);
    count(&mut report, &counts);
    report.rules = options.filter.outcomes(&report);
    report.made = Some(Circumstances {
        started,
        ended: cx.now(),
        sensitivity: options.filter.sensitivity,
    });
    report
}

/// Splits a state into what is to be looked at and what is left out for a reason.
fn plan_work<'a>(
    index: usize,
    input: &'a DriftInput,
    options: &SurveyOptions,
    jobs: &mut Vec<Job<'a>>,
    out: &mut Vec<NotLookedAt>,
) {
    for (resource, instance) in input.state.instances() {
        let address = resource.instance_address(instance);
        let new_address = input.renames.get(&address).cloned();
        let mut leave_out = |kind, reason: &str| {
            out.push(NotLookedAt {
                target: input.target.clone(),
                address: address.clone(),
                deposed: instance.deposed.clone(),
                kind,
                reason: reason.to_owned(),
            });
        };
        if resource.address.mode == ResourceMode::Data {
            leave_out(
                NotLookedAtKind::Skipped,
                "a data source: it is read anew by each plan",
            );
        } else if !options
            .selection
            .contains_renamed(&address, new_address.as_ref())
        {
            leave_out(NotLookedAtKind::Skipped, "left out by the caller");
        } else if let Some(provider) = resource.provider_of(instance) {
            jobs.push(Job {
                index,
                input,
                object: InstanceRef {
                    address,
                    provider: provider.clone(),
                    instance: instance.clone(),
                },
                new_address,
            });
        } else {
            leave_out(
                NotLookedAtKind::Unverifiable,
                "the state does not say which provider manages it",
            );
        }
    }
}

async fn look_at_all<'a>(
    cx: &Context,
    jobs: Vec<Job<'a>>,
    options: &SurveyOptions,
    aloud: &mut Aloud<'_>,
) -> Vec<Looked<'a>> {
    let total = jobs.len() as u64;
    cx.emit(&Event::Started {
        step: "reading instances".to_owned(),
        total: Some(total),
    });
    let mut waiting = jobs.into_iter().enumerate();
    let mut under_way = FuturesUnordered::new();
    let mut done = Vec::new();
    loop {
        while under_way.len() < options.in_flight.max(1) {
            let Some((position, job)) = waiting.next() else {
                break;
            };
            under_way.push(look_at(cx, position, job, options));
        }
        let Some(looked) = under_way.next().await else {
            break;
        };
        cx.emit(&Event::InstanceRead {
            address: looked.object.address.clone(),
            outcome: looked.outcome.word(),
        });
        done.push(looked);
        aloud.heard(&done, total);
        cx.emit(&Event::Progressed {
            done: done.len() as u64,
            total: Some(total),
        });
    }
    done
}

async fn look_at<'a>(
    cx: &Context,
    position: usize,
    job: Job<'a>,
    options: &SurveyOptions,
) -> Looked<'a> {
    let observed = observe(cx, job.input, &job.object).await;
    let judge = Judge {
        rules: &options.rules,
        comparators: &options.comparators,
        configuration: job.input.configuration.as_deref(),
    };
    let outcome = judge.outcome(&job.object, observed, job.new_address.as_ref());
    Looked {
        position,
        index: job.index,
        input: job.input,
        object: job.object,
        outcome,
    }
}

async fn observe(cx: &Context, input: &DriftInput, object: &InstanceRef) -> Observed {
    if let Err(error) = cx.check() {
        return Observed::Unreadable(not_reached(&error));
    }
    // A defect in one reader costs one object, and not the answers of all others. The panic's text can hold anything, so it is left out.
    let answer = AssertUnwindSafe(input.reality.observe(cx, object))
        .catch_unwind()
        .map(|answer| answer.map_err(|_| Error::new(ErrorKind::Unexpected, "the reader panicked")));
    match cx.run(answer).await {
        // The reader may have noticed first.
        Ok(Observed::Unreadable(error)) => match cx.check() {
            Err(end) if end.kind() == error.kind() => Observed::Unreadable(not_reached(&end)),
            _ => Observed::Unreadable(error),
        },
        Ok(observed) => observed,
        Err(error) => Observed::Unreadable(not_reached(&error)),
    }
}

fn not_reached(error: &Error) -> Error {
    let message = match error.kind() {
        ErrorKind::Cancelled => "cancelled before it was read",
        ErrorKind::Timeout => "the time was over before it was read",
        _ => return error.clone(),
    };
    Error::new(error.kind(), message)
}

/// What stands in the report about one object.
pub(super) enum Concluded {
    Same,
    Found(Box<Finding>),
    LeftOut(NotLookedAt),
}

impl Looked<'_> {
    /// What stands in the report, as far as is known by now.
    pub(super) fn concluded(self, filter: &Filter) -> Concluded {
        let target = self.input.target.clone();
        match self.outcome {
            Outcome::Same(_) => Concluded::Same,
            Outcome::Differs(draft) => {
                let mut finding = draft.conclude();
                finding.target = target;
                let lineage = &self.input.state.lineage;
                let origin = Some(lineage).filter(|lineage| !lineage.is_empty());
                finding.assign_fingerprints(origin.unwrap_or(&self.input.target));
                filter.apply(&mut finding);
                Concluded::Found(Box::new(finding))
            }
            Outcome::Unverifiable(error) => Concluded::LeftOut(NotLookedAt {
                target,
                address: self.object.address,
                deposed: self.object.instance.deposed,
                kind: NotLookedAtKind::Unverifiable,
                reason: reason(&error),
            }),
        }
    }
}

fn record<'a>(
    report: &mut DriftReport,
    counts: &mut BTreeMap<&'a str, Summary>,
    looked: Looked<'a>,
    filter: &Filter,
    aloud: &Aloud<'_>,
) {
    let position = looked.position;
    let target = &looked.input.target;
    match looked.concluded(filter) {
        Concluded::Same => counts.entry(target).or_default().count_same(),
        Concluded::Found(finding) => {
            aloud.settled(position, || DriftItem::Finding(finding.clone()));
            report.findings.push(*finding);
        }
        Concluded::LeftOut(left_out) => {
            aloud.settled(position, || DriftItem::NotLookedAt(left_out.clone()));
            report.not_looked_at.push(left_out);
        }
    }
}

/// By target and address.
fn sort(report: &mut DriftReport) {
    report.findings.sort_by(|a, b| {
        (&a.target, &a.address, &a.deposed).cmp(&(&b.target, &b.address, &b.deposed))
    });
    report.not_looked_at.sort_by(|a, b| {
        (&a.target, &a.address, &a.deposed).cmp(&(&b.target, &b.address, &b.deposed))
    });
}

/// The message and where it happened. All the places where a provider was looked for would bury it; `doctor` lists them.
pub(super) fn reason(error: &Error) -> String {
    let place: Vec<String> = error
        .context()
        .iter()
        .filter(|(key, _)| *key != "looked")
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    if place.is_empty() {
        error.message().to_owned()
    } else {
        format!("{} ({})", error.message(), place.join(", "))
    }
}

/// Who answered, once each.
fn providers(inputs: &[&DriftInput]) -> Vec<SurveyedProvider> {
    let mut found = BTreeMap::new();
    for input in inputs {
        let managed = input
            .state
            .instances()
            .filter(|(r, _)| r.address.mode == ResourceMode::Managed);
        for address in managed.filter_map(|(r, i)| r.provider_of(i)) {
            let Some(info) = input.reality.reader_info(address) else {
                continue;
            };
            let surveyed = SurveyedProvider {
                address: address.clone(),
                version: info.version.clone(),
                origin: info.origin.as_str(),
                path: info.origin.path().map(Into::into),
            };
            found.insert((surveyed.address.clone(), surveyed.path.clone()), surveyed);
        }
    }
    found.into_values().collect()
}
