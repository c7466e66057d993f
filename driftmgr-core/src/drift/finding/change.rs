//! From one attribute that differs to what is said of it.

use super::Judge;
use crate::configuration::ResourceBlock;
use crate::drift::ignore::IgnoredChanges;
use crate::drift::model::{AttributeChange, Class, Severity};
use crate::drift::noise::{Certainty, Compared, Noise};
use crate::drift::reality::Basis;
use crate::drift::severity::Changed;
use crate::provider::{AttributeType, Block};
use crate::value::{Difference, Path, PathSet, Step, Value};

/// An object that differs, with all that its differences are judged by.
pub(super) struct Differing<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) resource_type: &'a str,
    pub(super) block: &'a Block,
    pub(super) stored: &'a Value,
    pub(super) current: &'a Value,
    pub(super) sensitive: &'a PathSet,
    /// What the provider said of the object, and on what that rests.
    pub(super) class: Class,
    pub(super) planned: &'a [Path],
    pub(super) basis: &'a Basis,
    /// What the configuration says of it.
    pub(super) declared: Option<&'a ResourceBlock>,
    pub(super) ignored: Option<&'a IgnoredChanges>,
}

/// What is known of one difference before it is asked whether it means anything.
struct Known {
    severity: Severity,
    material: bool,
    configured: Option<bool>,
    nature: Option<Nature>,
}

impl Differing<'_> {
    pub(super) fn change(&self, difference: Difference) -> AttributeChange {
        let rule = self.judge.rules.changed(&Changed {
            resource_type: self.resource_type,
            path: &difference.path,
            before: difference.before.as_ref(),
            after: difference.after.as_ref(),
            current: self.current,
        });
        let known = Known {
            severity: rule.severity,
            material: self.is_material(&difference.path),
            configured: self.is_configured(&difference),
            nature: nature(self.block, &difference.path),
        };
        let left_alone = self.ignored.filter(|ignored| {
            let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
            ignored.covers(&difference.path, before, after)
        });
        // An exposure that nobody is to undo is one all the same.
        let expected = left_alone.filter(|_| known.severity < Severity::Critical);
        let noise = self
            .noise(&difference, &known)
            .or_else(|| expected.map(IgnoredChanges::noise));
        AttributeChange {
            fingerprint: String::new(),
            sensitive: self.sensitive.hides(&difference.path),
            path: difference.path,
            before: difference.before,
            after: difference.after,
            material: known.material && left_alone.is_none(),
            severity: rule.severity,
            category: rule.category,
            reason: rule.reason.clone(),
            configured: known.configured,
            noise,
            hidden: None,
        }
    }

    /// Whether apply would change it.
    fn is_material(&self, path: &Path) -> bool {
        match self.class {
            Class::Cosmetic => false,
            Class::Unclassified => true,
            Class::Material => self
                .planned
                .iter()
                .any(|p| p.contains(path) || path.contains(p)),
        }
    }

    /// Whether the configuration sets it. A module without the block says nothing about the attribute.
    fn is_configured(&self, difference: &Difference) -> Option<bool> {
        let declared = self.declared.map(|block| block.sets(&difference.path));
        declared.or_else(|| {
            let sides = [difference.before.as_ref(), difference.after.as_ref()];
            self.basis.sets(&difference.path, sides)
        })
    }

    /// Why both sides mean the same.
    fn noise(&self, difference: &Difference, known: &Known) -> Option<Noise> {
        let noise = self.judge.comparators.judge(&Compared {
            resource_type: self.resource_type,
            path: &difference.path,
            before: difference.before.as_ref(),
            after: difference.after.as_ref(),
            only_computed: known.nature == Some(Nature::Computed),
            planned: (self.class != Class::Unclassified).then_some(known.material),
            configured: known.configured,
            severity: known.severity,
            block: self.block,
            stored: self.stored,
            current: self.current,
        });
        // What apply would do about something critical is noise only with proof.
        let noise = noise.filter(|noise| {
            !known.material
                || known.severity < Severity::Critical
                || noise.certainty == Certainty::Proven
        });
        // That apply would do nothing does not make an exposure harmless: the provider may be unable to undo it.
        let harmless =
            !known.material && self.asked(difference, known) && known.severity < Severity::Critical;
        // The provider's word is proof; it also proves what was known, and is better than a guess.
        match noise {
            Some(noise) if harmless && noise.certainty >= Certainty::Known => Some(Noise {
                certainty: Certainty::Proven,
                ..noise
            }),
            _ if harmless => Some(Noise::planned()),
            other => other,
        }
    }

    /// Whether the verdict says anything about the difference. Where the state has nothing for an attribute that the provider may fill in, the
    /// provider was never asked: plan-back gave it what is really there.
    fn asked(&self, difference: &Difference, known: &Known) -> bool {
        let blank = |side: Option<&Value>| side.is_none_or(Value::is_blank);
        match self.basis {
            Basis::PlanBack => {
                known.nature != Some(Nature::Either)
                    || !blank(difference.before.as_ref())
                    || blank(difference.after.as_ref())
            }
            // The plan of a configuration is silent about what the configuration leaves open, whatever became of it.
            Basis::Plan { .. } => known.configured == Some(true),
        }
    }
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
    for name in path.steps().iter().filter_map(Step::name) {
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
