//! The safety valve: a read in the wrong account or region answers "gone" for everything, and that is no drift.

use std::collections::BTreeMap;

use super::engine::{DriftInput, Looked};
use super::finding::Outcome;
use super::model::Kind;
use crate::address::ProviderConfigAddress;
use crate::error::{Error, ErrorKind};
use crate::provider::Origin;

/// Fewer objects than these can well have been deleted one by one.
const AT_LEAST: usize = 3;

/// Types whose objects do not live in a region: they are still there when the region is wrong, and prove nothing about it.
const WITHOUT_REGION: &[&str] = &[
    "aws_budgets_",
    "aws_cloudfront_",
    "aws_globalaccelerator_",
    "aws_iam_",
    "aws_organizations_",
    "aws_route53_",
    "aws_s3_bucket",
    "aws_shield_",
    "aws_waf_",
    "azuread_",
    "azurerm_resource_group",
    "azurerm_role_",
    "google_dns_",
    "google_folder",
    "google_organization",
    "google_project",
    "google_storage_bucket",
];

/// Types that exist in the state and on the clock alone: there is no wrong place to look for them.
const WITHOUT_PLACE: &[&str] = &["time_"];

/// Objects of one group that were found or not: bound to a region, or without one.
#[derive(Default)]
struct Tally {
    regional: Side,
    global: Side,
}

#[derive(Default)]
struct Side {
    gone: usize,
    there: usize,
}

impl Tally {
    fn side(&mut self, resource_type: &str) -> &mut Side {
        if without_region(resource_type) {
            &mut self.global
        } else {
            &mut self.regional
        }
    }

    /// Which of the objects that are gone are not believed to be.
    fn doubt(&self) -> Option<Doubt> {
        let (regional, global) = (&self.regional, &self.global);
        if regional.there > 0 {
            None
        } else if global.there == 0 {
            let gone = regional.gone + global.gone;
            (gone >= AT_LEAST).then_some(Doubt { gone, global: true })
        } else {
            (regional.gone >= AT_LEAST).then_some(Doubt {
                gone: regional.gone,
                global: false,
            })
        }
    }
}

struct Doubt {
    gone: usize,
    /// Types without a region are in doubt too.
    global: bool,
}

/// Turns "everything of one provider configuration is gone" into unverifiable objects and one problem each.
///
/// Two rules, each for one provider configuration of one state, and each from three objects on:
/// - All are gone: the account or the region may be wrong, and none of them counts as deleted.
/// - All that are bound to a region are gone, and some without one are there: the account is right, the region may be wrong. What has no
///   region and is gone all the same was deleted, whatever became of the others.
///
/// What could not be read is neither gone nor there. The rules also hold for files that are read natively: from the wrong folder all of
/// them look gone.
pub(super) fn close(looked: &mut [Looked<'_>]) -> Vec<Error> {
    let mut tallies = Tallies::default();
    for each in looked.iter() {
        tallies.add(each);
    }
    let mut problems = BTreeMap::new();
    for each in looked
        .iter_mut()
        .filter(|each| is_gone(&each.outcome) && has_place(each))
    {
        let group = group(each);
        let Some(doubt) = tallies.0.get(&group).and_then(Tally::doubt) else {
            continue;
        };
        if !doubt.global && without_region(&each.object.address.resource.resource_type) {
            continue;
        }
        let suspicion = suspicion(each.input, &each.object.provider, &doubt);
        each.outcome = Outcome::Unverifiable(suspicion.clone());
        problems.entry(group).or_insert_with(|| {
            suspicion
                .with("target", &each.input.target)
                .with("provider", &each.object.provider)
                .with("instances", doubt.gone)
        });
    }
    problems.into_values().collect()
}

/// What was found in each group so far.
#[derive(Default)]
pub(super) struct Tallies(BTreeMap<Group, Tally>);

impl Tallies {
    /// True when the object is the first of its side that is there: others of its group may be believed from now on.
    pub(super) fn add(&mut self, looked: &Looked<'_>) -> bool {
        if !has_place(looked) {
            return false;
        }
        let tally = self.0.entry(group(looked)).or_default();
        let side = tally.side(&looked.object.address.resource.resource_type);
        match &looked.outcome {
            Outcome::Unverifiable(_) => false,
            outcome if is_gone(outcome) => {
                side.gone += 1;
                false
            }
            _ => {
                side.there += 1;
                side.there == 1
            }
        }
    }

    /// Whether the object is what it was found to be, whatever becomes of those that were not looked at yet: what is there proves that it
    /// was looked for in the right place.
    pub(super) fn believe(&self, looked: &Looked<'_>) -> bool {
        if !is_gone(&looked.outcome) || !has_place(looked) {
            return true;
        }
        let Some(tally) = self.0.get(&group(looked)) else {
            return false;
        };
        let global = without_region(&looked.object.address.resource.resource_type);
        tally.regional.there > 0 || (global && tally.global.there > 0)
    }
}

/// Whether there is a wrong place in which it could have been looked for.
fn has_place(looked: &Looked<'_>) -> bool {
    let resource_type = &looked.object.address.resource.resource_type;
    looked.input.reality.can_be_misdirected()
        && !WITHOUT_PLACE
            .iter()
            .any(|prefix| resource_type.starts_with(prefix))
}

fn is_gone(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Differs(draft) if draft.finding.kind == Kind::Missing)
}

/// The objects of one state that one provider configuration answers for.
pub(super) type Group = (usize, ProviderConfigAddress);

pub(super) fn group(looked: &Looked<'_>) -> Group {
    (looked.index, looked.object.provider.clone())
}

fn suspicion(input: &DriftInput, provider: &ProviderConfigAddress, doubt: &Doubt) -> Error {
    let info = input.reality.reader_info(provider);
    let (what, check) = if info.is_some_and(|i| i.origin == Origin::Native) {
        (
            "wrong working directory?",
            "check that relative paths of the state start from this folder",
        )
    } else {
        (
            "wrong account or region?",
            "check the credentials, account and region that the provider was configured with",
        )
    };
    let everything = if doubt.global {
        "Everything of this provider configuration"
    } else {
        "Everything of this provider configuration that has a region"
    };
    Error::new(
        ErrorKind::InvalidConfig,
        format!("suspicious: {what} {everything} looks gone"),
    )
    .with_hint(format!(
        "{check}; if everything was really deleted, remove it from the state"
    ))
}

fn without_region(resource_type: &str) -> bool {
    WITHOUT_REGION
        .iter()
        .any(|prefix| resource_type.starts_with(prefix))
}
