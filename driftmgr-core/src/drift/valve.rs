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

#[derive(Default)]
struct Tally {
    gone: usize,
    /// Still there, and bound to a region.
    there: usize,
}

/// Turns "everything of one provider configuration is gone" into unverifiable objects and one problem each.
///
/// Closed when at least three objects of a provider configuration are gone and none is there, those of types without a region aside.
/// It also closes on files that are read natively: from the wrong folder all of them look gone.
pub(super) fn close(looked: &mut [Looked<'_>]) -> Vec<Error> {
    let mut tallies: BTreeMap<Group, Tally> = BTreeMap::new();
    for each in looked.iter() {
        let tally = tallies.entry(group(each)).or_default();
        match &each.outcome {
            Outcome::Differs(finding) if finding.kind == Kind::Missing => tally.gone += 1,
            Outcome::Unverifiable(_) => {}
            _ if without_region(&each.object.address.resource.resource_type) => {}
            _ => tally.there += 1,
        }
    }
    tallies.retain(|_, tally| tally.gone >= AT_LEAST && tally.there == 0);
    let mut problems = BTreeMap::new();
    for each in looked.iter_mut() {
        let group = group(each);
        let Some(tally) = tallies.get(&group) else {
            continue;
        };
        if matches!(&each.outcome, Outcome::Differs(f) if f.kind == Kind::Missing) {
            let suspicion = suspicion(each.input, &each.object.provider);
            each.outcome = Outcome::Unverifiable(suspicion.clone());
            problems.entry(group).or_insert_with(|| {
                suspicion
                    .with("target", &each.input.target)
                    .with("provider", &each.object.provider)
                    .with("instances", tally.gone)
            });
        }
    }
    problems.into_values().collect()
}

/// The objects of one state that one provider configuration answers for.
type Group = (usize, ProviderConfigAddress);

fn group(looked: &Looked<'_>) -> Group {
    (looked.index, looked.object.provider.clone())
}

fn suspicion(input: &DriftInput, provider: &ProviderConfigAddress) -> Error {
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
    Error::new(
        ErrorKind::InvalidConfig,
        format!("suspicious: {what} Everything of this provider configuration looks gone"),
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
