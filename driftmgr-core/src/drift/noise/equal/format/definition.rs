//! Container definitions of Amazon ECS.
//!
//! What the API fills in or leaves out (Amazon ECS API reference, `ContainerDefinition`): `essential` is true, `cpu` is 0, a port's
//! `protocol` is `tcp` and its `hostPort` 0, empty lists are missing ones. The order of variables, secrets, ports and mounts means
//! nothing; a variable that stands twice keeps its order, since the last one counts.

use std::collections::BTreeMap;

use crate::value::Value;

/// Lists that are missing when they are empty, with the name that tells their elements apart, where order means nothing.
const LISTS: &[(&str, Option<&str>)] = &[
    ("dependsOn", None),
    ("dnsSearchDomains", None),
    ("dnsServers", None),
    ("dockerSecurityOptions", None),
    ("environment", Some("name")),
    ("environmentFiles", None),
    ("extraHosts", None),
    ("links", None),
    ("mountPoints", Some("containerPath")),
    ("portMappings", Some("containerPort")),
    ("resourceRequirements", None),
    ("secrets", Some("name")),
    ("systemControls", None),
    ("ulimits", None),
    ("volumesFrom", None),
];

/// The one form of all spellings; `None` for what is no list of containers.
pub(super) fn canonical(definitions: Value) -> Option<Value> {
    let Value::List(containers) = definitions else {
        return None;
    };
    let containers: Option<Vec<Value>> = containers
        .into_iter()
        .map(|container| match container {
            Value::Map(entries) => Some(one(entries)),
            _ => None,
        })
        .collect();
    Some(by_name(containers?, "name"))
}

fn one(mut container: BTreeMap<String, Value>) -> Value {
    container.retain(|_, value| !value.is_null());
    drop_default(&mut container, "essential", &Value::from(true));
    drop_default(&mut container, "cpu", &Value::from(0));
    if let Some(Value::List(ports)) = container.get_mut("portMappings") {
        for port in ports {
            if let Value::Map(port) = port {
                port.retain(|_, value| !value.is_null());
                drop_default(port, "protocol", &Value::from("tcp"));
                drop_default(port, "hostPort", &Value::from(0));
            }
        }
    }
    for (name, key) in LISTS {
        let Some(Value::List(items)) = container.get_mut(*name) else {
            continue;
        };
        if items.is_empty() {
            container.remove(*name);
        } else if let Some(key) = key {
            let sorted = by_name(std::mem::take(items), key);
            container.insert((*name).to_owned(), sorted);
        }
    }
    Value::Map(container)
}

fn drop_default(entries: &mut BTreeMap<String, Value>, name: &str, default: &Value) {
    if entries.get(name) == Some(default) {
        entries.remove(name);
    }
}

/// Sorted by the attribute that tells the items apart, when it does.
fn by_name(mut items: Vec<Value>, key: &str) -> Value {
    let mut names: Vec<Option<&Value>> = items.iter().map(|i| i.attribute(key)).collect();
    names.sort();
    let distinct =
        names.iter().all(Option::is_some) && names.windows(2).all(|w| w.first() != w.last());
    if distinct {
        items.sort_by(|a, b| a.attribute(key).cmp(&b.attribute(key)));
    }
    Value::List(items)
}
