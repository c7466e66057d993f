//! Writes down what a survey finds while it goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::seal::Seal;
use super::{
    FORMAT_VERSION, Found, Snapshot, SnapshotObject, SnapshotProvider, SnapshotTarget,
    StoredVerdict, codec, schema,
};
use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::context::Context;
use crate::drift::model::{DriftReport, NotLookedAtKind};
use crate::drift::reality::{InstanceRef, Observation, Observed, Reality, Support};
use crate::error::Result;
use crate::provider::plan_back::Verdict;
use crate::provider::{ReaderInfo, ResourceSchema};
use crate::state::State;
use crate::value::{Path, PathSet, Value};

type Key = (InstanceAddress, Option<String>);

/// Reality that remembers what it answered. One for each state of a run.
pub struct Recorder {
    inner: Arc<dyn Reality>,
    seal: Seal,
    seen: Mutex<BTreeMap<Key, Seen>>,
}

struct Seen {
    read_at: String,
    digest: String,
    found: Remembered,
}

/// What was found, with its schema still shared.
enum Remembered {
    There {
        schema: Arc<ResourceSchema>,
        found: Found,
    },
    Unreadable(Found),
}

impl Recorder {
    /// Remembers what `inner` answers.
    fn new(inner: Arc<dyn Reality>, seal: Seal) -> Self {
        Self {
            inner,
            seal,
            seen: Mutex::default(),
        }
    }

    fn remember(&self, cx: &Context, object: &InstanceRef, observed: &Observed) {
        let sealed = Sealed {
            seal: &self.seal,
            object,
        };
        let found = match observed {
            Observed::Present(observation) => Remembered::There {
                schema: observation.schema.clone(),
                found: sealed.present(observation),
            },
            Observed::Absent {
                stored,
                schema,
                notes,
                ..
            } => Remembered::There {
                schema: schema.clone(),
                found: Found::Absent {
                    schema: 0,
                    stored: sealed.write(stored, &sealed.secrets(schema, &[stored])),
                    notes: notes.clone(),
                },
            },
            Observed::Unreadable(error) => Remembered::Unreadable(Found::Unreadable {
                kind: error.kind().as_str().to_owned(),
                reason: crate::drift::engine::reason(error),
            }),
        };
        let seen = Seen {
            read_at: moment(cx),
            digest: self.seal.digest(&object.instance),
            found,
        };
        let key = (object.address.clone(), object.instance.deposed.clone());
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, seen);
    }
}

#[async_trait]
impl Reality for Recorder {
    fn reader_info(&self, provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        self.inner.reader_info(provider)
    }

    fn support(&self, provider: &ProviderConfigAddress, type_name: &str) -> Support {
        self.inner.support(provider, type_name)
    }

    fn can_be_misdirected(&self) -> bool {
        self.inner.can_be_misdirected()
    }

    async fn observe(&self, cx: &Context, object: &InstanceRef) -> Observed {
        let observed = self.inner.observe(cx, object).await;
        self.remember(cx, object, &observed);
        observed
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// One object on its way into a snapshot.
struct Sealed<'a> {
    seal: &'a Seal,
    object: &'a InstanceRef,
}

impl Sealed<'_> {
    fn secrets(&self, schema: &ResourceSchema, sides: &[&Value]) -> PathSet {
        let mut paths = self.object.instance.sensitive.clone();
        for side in sides {
            paths.extend(&schema.block.sensitive_paths(side));
        }
        paths
    }

    fn write(&self, value: &Value, secrets: &PathSet) -> Json {
        codec::write(&self.seal.object(value, secrets))
    }

    fn present(&self, observation: &Observation) -> Found {
        let Observation {
            stored,
            current,
            schema,
            verdict,
            notes,
            ..
        } = observation;
        let secrets = self.secrets(schema, &[stored, current]);
        let path = |path: &Path| codec::write_path(&self.seal.path(path, &secrets));
        let verdict = verdict.as_ref().map(|verdict| match verdict {
            Ok(Verdict::NoChange) => StoredVerdict::Nothing,
            Ok(Verdict::Change {
                changes,
                requires_replace,
            }) => StoredVerdict::Changes {
                paths: changes.iter().map(|change| path(&change.path)).collect(),
                requires_replace: requires_replace.iter().map(path).collect(),
            },
            Err(error) => StoredVerdict::Unknown {
                reason: error.to_string(),
            },
        });
        Found::Present {
            schema: 0,
            stored: self.write(stored, &secrets),
            current: (stored != current).then(|| self.write(current, &secrets)),
            verdict,
            notes: notes.clone(),
        }
    }
}

/// Writes down one run.
pub(crate) struct Recording {
    seal: Seal,
    created_at: String,
    targets: Vec<(String, Arc<State>, Arc<Recorder>)>,
}

impl Recording {
    pub(crate) fn begin(cx: &Context) -> Self {
        Self {
            seal: Seal::random(),
            created_at: moment(cx),
            targets: Vec::new(),
        }
    }

    /// A reality that remembers what this one answers about the state of the target.
    pub(crate) fn add(
        &mut self,
        target: &str,
        state: &Arc<State>,
        reality: Arc<dyn Reality>,
    ) -> Arc<dyn Reality> {
        let recorder = Arc::new(Recorder::new(reality, self.seal.clone()));
        self.targets
            .push((target.to_owned(), state.clone(), recorder.clone()));
        recorder
    }

    /// The snapshot of the run that gave the report.
    ///
    /// # Errors
    /// None today; what was found can always be written.
    pub(crate) fn finish(self, cx: &Context, report: &DriftReport) -> Result<Snapshot> {
        let mut schemas: Vec<Arc<ResourceSchema>> = Vec::new();
        let mut position = |schema: &Arc<ResourceSchema>| {
            let known = schemas
                .iter()
                .position(|s| Arc::ptr_eq(s, schema) || s == schema);
            known.unwrap_or_else(|| {
                schemas.push(schema.clone());
                schemas.len() - 1
            })
        };
        let mut targets = Vec::new();
        let mut recorded = self.targets;
        recorded.sort_by(|a, b| a.0.cmp(&b.0));
        for (target, state, recorder) in recorded {
            let mut seen =
                std::mem::take(&mut *recorder.seen.lock().unwrap_or_else(PoisonError::into_inner));
            // What was not reached has no answer of its own.
            let open = report
                .not_looked_at
                .iter()
                .filter(|n| n.target == target && n.kind == NotLookedAtKind::Unverifiable);
            for each in open {
                let key = (each.address.clone(), each.deposed.clone());
                let digest = state
                    .objects(&each.address)
                    .find(|(_, i)| i.deposed == each.deposed)
                    .map(|(_, i)| self.seal.digest(i));
                seen.entry(key).or_insert_with(|| Seen {
                    read_at: moment(cx),
                    digest: digest.unwrap_or_default(),
                    found: Remembered::Unreadable(Found::Unreadable {
                        kind: crate::error::ErrorKind::Unavailable.as_str().to_owned(),
                        reason: each.reason.clone(),
                    }),
                });
            }
            let objects = seen.into_iter().map(|((address, deposed), seen)| {
                let found = match seen.found {
                    Remembered::Unreadable(found) => found,
                    Remembered::There { schema, found } => numbered(found, position(&schema)),
                };
                SnapshotObject {
                    address: address.to_string(),
                    deposed,
                    read_at: seen.read_at,
                    digest: seen.digest,
                    found,
                }
            });
            targets.push(SnapshotTarget {
                lineage: state.lineage.clone(),
                serial: state.serial,
                providers: providers(&state, recorder.inner.as_ref()),
                objects: objects.collect(),
                target,
            });
        }
        Ok(Snapshot {
            driftmgr_snapshot: FORMAT_VERSION.to_owned(),
            driftmgr_version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: self.created_at,
            finished_at: moment(cx),
            key: self.seal.to_text(),
            schemas: schemas.iter().map(|s| schema::write(s)).collect(),
            decoded: schemas,
            targets,
        })
    }
}

fn numbered(mut found: Found, position: usize) -> Found {
    match &mut found {
        Found::Present { schema, .. } | Found::Absent { schema, .. } => *schema = position,
        Found::Unreadable { .. } => {}
    }
    found
}

fn providers(state: &State, reality: &dyn Reality) -> Vec<SnapshotProvider> {
    let mut found = BTreeMap::new();
    for address in state.instances().filter_map(|(r, i)| r.provider_of(i)) {
        let Some(info) = reality.reader_info(address) else {
            continue;
        };
        let provider = SnapshotProvider {
            address: address.to_string(),
            source: info.source.to_string(),
            version: info.version.clone(),
            origin: info.origin.as_str().to_owned(),
            path: info.origin.path().map(Into::into),
        };
        found.insert(address.clone(), provider);
    }
    found.into_values().collect()
}

/// Now, to the second.
fn moment(cx: &Context) -> String {
    let now = Timestamp::try_from(cx.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}
