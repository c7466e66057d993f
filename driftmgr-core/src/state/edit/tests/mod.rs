mod checked;
mod hostile;
mod import;
mod laws;
mod mv;
mod provider;
mod rm;

use serde_json::{Value as Json, json};

use super::*;

/// A resource as a line: `ADDRESS` of an instance, or `ADDRESS < DEPENDENCY` for each that it depends on, `ADDRESS!` for a deposed object.
/// Lines of one resource that follow each other become one entry.
fn state(lines: &[&str]) -> State {
    let mut resources: Vec<Json> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let mut parts = line.split(" < ");
        let address = parts.next().unwrap();
        let dependencies: Vec<&str> = parts.collect();
        let (address, deposed) = match address.strip_suffix('!') {
            Some(address) => (address, true),
            None => (address, false),
        };
        let (address, empty) = match address.strip_suffix("=empty") {
            Some(address) => (address, true),
            None => (address, false),
        };
        let address: InstanceAddress = address.parse().unwrap();
        let mut object =
            json!({"schema_version": 0, "attributes": {"id": number, "n": 1.5}, "later": [1]});
        if let Some(key) = &address.key {
            object["index_key"] = json!(key);
        }
        if deposed {
            object["deposed"] = format!("{number:08x}").into();
        }
        if !dependencies.is_empty() {
            object["dependencies"] = json!(dependencies);
        }
        let mut resource = json!({
            "mode": address.resource.mode,
            "type": address.resource.resource_type,
            "name": address.resource.name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [],
        });
        if !address.resource.module.is_root() {
            resource["module"] = address.resource.module.to_string().into();
        }
        let same = resources.last_mut().filter(|last| {
            ["mode", "type", "name", "module"]
                .iter()
                .all(|field| last[*field] == resource[*field])
        });
        let into = match same {
            Some(last) => last,
            None => {
                resources.push(resource);
                resources.last_mut().unwrap()
            }
        };
        if !empty {
            into["instances"].as_array_mut().unwrap().push(object);
        }
    }
    let json = json!({"version": 4, "terraform_version": "1.15.5", "serial": 7, "lineage": "l",
        "outputs": {"o": {"value": 1.5, "type": "number"}}, "resources": resources, "check_results": null, "later": {"a": 1}});
    // With a zero at the end, which is the first thing that gets lost.
    let text = serde_json::to_string_pretty(&json).unwrap();
    State::parse(text.replace(": 1.5", ": 1.50").as_bytes()).unwrap()
}

/// The lines of [`state`] again, sorted, without what objects say.
fn lines(state: &State) -> Vec<String> {
    let mut all: Vec<String> = state
        .instances()
        .map(|(resource, instance)| {
            let mut line = resource.instance_address(instance).to_string();
            if instance.deposed.is_some() {
                line.push('!');
            }
            for dependency in instance.dependencies.iter() {
                line.push_str(" < ");
                line.push_str(dependency);
            }
            line
        })
        .collect();
    let empty = state.resources.iter().filter(|r| r.instances.is_empty());
    all.extend(empty.map(|r| format!("{}=empty", r.address)));
    all.sort();
    all
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

fn targets(texts: &[&str]) -> Vec<Target> {
    texts.iter().map(|text| target(text)).collect()
}

/// What was written, read again, is what the edit says.
fn written(before: &State, edited: &Edited) -> State {
    let after = State::parse(&edited.state.to_bytes()).unwrap();
    check(before, &after, &edited.changes).unwrap();
    check(before, &edited.state, &edited.changes).unwrap();
    after
}
