//! From what was observed to what is reported.

use super::ignore::IgnoredChanges;
use super::model::{AttributeChange, Class, Effect, EffectAction, Finding, Kind, Severity};
use super::noise::{Certainty, Comparators, Compared, Noise, is_child};
use super::reality::{Basis, InstanceRef, Observation, Observed};
use super::severity::{Category, Changed, Rules};
use crate::address::InstanceAddress;
use crate::configuration::{ResourceBlock, RootModule};
use crate::error::{Error, Result};
use crate::provider::plan_back::Verdict;
use crate::provider::{AttributeType, Block, ResourceSchema};
use crate::state::{Instance, InstanceStatus};
use crate::value::{Path, PathSet, Value, diff};

/// What became of one object.
pub(super) enum Outcome {
    /// With the object, where it says something about another one.
    Same(Option<Box<Value>>),
    /// The finding's target is filled in by the engine.
    Differs(Box<Draft>),
    Unverifiable(Error),
}

/// A finding whose changes may still turn out to mean nothing. What follows from them is settled by [`Draft::conclude`].
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) finding: Finding,
    /// Reasons that stand before those of the changes.
    first: Vec<String>,
    /// Reasons that stand after them.
    last: Vec<String>,
}

impl Outcome {
    /// The word of [`crate::event::Event::InstanceRead`].
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Same(_) => "same",
            Self::Differs(draft) if draft.finding.kind == Kind::Missing => "deleted",
            Self::Differs(_) => "drifted",
            Self::Unverifiable(_) => "unverifiable",
        }
    }
}

/// What a difference is judged by.
pub(super) struct Judge<'a> {
    pub(super) rules: &'a Rules,
    pub(super) comparators: &'a Comparators,
    pub(super) configuration: Option<&'a RootModule>,
}

impl Judge<'_> {
    /// `new_address` is where the configuration has moved the object to.
    pub(super) fn outcome(
        &self,
        object: &InstanceRef,
        observed: Observed,
        new_address: Option<&InstanceAddress>,
    ) -> Outcome {
        let address = new_address.unwrap_or(&object.address);
        let declared = self
            .configuration
            .and_then(|c| c.resource(&address.resource));
        let mut draft = match observed {
            Observed::Unreadable(error) => return Outcome::Unverifiable(error),
            Observed::Absent {
                stored,
                schema,
                notes,
                effect,
            } => missing(object, stored, &schema, (notes, effect), self.rules),
            Observed::Present(mut observation) => match observation.verdict.take() {
                Some(verdict) => self.modified(object, *observation, verdict, declared),
                // Deposed objects come along with their instance.
                None if new_address.is_some() && object.instance.deposed.is_none() => moved(
                    object,
                    (observation.stored, observation.current),
                    &observation.schema,
                ),
                None => {
                    let declares = is_child(&address.resource.resource_type);
                    return Outcome::Same(declares.then(|| Box::new(observation.stored)));
                }
            },
        };
        settled(&object.instance, &mut draft);
        draft.finding.declared = declared.map(|block| block.location.clone());
        if let Some(new_address) = new_address {
            draft.finding.previous_address = Some(object.address.clone());
            draft.finding.address = new_address.clone();
        }
        Outcome::Differs(Box::new(draft))
    }

    fn modified(
        &self,
        object: &InstanceRef,
        observation: Observation,
        verdict: Result<Verdict>,
        declared: Option<&ResourceBlock>,
    ) -> Draft {
        let Observation {
            stored,
            current,
            schema,
            basis,
            notes,
            ..
        } = observation;
        let sensitive = sensitive(object, &schema, [&stored, &current]);
        let differences = diff(&stored, &current, Some(&schema.block.comparison_shape()));
        let (class, effect, planned) = judged(&verdict);
        let effect = match &basis {
            Basis::Plan { effect: known, .. } => known.clone().or(effect),
            Basis::PlanBack => effect,
        };
        // Apply destroys deposed objects and replaces tainted ones, whatever is ignored.
        let kept =
            object.instance.deposed.is_none() && object.instance.status != InstanceStatus::Tainted;
        let ignored = declared.filter(|_| kept).and_then(IgnoredChanges::of);
        let resource_type = &object.address.resource.resource_type;
        let changes: Vec<AttributeChange> = differences
            .into_iter()
            .map(|difference| {
                let rule = self.rules.changed(&Changed {
                    resource_type,
                    path: &difference.path,
                    before: difference.before.as_ref(),
                    after: difference.after.as_ref(),
                    current: &current,
                });
                let material = match class {
                    Class::Cosmetic => false,
                    Class::Unclassified => true,
                    Class::Material => planned
                        .iter()
                        .any(|p| p.contains(&difference.path) || difference.path.contains(p)),
                };
                // A module without the block says nothing about the attribute.
                let configured = declared
                    .map(|block| block.sets(&difference.path))
                    .or_else(|| {
                        let sides = [difference.before.as_ref(), difference.after.as_ref()];
                        basis.sets(&difference.path, sides)
                    });
                let nature = nature(&schema.block, &difference.path);
                let noise = self.comparators.judge(&Compared {
                    resource_type,
                    path: &difference.path,
                    before: difference.before.as_ref(),
                    after: difference.after.as_ref(),
                    only_computed: nature == Some(Nature::Computed),
                    planned: (class != Class::Unclassified).then_some(material),
                    configured,
                    severity: rule.severity,
                    block: &schema.block,
                    stored: &stored,
                    current: &current,
                });
                // That apply would do nothing does not make an exposure harmless: the provider may be unable to undo it. And where the state
                // has nothing for an attribute that the provider may fill in, it was never asked: plan-back gave it what is really there.
                let blank = |side: Option<&Value>| side.is_none_or(Value::is_blank);
                let asked = match basis {
                    Basis::PlanBack => {
                        nature != Some(Nature::Either)
                            || !blank(difference.before.as_ref())
                            || blank(difference.after.as_ref())
                    }
                    // The plan of a configuration is silent about what the configuration leaves open, whatever became of it.
                    Basis::Plan { .. } => configured == Some(true),
                };
                let harmless = !material && asked && rule.severity < Severity::Critical;
                // What apply would do about something critical is noise only with proof.
                let noise = noise.filter(|noise| {
                    !material
                        || rule.severity < Severity::Critical
                        || noise.certainty == Certainty::Proven
                });
                // The provider's word is proof; it also proves what was known, and is better than a guess.
                let noise = match noise {
                    Some(noise) if harmless && noise.certainty >= Certainty::Known => Some(Noise {
                        certainty: Certainty::Proven,
                        ..noise
                    }),
                    _ if harmless => Some(Noise::planned()),
                    other => other,
                };
                let left_alone = ignored.as_ref().filter(|ignored| {
                    let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
                    ignored.covers(&difference.path, before, after)
                });
                // An exposure that nobody is to undo is one all the same.
                let expected = left_alone.filter(|_| rule.severity < Severity::Critical);
                let noise = noise.or_else(|| expected.map(IgnoredChanges::noise));
                let material = material && left_alone.is_none();
                AttributeChange {
                    sensitive: sensitive.hides(&difference.path),
                    path: difference.path,
                    before: difference.before,
                    after: difference.after,
                    material,
                    severity: rule.severity,
                    category: rule.category,
                    reason: rule.reason.clone(),
                    configured,
                    noise,
                    hidden: None,
                }
            })
            .collect();
        let (class, effect) = match &ignored {
            Some(ignored) => unless_ignored(ignored, &verdict, (class, effect)),
            None => (class, effect),
        };
        let notes = match &ignored {
            Some(ignored) => with_ignored_critical(notes, ignored, &changes, &sensitive),
            None => notes,
        };
        let finding = Finding {
            kind: Kind::Modified,
            class,
            effect,
            changes,
            before: stored,
            after: Some(current),
            sensitive,
            ..empty_finding(object)
        };
        Draft {
            finding,
            first: verdict_reasons(&verdict, &basis),
            last: notes,
        }
    }
}

impl Draft {
    /// A finding that does not follow from changes.
    fn settled(finding: Finding) -> Self {
        Self {
            finding,
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// The finding with what follows from its changes: severity, category and reasons. Changes that mean nothing count for none of them.
    pub(super) fn conclude(self) -> Finding {
        let Self {
            mut finding,
            first,
            last,
        } = self;
        if finding.kind == Kind::Modified {
            let real = || finding.changes.iter().filter(|c| c.noise.is_none());
            let severity = match real().map(|c| c.severity).max() {
                Some(severity) => severity,
                None if finding.changes.is_empty() => Severity::Important,
                None => Severity::Informational,
            };
            let category = real()
                .find(|c| c.severity == severity)
                .map_or_else(Category::default, |c| c.category);
            finding.reasons = change_reasons(&finding.changes, severity);
            finding.severity = severity;
            finding.category = category;
        }
        finding.reasons.splice(0..0, first);
        finding.reasons.extend(last);
        finding
    }
}

fn verdict_reasons(verdict: &Result<Verdict>, basis: &Basis) -> Vec<String> {
    match (verdict, basis) {
        (Ok(Verdict::NoChange), Basis::PlanBack) => vec![Noise::planned().reason],
        (Ok(Verdict::NoChange), Basis::Plan { .. }) => {
            vec!["the plan changes nothing about this difference".to_owned()]
        }
        (Ok(Verdict::Change { .. }), _) => Vec::new(),
        (Err(error), Basis::Plan { .. }) => vec![error.to_string()],
        (Err(error), Basis::PlanBack) => vec![format!(
            "the provider could not say what apply would do: {error}"
        )],
    }
}

/// Why a finding is as severe as it is, one sentence each.
fn change_reasons(changes: &[AttributeChange], severity: Severity) -> Vec<String> {
    let mut reasons = Vec::new();
    let real = || changes.iter().filter(|c| c.noise.is_none());
    for change in real().filter(|c| c.severity == severity) {
        if !reasons.contains(&change.reason) {
            reasons.push(change.reason.clone());
        }
    }
    let elsewhere: Vec<String> = real()
        .filter(|c| c.configured == Some(false) && !c.sensitive)
        .map(|c| c.path.to_string())
        .collect();
    if !elsewhere.is_empty() {
        reasons.push(format!(
            "changed, and your configuration does not set it: {}",
            elsewhere.join(", ")
        ));
    }
    reasons
}

/// What apply would do, once it leaves alone what the configuration ignores.
fn unless_ignored(
    ignored: &IgnoredChanges,
    verdict: &Result<Verdict>,
    (class, effect): (Class, Option<Effect>),
) -> (Class, Option<Effect>) {
    let Ok(Verdict::Change {
        changes,
        requires_replace,
    }) = verdict
    else {
        return (class, effect);
    };
    let left = changes
        .iter()
        .any(|c| !ignored.covers(&c.path, c.before.as_ref(), c.after.as_ref()));
    if !left {
        let (class, effect, _) = judged(&Ok(Verdict::NoChange));
        return (class, effect);
    }
    let replace_because: Vec<Path> = requires_replace
        .iter()
        .filter(|path| !ignored.covers_path(path))
        .cloned()
        .collect();
    let action = if replace_because.is_empty() {
        EffectAction::Update
    } else {
        EffectAction::Replace
    };
    let effect = Effect {
        action,
        replace_because,
    };
    (class, Some(effect))
}

/// Says of critical changes that apply leaves alone why they are shown.
fn with_ignored_critical(
    mut notes: Vec<String>,
    ignored: &IgnoredChanges,
    changes: &[AttributeChange],
    sensitive: &PathSet,
) -> Vec<String> {
    let critical = changes.iter().filter(|c| {
        c.severity == Severity::Critical
            && c.noise.is_none()
            && ignored.covers(&c.path, c.before.as_ref(), c.after.as_ref())
    });
    let paths: Vec<String> = critical.map(|c| c.path.display_masked(sensitive)).collect();
    if !paths.is_empty() {
        notes.push(format!(
            "`ignore_changes` in {} keeps apply from undoing {}; what is critical is shown all the same",
            ignored.place(),
            paths.join(", ")
        ));
    }
    notes
}

/// What apply does with deposed and tainted objects is settled before it looks at any attribute.
fn settled(instance: &Instance, draft: &mut Draft) {
    let finding = &mut draft.finding;
    let there = finding.kind != Kind::Missing;
    let (action, reason) = if instance.deposed.is_some() {
        // One that is gone already is only forgotten.
        let action = if there {
            EffectAction::Destroy
        } else {
            EffectAction::None
        };
        (
            action,
            "a deposed object: its replacement exists, and apply destroys what is left of it",
        )
    } else if instance.status == InstanceStatus::Tainted && there {
        (
            EffectAction::Replace,
            "the object is tainted, so apply replaces it in any case",
        )
    } else {
        return;
    };
    let because = finding.effect.take().map(|e| e.replace_because);
    finding.effect = Some(Effect {
        action,
        replace_because: match action {
            EffectAction::Replace => because.unwrap_or_default(),
            _ => Vec::new(),
        },
    });
    if there {
        draft.last.push(reason.to_owned());
    }
}

/// An object that is as the state says, but for its address.
fn moved(
    object: &InstanceRef,
    (stored, current): (Value, Value),
    schema: &ResourceSchema,
) -> Draft {
    Draft::settled(Finding {
        kind: Kind::Moved,
        class: Class::Cosmetic,
        category: Category::Metadata,
        reasons: vec![
            "a `moved` block of the configuration gives it a new address; the next apply writes that into the state"
                .to_owned(),
        ],
        effect: Some(Effect {
            action: EffectAction::None,
            replace_because: Vec::new(),
        }),
        sensitive: sensitive(object, schema, [&stored, &current]),
        before: stored,
        after: Some(current),
        ..empty_finding(object)
    })
}

fn missing(
    object: &InstanceRef,
    stored: Value,
    schema: &ResourceSchema,
    (notes, effect): (Vec<String>, Option<Effect>),
    rules: &Rules,
) -> Draft {
    let rule = rules.deleted(&object.address.resource.resource_type);
    // What the provider noted says more than that the object is gone.
    let reasons = if notes.is_empty() {
        vec![rule.reason.clone()]
    } else {
        notes
    };
    let effect = effect.or(Some(Effect {
        action: EffectAction::Create,
        replace_because: Vec::new(),
    }));
    Draft::settled(Finding {
        kind: Kind::Missing,
        class: Class::Material,
        severity: rule.severity,
        category: rule.category,
        reasons,
        effect,
        sensitive: sensitive(object, schema, [&stored]),
        before: stored,
        ..empty_finding(object)
    })
}

fn judged(verdict: &Result<Verdict>) -> (Class, Option<Effect>, Vec<Path>) {
    match verdict {
        Ok(Verdict::NoChange) => (
            Class::Cosmetic,
            Some(Effect {
                action: EffectAction::None,
                replace_because: Vec::new(),
            }),
            Vec::new(),
        ),
        Ok(Verdict::Change {
            changes,
            requires_replace,
        }) => {
            let action = if requires_replace.is_empty() {
                EffectAction::Update
            } else {
                EffectAction::Replace
            };
            let effect = Effect {
                action,
                replace_because: requires_replace.clone(),
            };
            (
                Class::Material,
                Some(effect),
                changes.iter().map(|c| c.path.clone()).collect(),
            )
        }
        Err(_) => (Class::Unclassified, None, Vec::new()),
    }
}

fn empty_finding(object: &InstanceRef) -> Finding {
    Finding {
        target: String::new(),
        address: object.address.clone(),
        previous_address: None,
        deposed: object.instance.deposed.clone(),
        provider: object.provider.clone(),
        kind: Kind::Modified,
        class: Class::Unclassified,
        severity: Severity::Informational,
        category: Category::default(),
        reasons: Vec::new(),
        effect: None,
        changes: Vec::new(),
        before: Value::Null,
        after: None,
        sensitive: PathSet::default(),
        declared: None,
        hidden: None,
    }
}

/// What the schema calls secret, and what the state has marked.
fn sensitive<'a>(
    object: &InstanceRef,
    schema: &ResourceSchema,
    sides: impl IntoIterator<Item = &'a Value>,
) -> PathSet {
    let mut paths = object.instance.sensitive.clone();
    for side in sides {
        paths.extend(&schema.block.sensitive_paths(side));
    }
    paths
}

/// Who gives an attribute its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// The configuration.
    Configured,
    /// The provider alone.
    Computed,
    /// The configuration, and the provider where that does not.
    Either,
}

/// Who gives the attribute at the path its value: the outermost one that is the provider's decides. `None` for blocks.
fn nature(block: &Block, path: &Path) -> Option<Nature> {
    let mut attributes = Some((&block.attributes, Some(&block.blocks)));
    let mut found = None;
    for name in path.steps().iter().filter_map(crate::value::Step::name) {
        let Some((here, blocks)) = attributes else {
            break;
        };
        if let Some(attribute) = here.get(name) {
            found = Some(match (attribute.computed, attribute.optional) {
                (true, false) => return Some(Nature::Computed),
                (true, true) => Nature::Either,
                (false, _) => Nature::Configured,
            });
            attributes = match &attribute.attribute_type {
                AttributeType::Nested { attributes, .. } => Some((attributes, None)),
                AttributeType::Plain(_) => None,
            };
        } else {
            attributes = blocks
                .and_then(|b| b.get(name))
                .map(|nested| (&nested.block.attributes, Some(&nested.block.blocks)));
        }
    }
    found
}
