//! Whether a state differs from the one before it in what an edit says, and in nothing else.
//!
//! This goes by the changes that the edit names and does not use what made them, so that it finds a mistake there, too.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Change;
use crate::address::{InstanceAddress, ProviderConfigAddress, ResourceAddress};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::{Instance, Resource, State};
use crate::state::text::{escape_html, normal};
use crate::state::write;

/// Compares the state before an edit with the one that was read after it was written.
///
/// White space does not count, nor the order of resources, instances and fields.
///
/// # Errors
/// [`ErrorKind::Conflict`] with the first thing that is not as it should be: an object, an output, the serial. No value is shown.
pub fn check(before: &State, after: &State, changes: &[Change]) -> Result<()> {
    Check::new(&[before], &[after], changes)?.all()
}

/// [`check`] for a move between two states.
///
/// # Errors
/// Those of [`check`].
pub fn check_between(
    before: (&State, &State),
    after: (&State, &State),
    changes: &[Change],
) -> Result<()> {
    Check::new(&[before.0, before.1], &[after.0, after.1], changes)?.all()
}

/// An instance's objects, each with its resource, by the state (0 or 1) and the address.
type Objects<'a> = HashMap<(usize, InstanceAddress), Vec<(&'a Resource, &'a Instance)>>;
type Fields = Vec<(String, String)>;

struct Check<'a> {
    befores: &'a [&'a State],
    afters: &'a [&'a State],
    changed: bool,
    /// Where the objects of before should be.
    wanted: Objects<'a>,
    /// Where resources without instances should be.
    wanted_empty: HashSet<(usize, ResourceAddress)>,
    imported: HashSet<&'a InstanceAddress>,
    without_dependencies: HashSet<&'a InstanceAddress>,
    replaced: HashMap<(&'a ResourceAddress, &'a ProviderConfigAddress), &'a ProviderConfigAddress>,
    provider_changed: HashMap<&'a InstanceAddress, &'a Option<ProviderConfigAddress>>,
    /// Resources that got or lost instances: what they say of themselves may be made anew.
    touched: HashSet<(usize, &'a ResourceAddress)>,
}

impl<'a> Check<'a> {
    fn new(
        befores: &'a [&'a State],
        afters: &'a [&'a State],
        changes: &'a [Change],
    ) -> Result<Self> {
        let target = befores.len().saturating_sub(1);
        let mut this = Self {
            befores,
            afters,
            changed: !changes.is_empty(),
            wanted: objects(befores),
            wanted_empty: empty(befores),
            imported: HashSet::new(),
            without_dependencies: HashSet::new(),
            replaced: HashMap::new(),
            provider_changed: HashMap::new(),
            touched: HashSet::new(),
        };
        let mut arriving = Vec::new();
        for change in changes {
            match change {
                Change::Moved { from, to } => {
                    let objects = this.wanted.remove(&(0, from.clone()));
                    let objects = objects.ok_or_else(|| missing("before the edit", from))?;
                    arriving.push(((target, to.clone()), objects));
                    this.touched.insert((0, &from.resource));
                    this.touched.insert((target, &to.resource));
                }
                Change::MovedEmpty { from, to } => {
                    if !this.wanted_empty.remove(&(0, from.clone())) {
                        return Err(missing("before the edit", from));
                    }
                    this.wanted_empty.insert((target, to.clone()));
                    this.touched.insert((0, from));
                    this.touched.insert((target, to));
                }
                Change::Removed { address } => {
                    let objects = this.wanted.remove(&(0, address.clone()));
                    objects.ok_or_else(|| missing("before the edit", address))?;
                    this.touched.insert((0, &address.resource));
                }
                Change::ProviderReplaced { resource, from, to } => {
                    this.replaced.insert((resource, from), to);
                }
                Change::ProviderChanged { address, to, .. } => {
                    this.provider_changed.insert(address, to);
                }
                Change::Imported { address } => {
                    this.imported.insert(address);
                    this.touched.insert((0, &address.resource));
                }
                Change::DependenciesDropped { address } => {
                    this.without_dependencies.insert(address);
                }
            }
        }
        for (place, objects) in arriving {
            let address = place.1.clone();
            if this.wanted.insert(place, objects).is_some() {
                return Err(wrong("two instances were moved to one address", &address));
            }
        }
        // What objects arrive at is not empty any more.
        for (side, address) in this.wanted.keys() {
            this.wanted_empty.remove(&(*side, address.resource.clone()));
        }
        Ok(this)
    }

    fn all(mut self) -> Result<()> {
        for (before, after) in self.befores.iter().zip(self.afters) {
            self.file(before, after)?;
        }
        self.resources()?;
        let found = objects(self.afters);
        let mut places: Vec<_> = found.into_iter().collect();
        places.sort_by(|(a, _), (b, _)| a.cmp(b));
        for ((side, address), objects) in places {
            match self.wanted.remove(&(side, address.clone())) {
                Some(wanted) => self.instance(side, &address, &wanted, &objects)?,
                None if self.imported.contains(&address) => {
                    if objects.len() != 1 {
                        return Err(wrong("not one object was imported", &address));
                    }
                }
                None => return Err(wrong("an instance is there that should not be", &address)),
            }
            self.imported.remove(&address);
        }
        if let Some((_, address)) = self.wanted.keys().min() {
            return Err(missing("after the edit", address));
        }
        match self.imported.iter().min() {
            Some(address) => Err(missing("after the edit", address)),
            None => Ok(()),
        }
    }

    fn file(&self, before: &State, after: &State) -> Result<()> {
        let serial = if self.changed {
            before.next_serial()?
        } else {
            before.serial
        };
        if after.serial != serial {
            return Err(wrong("the serial is not the one that follows", "the state")
                .with("serial", format!("{serial}, not {}", after.serial)));
        }
        let lenient = is_rewritten(before);
        let [mut old, mut new] = [before, after].map(write::file);
        for fields in [&mut old, &mut new] {
            // A state of an old format that names no version gets the lowest one; checks may be missing or null.
            fields.retain(|(name, json)| {
                name != "serial"
                    && !(name == "terraform_version" && json == "\"0.0.0\"")
                    && !(name == "check_results" && json == "null")
            });
        }
        same(old, new, lenient, "the state")?;
        let outputs = |state: &State| -> BTreeMap<String, Fields> {
            let all = state.outputs.iter();
            all.map(|(name, output)| (name.clone(), write::output(output)))
                .collect()
        };
        let (old, mut new) = (outputs(before), outputs(after));
        for (name, old) in old {
            let what = format!("output `{name}`");
            let new = new
                .remove(&name)
                .ok_or_else(|| missing("after the edit", &what))?;
            same(old, new, lenient, &what)?;
        }
        match new.keys().next() {
            Some(name) => Err(wrong(
                "an output is there that should not be",
                format!("output `{name}`"),
            )),
            None => Ok(()),
        }
    }

    /// Resources without instances, and what those say of themselves that nothing was done to.
    fn resources(&self) -> Result<()> {
        let found = empty(self.afters);
        if let Some((_, address)) = self.wanted_empty.difference(&found).min() {
            return Err(missing("after the edit", address));
        }
        if let Some((_, address)) = found.difference(&self.wanted_empty).min() {
            return Err(wrong("a resource is there that should not be", address));
        }
        for (side, (before, after)) in self.befores.iter().zip(self.afters).enumerate() {
            let (old, new) = (described(before), described(after));
            for (address, old) in old {
                if self.touched.contains(&(side, address)) {
                    continue;
                }
                let new = new.get(address).cloned().unwrap_or_default();
                same(old, new, is_rewritten(before), address)?;
            }
        }
        Ok(())
    }

    fn instance(
        &self,
        side: usize,
        address: &InstanceAddress,
        wanted: &[(&Resource, &Instance)],
        found: &[(&Resource, &Instance)],
    ) -> Result<()> {
        if wanted.len() != found.len() {
            return Err(wrong("an object of the instance came or went", address));
        }
        let dropped = side + 1 == self.befores.len() && self.without_dependencies.contains(address);
        for ((old_resource, old), (new_resource, new)) in wanted.iter().zip(found) {
            let lenient = self.befores.iter().any(|before| is_rewritten(before));
            same(own_fields(old), own_fields(new), lenient, address)?;
            let gone = dropped && old.deposed.is_none();
            if (gone && !new.dependencies.is_empty())
                || (!gone && old.dependencies != new.dependencies)
            {
                return Err(wrong(
                    "the dependencies are not what they should be",
                    address,
                ));
            }
            let provider = self.provider(address, old_resource, old);
            if new_resource.provider_of(new) != provider {
                return Err(wrong(
                    "the provider is not the one that it should be",
                    address,
                ));
            }
        }
        Ok(())
    }

    /// The provider configuration that an object should belong to.
    fn provider<'b>(
        &'b self,
        address: &InstanceAddress,
        resource: &'b Resource,
        object: &'b Instance,
    ) -> Option<&'b ProviderConfigAddress> {
        if let Some(to) = self.provider_changed.get(address) {
            return to.as_ref();
        }
        let before = resource.provider_of(object)?;
        let replaced = self.replaced.get(&(&resource.address, before));
        Some(replaced.copied().unwrap_or(before))
    }
}

/// States of old formats, and those made in memory, are written in the form of v4: the same values in another spelling.
fn is_rewritten(before: &State) -> bool {
    before.format_version != 4 || before.source.is_none()
}

fn objects<'a>(states: &'a [&'a State]) -> Objects<'a> {
    let mut all: Objects<'a> = HashMap::new();
    for (side, state) in states.iter().enumerate() {
        for (resource, instance) in state.instances() {
            let place = (side, resource.instance_address(instance));
            all.entry(place).or_default().push((resource, instance));
        }
    }
    for objects in all.values_mut() {
        objects.sort_by(|(_, a), (_, b)| a.deposed.cmp(&b.deposed));
    }
    all
}

fn empty(states: &[&State]) -> HashSet<(usize, ResourceAddress)> {
    let mut all = HashSet::new();
    for (side, state) in states.iter().enumerate() {
        let is_empty = |r: &&Resource| r.instances.is_empty();
        let empty = state.resources.iter().filter(is_empty);
        all.extend(empty.map(|r| (side, r.address.clone())));
        for resource in state.resources.iter().filter(|r| !is_empty(r)) {
            all.remove(&(side, resource.address.clone()));
        }
    }
    all
}

/// What resources say beside their address, provider and instances.
fn described(state: &State) -> HashMap<&ResourceAddress, Fields> {
    let mut all: HashMap<&ResourceAddress, Fields> = HashMap::new();
    let known = ["module", "mode", "type", "name", "provider"];
    for resource in &state.resources {
        let fields = write::resource(resource).into_iter();
        let fields = fields.filter(|(name, _)| !known.contains(&name.as_str()));
        all.entry(&resource.address).or_default().extend(fields);
    }
    all
}

/// What an object says beside what is looked at by itself.
fn own_fields(instance: &Instance) -> Fields {
    let mut fields = write::instance(instance);
    let elsewhere = ["index_key", "dependencies", "provider"];
    fields.retain(|(name, _)| !elsewhere.contains(&name.as_str()));
    fields
}

fn same(
    mut old: Fields,
    mut new: Fields,
    lenient: bool,
    what: impl std::fmt::Display,
) -> Result<()> {
    if old == new {
        return Ok(());
    }
    old.sort();
    new.sort();
    let names =
        |fields: &Fields| -> Vec<String> { fields.iter().map(|(name, _)| name.clone()).collect() };
    let differs = names(&old) != names(&new)
        || old
            .iter()
            .zip(&new)
            .any(|((_, old), (_, new))| !same_json(old, new, lenient));
    if !differs {
        return Ok(());
    }
    let pairs = old.iter().zip(&new);
    let field = pairs
        .filter(|((_, old), (_, new))| !same_json(old, new, lenient))
        .map(|((name, _), _)| name.clone())
        .next();
    let error = wrong("something else changed", what);
    Err(match field {
        Some(field) => error.with("field", field),
        None => error,
    })
}

fn same_json(old: &str, new: &str, lenient: bool) -> bool {
    if old == new {
        return true;
    }
    let bare = |text: &str| escape_html(&without_space(text));
    if bare(old) == bare(new) {
        return true;
    }
    let parsed = |text: &str| serde_json::from_str(text).ok().map(normal);
    lenient && parsed(old).is_some() && parsed(old) == parsed(new)
}

/// JSON without white space between its parts.
fn without_space(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let kept = json.chars().filter(|&c| {
        let kept = in_text || !c.is_ascii_whitespace();
        if c == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = in_text && c == '\\' && !escaped;
        kept
    });
    kept.collect()
}

fn missing(when: &str, what: impl std::fmt::Display) -> Error {
    wrong(&format!("it is not there {when}"), what)
}

fn wrong(message: &str, what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("the edit is not what it says: {message}"),
    )
    .with_operation("state.edit.check")
    .with("at", what)
    .with_hint("keep the state as it was before: do not apply with this one")
}
