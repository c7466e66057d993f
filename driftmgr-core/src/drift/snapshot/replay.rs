//! A snapshot as reality.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::seal::Seal;
use super::{
    Found, Snapshot, SnapshotObject, SnapshotProvider, SnapshotTarget, StoredVerdict, codec,
};
use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::context::Context;
use crate::drift::reality::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::plan_back::Verdict;
use crate::provider::{Block, Origin, ReaderInfo, ResourceSchema};
use crate::state::{Instance, RawAttributes, State, flatmap};
use crate::value::{Difference, Value, diff, json};

/// What a snapshot found for one state.
pub struct SnapshotReality {
    seal: Seal,
    schemas: Vec<Arc<ResourceSchema>>,
    objects: BTreeMap<(InstanceAddress, Option<String>), SnapshotObject>,
    readers: BTreeMap<ProviderConfigAddress, ReaderInfo>,
}

impl SnapshotReality {
    /// Reality for a state, as the snapshot found it under the same name, or else under the same lineage.
    ///
    /// # Errors
    /// - `NotFound` when the snapshot does not hold the state.
    /// - `InvalidInput` when a part of the snapshot cannot be read.
    pub fn new(snapshot: &Snapshot, label: &str, state: &State) -> Result<Self> {
        let target = chosen(snapshot, label, state)?;
        let seal = Seal::from_text(&snapshot.key).ok_or_else(|| damaged("its key"))?;
        let mut objects = BTreeMap::new();
        for object in &target.objects {
            let address: InstanceAddress = object
                .address
                .parse()
                .map_err(|_| damaged("an address").with("address", &object.address))?;
            objects.insert((address, object.deposed.clone()), object.clone());
        }
        let mut readers = BTreeMap::new();
        for provider in &target.providers {
            readers.insert(
                provider
                    .address
                    .parse()
                    .map_err(|_| damaged("a provider's address"))?,
                info(provider)?,
            );
        }
        Ok(Self {
            seal,
            schemas: snapshot.decoded.clone(),
            objects,
            readers,
        })
    }

    fn look(&self, object: &InstanceRef) -> Result<Observed> {
        let key = (object.address.clone(), object.instance.deposed.clone());
        let Some(known) = self.objects.get(&key) else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "the snapshot did not look at it: it was not in the state then, or was left out",
            ));
        };
        let unchanged = self.seal.digest(&object.instance) == known.digest;
        match &known.found {
            Found::Unreadable { reason, .. } => {
                Err(Error::new(ErrorKind::Unavailable, reason.clone()))
            }
            Found::Absent {
                schema,
                stored,
                notes,
            } => {
                let schema = self.schema(*schema)?;
                let stored = if unchanged {
                    value(stored)?
                } else {
                    self.stored(object, &schema)?
                };
                Ok(Observed::Absent {
                    stored,
                    schema,
                    notes: notes.clone(),
                    effect: None,
                })
            }
            Found::Present {
                schema,
                stored,
                current,
                verdict,
                notes,
            } => {
                let schema = self.schema(*schema)?;
                let then = value(stored)?;
                let current = match current {
                    Some(current) => value(current)?,
                    None => then.clone(),
                };
                let (stored, verdict) = if unchanged {
                    (then, verdict.as_ref().map(judged).transpose()?)
                } else {
                    let stored = self.stored(object, &schema)?;
                    let shape = schema.block.comparison_shape();
                    let same = diff(&stored, &current, Some(&shape)).is_empty();
                    (stored, (!same).then(|| Err(not_asked())))
                };
                Ok(Observed::Present(Box::new(Observation {
                    stored,
                    current,
                    schema,
                    verdict,
                    basis: Basis::PlanBack,
                    notes: notes.clone(),
                })))
            }
        }
    }

    fn schema(&self, position: usize) -> Result<Arc<ResourceSchema>> {
        let schema = self.schemas.get(position).cloned();
        schema.ok_or_else(|| damaged("the schema of an object"))
    }

    /// The object in a state that has changed since, as far as the snapshot's schema can tell.
    fn stored(&self, object: &InstanceRef, schema: &ResourceSchema) -> Result<Value> {
        let instance = &object.instance;
        if instance.schema_version != schema.version {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the state holds it in another version of its schema than the snapshot",
            ));
        }
        let stored = decoded(instance, &schema.block)?;
        let mut secrets = instance.sensitive.clone();
        secrets.extend(&schema.block.sensitive_paths(&stored));
        Ok(self.seal.object(&stored, &secrets))
    }
}

#[async_trait]
impl Reality for SnapshotReality {
    fn reader_info(&self, provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        self.readers.get(provider)
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, _cx: &Context, object: &InstanceRef) -> Observed {
        self.look(object).unwrap_or_else(Observed::Unreadable)
    }
}

impl std::fmt::Debug for SnapshotReality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotReality")
            .field("objects", &self.objects.len())
            .finish_non_exhaustive()
    }
}

fn chosen<'a>(snapshot: &'a Snapshot, label: &str, state: &State) -> Result<&'a SnapshotTarget> {
    let named = snapshot.targets.iter().find(|t| t.target == label);
    let mut same = snapshot
        .targets
        .iter()
        .filter(|t| !t.lineage.is_empty() && t.lineage == state.lineage);
    let by_lineage = same.next().filter(|_| same.next().is_none());
    named.or(by_lineage).ok_or_else(|| {
        let held: Vec<&str> = snapshot.targets.iter().map(|t| t.target.as_str()).collect();
        Error::new(
            ErrorKind::NotFound,
            "the snapshot does not hold this state: neither by its name nor by its lineage",
        )
        .with("target", label)
        .with("snapshot of", held.join(", "))
        .with_hint("make one that does: `driftmgr snapshot save TARGET --to FILE`")
    })
}

fn info(provider: &SnapshotProvider) -> Result<ReaderInfo> {
    Ok(ReaderInfo {
        source: provider
            .source
            .parse()
            .map_err(|_| damaged("a provider's source"))?,
        version: provider.version.clone(),
        origin: match (provider.origin.as_str(), &provider.path) {
            ("native", _) => Origin::Native,
            ("plugin", Some(path)) => Origin::Plugin { path: path.clone() },
            _ => Origin::Reattached,
        },
    })
}

fn value(json: &Json) -> Result<Value> {
    codec::read(json).ok_or_else(|| damaged("the value of an object"))
}

fn judged(verdict: &StoredVerdict) -> Result<Result<Verdict>> {
    let path = |json: &Json| codec::read_path(json).ok_or_else(|| damaged("a path"));
    Ok(match verdict {
        StoredVerdict::Nothing => Ok(Verdict::NoChange),
        StoredVerdict::Unknown { reason } => Err(Error::new(ErrorKind::ToolFailed, reason.clone())),
        StoredVerdict::Changes {
            paths,
            requires_replace,
        } => Ok(Verdict::Change {
            changes: paths
                .iter()
                .map(|json| {
                    Ok(Difference {
                        path: path(json)?,
                        before: None,
                        after: None,
                    })
                })
                .collect::<Result<_>>()?,
            requires_replace: requires_replace.iter().map(path).collect::<Result<_>>()?,
        }),
    })
}

fn not_asked() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the state has changed since the snapshot, and nobody was asked",
    )
}

fn damaged(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("a snapshot that cannot be read: {what}"),
    )
    .with_operation("snapshot.read")
    .with_hint("make a new one: `driftmgr snapshot save TARGET --to FILE`")
}

/// The stored attributes by the schema. What the schema does not have is left out, as a provider's upgrade leaves it out.
fn decoded(instance: &Instance, block: &Block) -> Result<Value> {
    let unreadable = || {
        Error::new(
            ErrorKind::InvalidState,
            "the stored attributes do not fit the schema of the snapshot",
        )
    };
    match &instance.attributes {
        RawAttributes::Flatmap(flat) => Ok(flatmap::expand(flat, &block.implied_type())),
        RawAttributes::Json(raw) => {
            let Ok(Json::Object(mut entries)) = serde_json::from_str(raw.get()) else {
                return Err(unreadable());
            };
            entries.retain(|name, _| {
                block.attributes.contains_key(name) || block.blocks.contains_key(name)
            });
            json::decode_parsed(&Json::Object(entries), &block.implied_type())
                .map_err(|_| unreadable())
        }
    }
}
