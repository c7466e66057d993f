//! Reality as a plan tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::value::RawValue;

use super::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use crate::address::{InstanceAddress, ProviderConfigAddress, ResourceAddress};
use crate::context::Context;
use crate::drift::model::{Effect, EffectAction};
use crate::drift::plan::{Action, Plan, PlannedChange, PlannedObject, Seen};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::plan_back::{Verdict, judge};
use crate::provider::{Planned, ReaderInfo, ResourceSchema};
use crate::state::{Instance, InstanceStatus, RawAttributes, Resource, State};
use crate::value::{Difference, Path, Value, diff, json};

/// Reality as a plan tells it: the objects that its refresh found, and what apply would do about them.
///
/// The objects of the state must be those that the plan was made from. One that is not is unreadable, and so is one that the plan does not
/// cover (see [`crate::drift::plan`]).
#[derive(Debug)]
pub struct PlanReality {
    plan: Arc<Plan>,
    /// The state was made of the plan itself.
    alone: bool,
    /// Plans carry no schemas.
    schema: Arc<ResourceSchema>,
}

impl PlanReality {
    /// Reality for a state that stands beside the plan.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            alone: false,
            schema: Arc::default(),
        }
    }

    /// Reality for [`PlanReality::state`] of the same plan.
    pub fn alone(plan: Arc<Plan>) -> Self {
        Self {
            alone: true,
            ..Self::new(plan)
        }
    }

    /// The managed objects of the state that the plan was made from, as far as it tells.
    ///
    /// # Errors
    /// `Unexpected` when an object cannot be written as JSON, which does not happen for what was read from JSON.
    pub fn state(plan: &Plan) -> Result<State> {
        let mut resources: BTreeMap<ResourceAddress, Resource> = BTreeMap::new();
        for object in plan.objects() {
            let known = object.stored.as_ref().or(object.current.as_ref());
            let text = json::encode_plain(known.unwrap_or(&Value::Null)).to_string();
            let raw = RawValue::from_string(text).map_err(|e| {
                Error::new(
                    ErrorKind::Unexpected,
                    "an object of the plan cannot be written",
                )
                .with("address", &object.address)
                .with_source(e)
            })?;
            let mut instance = Instance::new(
                object.address.key.clone(),
                object.schema_version.unwrap_or_default(),
                RawAttributes::Json(raw.into()),
            );
            instance.deposed.clone_from(&object.deposed);
            instance.sensitive.clone_from(&object.sensitive);
            if object.tainted {
                instance.status = InstanceStatus::Tainted;
            }
            let provider = ProviderConfigAddress::default_of(object.provider.clone());
            instance.provider = Some(Arc::new(provider.clone()));
            let address = &object.address.resource;
            resources
                .entry(address.clone())
                .or_insert_with(|| Resource::new(address.clone(), Some(provider)))
                .instances
                .push(instance);
        }
        let mut state = State::new(String::new());
        state.terraform_version.clone_from(&plan.terraform_version);
        state.resources = resources.into_values().collect();
        Ok(state)
    }

    /// The state with the plan's marks of secrets added to its own.
    pub fn marked(plan: &Plan, state: &State) -> State {
        let mut state = state.clone();
        for resource in &mut state.resources {
            for instance in &mut resource.instances {
                let address = resource.address.instance(instance.key.clone());
                if let Some(object) = plan.object(&address, instance.deposed.as_deref()) {
                    instance.sensitive.extend(&object.sensitive);
                }
            }
        }
        state
    }

    /// The moves that the plan records together with what drifted: from the address in the state to that in the configuration.
    pub fn moves(
        plan: &Plan,
    ) -> impl Iterator<Item = (InstanceAddress, InstanceAddress)> + use<'_> {
        plan.objects()
            .filter_map(|o| Some((o.address.clone(), o.moved_to.clone()?)))
    }

    fn look(&self, object: &InstanceRef) -> Result<Observed> {
        let deposed = object.instance.deposed.as_deref();
        let Some(planned) = self.plan.object(&object.address, deposed) else {
            return Err(self.unknown(&object.address));
        };
        if let Seen::No(reason) = &planned.seen {
            return Err(Error::new(ErrorKind::NotFound, reason.clone()));
        }
        let stored = self.stored(object, planned)?;
        let notes = notes(planned);
        let Some(current) = &planned.current else {
            return Ok(Observed::Absent {
                stored,
                schema: self.schema.clone(),
                notes,
                effect: self.effect_of_absence(planned),
            });
        };
        let verdict = (!diff(
            &stored,
            current,
            Some(&self.schema.block.comparison_shape()),
        )
        .is_empty())
        .then(|| self.verdict(planned, current));
        let effect = match &verdict {
            Some(Ok(verdict)) => planned.change.as_ref().map(|c| effect(c, verdict)),
            _ => None,
        };
        Ok(Observed::Present(Box::new(Observation {
            stored,
            current: current.clone(),
            schema: self.schema.clone(),
            verdict,
            basis: Basis::Plan {
                effect,
                configured: planned.configured.clone(),
            },
            notes,
        })))
    }

    fn unknown(&self, address: &InstanceAddress) -> Error {
        let message = if self.plan.creates(address) {
            "the plan would create it: it was gone when the plan was made, or the state is newer than the plan"
        } else {
            "the plan does not know it: it was made from another state"
        };
        Error::new(ErrorKind::NotFound, message)
    }

    /// The object before the refresh, which must be the one in the state.
    fn stored(&self, object: &InstanceRef, planned: &PlannedObject) -> Result<Value> {
        let Some(recorded) = &planned.stored else {
            if self.alone {
                return Err(unrecorded(planned));
            }
            let instance = &object.instance;
            let same_schema = planned
                .schema_version
                .is_none_or(|v| v == instance.schema_version);
            if !same_schema || !matches!(instance.attributes, RawAttributes::Json(_)) {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the plan holds it in another version of its schema, and does not record what it was before",
                ));
            }
            return instance.attributes_plain(Some(&object.provider));
        };
        if !self.alone && !same_base(object, planned, recorded)? {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the plan was made from another state of it, so it says nothing about this one: make a new plan",
            ));
        }
        Ok(recorded.clone())
    }

    fn verdict(&self, planned: &PlannedObject, current: &Value) -> Result<Verdict> {
        let Some(change) = &planned.change else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a refresh-only plan does not say what apply would do",
            ));
        };
        if change
            .actions
            .iter()
            .all(|a| matches!(a, Action::NoOp | Action::Read | Action::Forget))
        {
            return Ok(Verdict::NoChange);
        }
        if change.after.is_null() {
            let whole = Difference {
                path: Path::root(),
                before: Some(current.clone()),
                after: None,
            };
            return Ok(Verdict::Change {
                changes: vec![whole],
                requires_replace: Vec::new(),
            });
        }
        let plan = Planned {
            planned: change.after.clone(),
            requires_replace: change.replace_paths.clone(),
        };
        Ok(match judge(&self.schema, current, &plan) {
            // Terraform calls it a change, so it is one; only its values are open.
            Verdict::NoChange => Verdict::Change {
                changes: diff(
                    current,
                    &change.after,
                    Some(&self.schema.block.comparison_shape()),
                ),
                requires_replace: change.replace_paths.clone(),
            },
            judged => judged,
        })
    }

    /// Apply creates what is gone, unless nothing asks for it any more.
    fn effect_of_absence(&self, planned: &PlannedObject) -> Option<Effect> {
        if self.plan.refresh_only {
            return None;
        }
        let creates = planned
            .change
            .as_ref()
            .is_some_and(|c| c.actions.contains(&Action::Create));
        Some(Effect {
            action: if creates {
                EffectAction::Create
            } else {
                EffectAction::None
            },
            replace_because: Vec::new(),
        })
    }
}

#[async_trait]
impl Reality for PlanReality {
    fn reader_info(&self, _provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, _cx: &Context, object: &InstanceRef) -> Observed {
        self.look(object).unwrap_or_else(Observed::Unreadable)
    }
}

/// What a plan alone cannot tell.
fn unrecorded(planned: &PlannedObject) -> Error {
    let message = if planned.deposed.is_some() {
        "plans do not record what a refresh changed of deposed objects"
    } else {
        "plans of Terraform before 0.15.4 do not record what a refresh changed: give the state as a target beside the plan"
    };
    Error::new(ErrorKind::Unsupported, message)
}

/// What the plan says beside the values.
fn notes(planned: &PlannedObject) -> Vec<String> {
    let mut notes = Vec::new();
    if !planned.relevant.is_empty() {
        let paths: Vec<String> = planned
            .relevant
            .iter()
            .map(|p| p.display_masked(&planned.sensitive))
            .collect();
        notes.push(format!(
            "other changes of the plan depend on it: {}",
            paths.join(", ")
        ));
    }
    if let Some(reason) = planned.change.as_ref().and_then(|c| c.reason.as_ref()) {
        notes.push(format!("the plan's reason: {}", reason.replace('_', " ")));
    }
    notes
}

/// What apply would do. The actions decide: a replacement need not come from an attribute.
fn effect(change: &PlannedChange, verdict: &Verdict) -> Effect {
    let has = |action| change.actions.contains(&action);
    let action = match (has(Action::Create), has(Action::Delete)) {
        (true, true) => EffectAction::Replace,
        (true, false) if has(Action::Forget) => EffectAction::Replace,
        (true, false) => EffectAction::Create,
        (false, true) => EffectAction::Destroy,
        (false, false) if has(Action::Update) => EffectAction::Update,
        (false, false) => EffectAction::None,
    };
    let replace_because = match (action, verdict) {
        (
            EffectAction::Replace,
            Verdict::Change {
                requires_replace, ..
            },
        ) => requires_replace.clone(),
        _ => Vec::new(),
    };
    Effect {
        action,
        replace_because,
    }
}

/// Whether the state holds the object that the plan was made from. Attributes that only one side has come from another version of the
/// provider, and lists without order may be sets.
fn same_base(object: &InstanceRef, planned: &PlannedObject, recorded: &Value) -> Result<bool> {
    let instance = &object.instance;
    let own = instance.attributes_plain(Some(&object.provider))?;
    let (Value::Map(own), Value::Map(recorded)) = (&own, recorded) else {
        return Ok(false);
    };
    let same_schema = planned
        .schema_version
        .is_none_or(|v| v == instance.schema_version);
    let comparable = same_schema && matches!(instance.attributes, RawAttributes::Json(_));
    let shared = |from: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| {
        from.iter()
            .filter(|(name, _)| other.contains_key(*name) && (comparable || *name == "id"))
            .map(|(name, value)| (name.clone(), unordered(value)))
            .collect::<Value>()
    };
    Ok(diff(&shared(own, recorded), &shared(recorded, own), None).is_empty())
}

fn unordered(value: &Value) -> Value {
    match value {
        Value::List(items) => {
            let mut items: Vec<Value> = items.iter().map(unordered).collect();
            items.sort();
            Value::List(items)
        }
        Value::Map(entries) => entries
            .iter()
            .map(|(name, value)| (name.clone(), unordered(value)))
            .collect(),
        other => other.clone(),
    }
}
