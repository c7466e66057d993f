use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::address::InstanceKey;

const MODULES: [&str; 6] = [
    "",
    "module.a.",
    "module.a.module.c.",
    "module.a[\"x\"].",
    "module.b[0].",
    "module.b[1].",
];

/// Which instances, and whether deposed.
type Keys = BTreeSet<(Option<InstanceKey>, bool)>;

fn key() -> impl Strategy<Value = Option<InstanceKey>> {
    prop_oneof![
        Just(None),
        (0i64..4).prop_map(|i| Some(InstanceKey::Int(i))),
        "[a-c ]{1,2}".prop_map(|s| Some(InstanceKey::String(s))),
    ]
}

/// Lines for [`state`], in Terraform's order; with dependencies on others among them where they are asked for.
fn some_lines(dependent: bool) -> impl Strategy<Value = Vec<String>> {
    let instance = (
        0..MODULES.len(),
        prop_oneof![Just(""), Just("data.")],
        "[tu]",
        "[xyz]",
        key(),
        any::<bool>(),
    );
    let others = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    prop::collection::vec((instance, others), 1..12).prop_map(move |all| {
        let mut sorted: BTreeMap<(String, ResourceAddress), Keys> = BTreeMap::new();
        let resources: Vec<String> = all
            .iter()
            .map(|((module, mode, ty, name, ..), _)| {
                format!("{}{mode}{ty}.{name}", MODULES[*module])
            })
            .collect();
        for (((.., key, deposed), _), resource) in all.iter().zip(&resources) {
            let address = resource.parse::<InstanceAddress>().unwrap().resource;
            let objects = sorted
                .entry((address.module.to_string(), address))
                .or_default();
            objects.insert((key.clone(), *deposed));
        }
        let mut lines = Vec::new();
        for ((_, address), objects) in sorted {
            for (key, deposed) in objects {
                let mut line = address.instance(key).to_string();
                if deposed {
                    line.push('!');
                }
                if dependent {
                    for at in &all[lines.len() % all.len()].1 {
                        let dependency = resources[at.index(resources.len())]
                            .parse::<InstanceAddress>()
                            .unwrap();
                        let module: String = dependency
                            .resource
                            .module
                            .calls()
                            .iter()
                            .map(|call| format!("module.{call}."))
                            .collect();
                        let mode = if dependency.resource.mode == crate::address::ResourceMode::Data
                        {
                            "data."
                        } else {
                            ""
                        };
                        line.push_str(&format!(
                            " < {module}{mode}{}.{}",
                            dependency.resource.resource_type, dependency.resource.name
                        ));
                    }
                }
                lines.push(line);
            }
        }
        lines
    })
}

fn some_state(dependent: bool) -> impl Strategy<Value = State> {
    some_lines(dependent).prop_map(|lines| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        state(&lines)
    })
}

/// The text of each object, in order.
fn texts(bytes: &[u8]) -> Vec<(InstanceAddress, String)> {
    #[derive(serde::Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        resources: Vec<Entry<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        instances: Vec<&'a RawValue>,
    }
    let file: File<'_> = serde_json::from_slice(bytes).unwrap();
    let state = State::parse(bytes).unwrap();
    let raw = file.resources.iter().flat_map(|r| &r.instances);
    let all = state.instances().zip(raw);
    all.map(|((r, i), raw)| (r.instance_address(i), raw.get().to_owned()))
        .collect()
}

fn named(changes: &[Change]) -> BTreeSet<InstanceAddress> {
    let mut all = BTreeSet::new();
    for change in changes {
        match change {
            Change::Moved { from, to } => all.extend([from.clone(), to.clone()]),
            Change::Removed { address }
            | Change::Imported { address }
            | Change::DependenciesDropped { address } => {
                all.insert(address.clone());
            }
            _ => {}
        }
    }
    all
}

/// Objects that no change names have the same bytes in the same order, and so has everything else in the file but the serial.
fn others_are_untouched(before: &State, edited: &Edited) {
    let (old, new) = (before.to_bytes(), edited.state.to_bytes());
    let named = named(&edited.changes);
    let others = |bytes: &[u8]| -> Vec<(InstanceAddress, String)> {
        let all = texts(bytes).into_iter();
        all.filter(|(address, _)| !named.contains(address))
            .collect()
    };
    assert_eq!(others(&old), others(&new));
    let around = |bytes: &[u8]| -> [String; 2] {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let start = text.find("\"resources\"").unwrap();
        let end = text.rfind("\"check_results\"").unwrap();
        [
            text[..start].replace("\"serial\": 8", "\"serial\": 7"),
            text[end..].to_owned(),
        ]
    };
    assert_eq!(around(&old), around(&new));
}

fn without_serial(state: &State) -> String {
    let mut state = state.clone();
    state.serial = 7;
    String::from_utf8(state.to_bytes()).unwrap()
}

fn by_key(address: InstanceAddress) -> Target {
    address.into()
}

proptest! {
    #[test]
    fn there_and_back_is_the_identity_but_for_the_serial(
        state in some_state(false), at in any::<prop::sample::Index>(), module in 0..MODULES.len(), key in key(),
    ) {
        let all = state.list();
        let from = at.get(&all).clone();
        let mut to = from.clone();
        to.resource.module = format!("{}t.n", MODULES[module]).parse::<InstanceAddress>().unwrap().resource.module;
        to.resource.name = "fresh".into();
        to.key = key;
        let there = mv(&state, &by_key(from.clone()), &by_key(to.clone())).unwrap();
        written(&state, &there);
        others_are_untouched(&state, &there);
        let back = mv(&there.state, &by_key(to), &by_key(from)).unwrap();
        prop_assert_eq!(back.state.serial, 9);
        prop_assert_eq!(without_serial(&back.state), without_serial(&state));
    }

    #[test]
    fn a_module_there_and_back_is_the_identity_but_for_the_serial(state in some_state(false), at in any::<prop::sample::Index>()) {
        let modules: BTreeSet<Target> = state.resources.iter().map(|r| r.address.module.clone())
            .filter(|m| !m.is_root()).map(Target::Module).collect();
        let modules: Vec<Target> = modules.into_iter().collect();
        prop_assume!(!modules.is_empty());
        let from = at.get(&modules).clone();
        let to = target("module.fresh[\"k\"].module.er");
        let there = mv(&state, &from, &to).unwrap();
        written(&state, &there);
        others_are_untouched(&state, &there);
        let back = mv(&there.state, &to, &from).unwrap();
        prop_assert_eq!(without_serial(&back.state), without_serial(&state));
    }

    #[test]
    fn every_edit_is_what_it_says_and_leaves_other_bytes_alone(
        state in some_state(true), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), key in key(),
    ) {
        let all = state.list();
        let from = from.get(&all).clone();
        let mut to = to.get(&all).clone();
        to.key = key;
        if let Ok(edited) = mv(&state, &by_key(from.clone()), &by_key(to)) {
            written(&state, &edited);
            others_are_untouched(&state, &edited);
        }
        let edited = rm(&state, &[by_key(from)]).unwrap();
        written(&state, &edited);
        others_are_untouched(&state, &edited);
    }

    #[test]
    fn without_everything_there_is_no_resource(state in some_state(true)) {
        let all: Vec<Target> = state.list().into_iter().map(Target::from).collect();
        let edited = rm(&state, &all).unwrap();
        prop_assert!(edited.state.resources.is_empty());
        prop_assert!(edited.unmatched.is_empty());
        written(&state, &edited);
    }

    #[test]
    fn the_order_of_removals_does_not_matter(
        state in some_state(true), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
    ) {
        let all = state.list();
        let (a, b) = (by_key(a.get(&all).clone()), by_key(b.get(&all).clone()));
        let together = rm(&state, &[a.clone(), b.clone()]).unwrap();
        let reversed = rm(&state, &[b.clone(), a.clone()]).unwrap();
        prop_assert_eq!(&together.changes, &reversed.changes);
        prop_assert_eq!(without_serial(&together.state), without_serial(&reversed.state));
        let first = rm(&state, &[a]).unwrap();
        // It may have been among what the first one removed.
        let state = rm(&first.state, &[b]).map_or(first.state, |second| second.state);
        prop_assert_eq!(without_serial(&together.state), without_serial(&state));
    }

    #[test]
    fn any_text_is_refused_or_a_target(text in "[a-z.0-9\\[\\]\"]{0,24}|.*") {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }
    }
}
