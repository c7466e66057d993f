//! Which concerns a finding touches.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::{EffectAction, Finding, Kind, Severity};
use super::severity::Category;

/// A concern of those who run what is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Somebody may reach, read or do what they should not, or unseen.
    Security,
    /// What it costs, or who pays.
    Cost,
    /// Whether it runs, and whether its data survives.
    Availability,
    /// What audits and policies ask for.
    Compliance,
}

impl Finding {
    /// The areas it touches, from what its changes are about and what apply would do. Changes that are noise or informational touch none.
    pub fn impact(&self) -> BTreeSet<Area> {
        let mut areas = BTreeSet::new();
        match self.kind {
            Kind::Missing => {
                areas.insert(Area::Availability);
                areas.extend(of_category(self.category));
            }
            Kind::Modified | Kind::Moved => {
                let changes = self.changes.iter();
                let counted =
                    changes.filter(|c| c.noise.is_none() && c.severity > Severity::Informational);
                areas.extend(counted.flat_map(|c| of_category(c.category)).copied());
            }
        }
        // An object that is destroyed and made anew is not there meanwhile.
        let replaced = |action| action == EffectAction::Replace;
        if self.effect.as_ref().is_some_and(|e| replaced(e.action)) {
            areas.insert(Area::Availability);
        }
        areas
    }
}

fn of_category(category: Category) -> &'static [Area] {
    use Area::{Availability, Compliance, Cost, Security};
    match category {
        Category::Exposure
        | Category::Encryption
        | Category::PublicAccess
        | Category::Authentication
        | Category::Logging => &[Security, Compliance],
        Category::Backup => &[Availability, Compliance],
        Category::Capacity => &[Cost, Availability],
        Category::Network => &[Availability],
        Category::Version => &[Security, Availability],
        // Only tags that a policy requires are more than informational, and they say who pays.
        Category::Metadata => &[Cost, Compliance],
        Category::Other => &[],
    }
}
