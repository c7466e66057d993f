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

/// Where an object has to be looked for, from the narrowest place to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In the right region of the right account.
    Region,
    /// In the right account: it is still there when the region is wrong, and proves nothing about it.
    Account,
    /// Its name is taken once in the whole cloud: who may see it sees it from every account.
    Anywhere,
}

const PLACES: [Place; 3] = [Place::Region, Place::Account, Place::Anywhere];

/// Types that live in an account and in no region of it.
const OF_AN_ACCOUNT: &[&str] = &[
    "aws_budgets_",
    "aws_cloudfront_",
    "aws_globalaccelerator_",
    "aws_iam_",
    "aws_organizations_",
    "aws_route53_",
    "aws_shield_",
    "aws_waf_",
    "azuread_",
    "azurerm_resource_group",
    "azurerm_role_",
    "google_dns_",
];

/// Types whose names are unique in the whole cloud.
const ANYWHERE: &[&str] = &[
    "aws_s3_bucket",
    "google_folder",
    "google_organization",
    "google_project",
    "google_storage_bucket",
];

/// Types that exist in the state and on the clock alone: there is no wrong place to look for them.
const WITHOUT_PLACE: &[&str] = &["time_"];

/// Objects of one group that were found or not, for each of [`PLACES`].
#[derive(Default)]
struct Tally([Side; PLACES.len()]);

#[derive(Default)]
struct Side {
    gone: usize,
    there: usize,
}

impl Tally {
    fn side(&mut self, place: Place) -> &mut Side {
        let [region, account, anywhere] = &mut self.0;
        match place {
            Place::Region => region,
            Place::Account => account,
            Place::Anywhere => anywhere,
        }
    }

    fn sides(&self) -> impl Iterator<Item = (Place, &Side)> {
        PLACES.into_iter().zip(&self.0)
    }

    /// The narrowest place in which something is: objects of this place and of wider ones were looked for where they belong.
    fn proven(&self) -> Option<Place> {
        let mut there = self.sides().filter(|(_, side)| side.there > 0);
        there.next().map(|(place, _)| place)
    }

    /// Which of the objects that are gone are not believed to be.
    fn doubt(&self) -> Option<Doubt> {
        let proven = self.proven();
        let doubted = self
            .sides()
            .filter(|(place, _)| proven.is_none_or(|proven| *place < proven));
        let gone = doubted.map(|(_, side)| side.gone).sum();
        (gone >= AT_LEAST).then_some(Doubt { gone, proven })
    }
}

/// Something is wrong with every place that is narrower than what is proven.
struct Doubt {
    gone: usize,
    proven: Option<Place>,
}

/// Turns "everything of one provider configuration is gone" into unverifiable objects and one problem each.
///
/// The rules hold for one provider configuration of one state, and from three objects on that are in doubt:
/// - All are gone: the account or the region may be wrong, and none of them counts as deleted.
/// - All that are bound to a region are gone, and some that belong to the account are there: the account is right, the region may be wrong.
///   What has no region and is gone all the same was deleted, whatever became of the others.
/// - All that are bound to an account are gone, and some that can be seen from every account are there: the account may be wrong.
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
        if doubt.proven.is_some_and(|proven| place(each) >= proven) {
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
        let side = tally.side(place(looked));
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
        tally.proven().is_some_and(|proven| place(looked) >= proven)
    }
}

/// Whether there is a wrong place in which it could have been looked for.
pub(super) fn has_place(looked: &Looked<'_>) -> bool {
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
    let everything = match doubt.proven {
        None | Some(Place::Region) => "Everything of this provider configuration",
        Some(Place::Account) => "Everything of this provider configuration that has a region",
        Some(Place::Anywhere) => {
            "Everything of this provider configuration that belongs to an account"
        }
    };
    Error::new(
        ErrorKind::InvalidConfig,
        format!("suspicious: {what} {everything} looks gone"),
    )
    .with_hint(format!(
        "{check}; if everything was really deleted, remove it from the state"
    ))
}

fn place(looked: &Looked<'_>) -> Place {
    let resource_type = &looked.object.address.resource.resource_type;
    let is_one_of = |types: &[&str]| types.iter().any(|prefix| resource_type.starts_with(prefix));
    if is_one_of(ANYWHERE) {
        Place::Anywhere
    } else if is_one_of(OF_AN_ACCOUNT) {
        Place::Account
    } else {
        Place::Region
    }
}
