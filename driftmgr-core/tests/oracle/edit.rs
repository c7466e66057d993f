//! The same edits by Terraform, OpenTofu and driftmgr: accepted or refused alike, with the same states in the end.

use std::path::Path;
use std::sync::Mutex;

use driftmgr_core::Result;
use driftmgr_core::address::{InstanceAddress, ProviderSource};
use driftmgr_core::state::edit::{self, Edited, EditedBoth, Target};
use driftmgr_core::state::{State, Succession};
use serde_json::{Value, json};

use super::differences::Differences;
use super::states::{first_difference, name, oracle_of, state_files};
use crate::support::tools::{Program, Terraform};

/// What a case asks for.
#[derive(Debug)]
enum Edit {
    Mv(String, String),
    MvBetween(String, String, String),
    Rm(Vec<String>),
    ReplaceProvider(String, String),
}

impl Edit {
    fn parse(text: &str) -> Self {
        let (verb, rest) = text.split_once(' ').unwrap();
        let arrow = || {
            let (from, to) = rest.split_once(" -> ").unwrap();
            (from.to_owned(), to.to_owned())
        };
        match verb {
            "mv" => {
                let (from, to) = arrow();
                match to.split_once(':') {
                    Some((state @ ("other" | "nothing"), to)) => {
                        Self::MvBetween(from, state.to_owned(), to.to_owned())
                    }
                    _ => Self::Mv(from, to),
                }
            }
            "rm" => Self::Rm(rest.split(" + ").map(str::to_owned).collect()),
            "replace-provider" => {
                let (from, to) = arrow();
                Self::ReplaceProvider(from, to)
            }
            other => panic!("no such edit: {other}"),
        }
    }

    /// The words for the program.
    fn words(&self) -> Vec<String> {
        let state = "-state=state.json".to_owned();
        let word = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        match self {
            Self::Mv(from, to) => word(&["state", "mv", &state, from, to]),
            Self::MvBetween(from, _, to) => {
                word(&["state", "mv", &state, "-state-out=out.json", from, to])
            }
            Self::Rm(addresses) => [word(&["state", "rm", &state]), addresses.clone()].concat(),
            Self::ReplaceProvider(from, to) => {
                let to = if to == "\"\"" { "" } else { to };
                word(&[
                    "state",
                    "replace-provider",
                    "-auto-approve",
                    &state,
                    from,
                    to,
                ])
            }
        }
    }

    /// Both states after driftmgr's edit; the second one where there is one.
    fn ours(&self, state: &State, out: Option<&State>) -> Result<(State, Option<State>)> {
        let one = |edited: Result<Edited>| {
            let edited = edited?;
            let again = State::parse(&edited.state.to_bytes()).unwrap();
            edit::check(state, &again, &edited.changes).unwrap();
            Ok((again, None))
        };
        match self {
            Self::Mv(from, to) => one(edit::mv(state, &from.parse()?, &to.parse()?)),
            Self::MvBetween(from, _, to) => {
                let new = out.cloned().unwrap_or_else(|| State::new("l"));
                let EditedBoth {
                    source,
                    target,
                    changes,
                } = edit::mv_between(state, &new, &from.parse()?, &to.parse()?)?;
                let [source, target] =
                    [source, target].map(|state| State::parse(&state.to_bytes()).unwrap());
                edit::check_between((state, &new), (&source, &target), &changes).unwrap();
                Ok((source, Some(target)))
            }
            Self::Rm(addresses) => {
                let mut targets = Vec::new();
                for address in addresses {
                    targets.push(address.parse::<Target>()?);
                }
                one(edit::rm(state, &targets))
            }
            Self::ReplaceProvider(from, to) => {
                let to = if to == "\"\"" { "" } else { to };
                let from: ProviderSource = from.parse()?;
                one(edit::replace_provider(state, &from, &to.parse()?))
            }
        }
    }
}

/// Where the program and driftmgr do not end alike.
fn differs(program: Program, edit: &Edit, state: &[u8], out: Option<&[u8]>) -> Option<String> {
    let terraform = Terraform::new(program);
    let file = |name: &str| terraform.file(name);
    std::fs::write(file("state.json"), state).unwrap();
    if let Some(out) = out {
        std::fs::write(file("out.json"), out).unwrap();
    }
    let words = edit.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = terraform.run(&words);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let before = State::parse(state).unwrap();
    let other = out.map(|out| State::parse(out).unwrap());
    let ours = match (edit.ours(&before, other.as_ref()), output.status.success()) {
        (Ok(ours), true) => ours,
        (Err(_), false) => return None,
        (Ok(_), false) => return Some(format!("only the program refuses: {said}")),
        (Err(error), true) => return Some(format!("only driftmgr refuses: {error}: {said}")),
    };
    let compared = |name: &str, ours: &State| {
        let theirs = std::fs::read_to_string(file(name)).unwrap();
        let text = |state: &State| {
            let mut json: Value = serde_json::from_slice(&state.to_v4_bytes()).unwrap();
            if out.is_none() && name == "out.json" {
                // A new state has a lineage of its own.
                json["lineage"] = "l".into();
            }
            // Check results have no order.
            serde_json::to_string_pretty(&json).unwrap() + "\n"
        };
        let theirs = text(&State::parse(theirs.as_bytes()).unwrap());
        first_difference(&text(ours), &theirs).map(|at| format!("{name}: {at}"))
    };
    compared("state.json", &ours.0).or_else(|| ours.1.and_then(|ours| compared("out.json", &ours)))
}

/// What the program itself wrote, and a little more.
fn lab(program: Program) -> String {
    let terraform = Terraform::new(program);
    for (file, text) in [
        ("main.tf", include_str!("labs/edit/main.tf")),
        ("m/main.tf", include_str!("labs/edit/m/main.tf")),
        ("m/n/main.tf", include_str!("labs/edit/m/n/main.tf")),
    ] {
        terraform.write(file, text);
    }
    terraform.init().apply();
    terraform.edit("terraform.tfstate", |state| {
        state["resources"].as_array_mut().unwrap().extend(added());
    });
    std::fs::read_to_string(terraform.state_file()).unwrap()
}

/// What an apply does not leave behind, or only with plugins.
fn added() -> Vec<Value> {
    const BUILTIN: &str = "provider[\"terraform.io/builtin/terraform\"]";
    const AWS: &str = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let west = format!("{AWS}.west");
    let object = |more: Value| {
        let mut object =
            json!({"schema_version": 0, "attributes": {"id": "i"}, "sensitive_attributes": []});
        let (Value::Object(object_fields), Value::Object(more)) = (&mut object, more) else {
            panic!("no object")
        };
        object_fields.extend(more);
        object
    };
    let resource = |address: &str, provider: &str, instances: Vec<Value>| {
        let address: InstanceAddress = address.parse().unwrap();
        let address = address.resource;
        let mut resource = json!({"mode": address.mode, "type": address.resource_type, "name": address.name,
            "provider": provider, "instances": instances});
        if !address.module.is_root() {
            resource["module"] = address.module.to_string().into();
        }
        resource
    };
    vec![
        resource("terraform_data.empty", BUILTIN, vec![]),
        resource("module.only.terraform_data.empty", BUILTIN, vec![]),
        resource(
            "terraform_data.deposed",
            BUILTIN,
            vec![
                object(json!({"status": "tainted", "dependencies": ["terraform_data.one"]})),
                object(json!({"deposed": "00000001", "dependencies": ["terraform_data.one"]})),
            ],
        ),
        resource(
            "terraform_data.onlydeposed",
            BUILTIN,
            vec![object(json!({"deposed": "00000002"}))],
        ),
        resource(
            "data.terraform_remote_state.peer",
            BUILTIN,
            vec![object(json!({}))],
        ),
        resource("aws_vpc.west", &west, vec![object(json!({}))]),
        resource(
            "aws_vpc.home",
            AWS,
            vec![object(json!({"index_key": 0, "private": "YQ=="}))],
        ),
        resource(
            "module.k[0].module.l.module.m.terraform_data.x",
            BUILTIN,
            vec![object(json!({}))],
        ),
        resource(
            "module.k[0].module.l.terraform_data.x",
            BUILTIN,
            vec![object(json!({}))],
        ),
    ]
}

fn other() -> String {
    let object = json!({"schema_version": 0, "attributes": {"id": "i"}, "sensitive_attributes": [],
        "dependencies": ["terraform_data.one"]});
    let resource = json!({"mode": "managed", "type": "terraform_data", "name": "two",
        "provider": "provider[\"terraform.io/builtin/terraform\"]", "instances": [object]});
    json!({"version": 4, "terraform_version": "1.10.0", "serial": 41, "lineage": "other", "outputs": {},
        "resources": [resource], "check_results": null})
    .to_string()
}

/// With a provider configuration for each instance, as OpenTofu alone has them.
fn keyed() -> String {
    const AWS: &str = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let object = |index: u64, provider: Option<String>| {
        let mut object = json!({"index_key": index, "schema_version": 0, "attributes": {"id": "i"}, "sensitive_attributes": []});
        if let Some(provider) = provider {
            object["provider"] = provider.into();
        }
        object
    };
    let by = [(0, "eu"), (1, "us")]
        .map(|(index, key)| object(index, Some(format!("{AWS}.by[\"{key}\"]"))));
    json!({"version": 4, "terraform_version": "1.12.6", "serial": 3, "lineage": "keyed", "outputs": {}, "check_results": null,
        "resources": [
            {"mode": "managed", "type": "aws_vpc", "name": "by", "instances": by},
            {"mode": "managed", "type": "aws_vpc", "name": "plain", "provider": AWS, "instances": [object(0, None)]},
        ]})
    .to_string()
}

/// Does the work on as many threads as there are cores here, since each item waits for a program.
fn on_threads<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Option<(String, String)> + Sync,
) -> Vec<(String, String)> {
    let next = Mutex::new(items.iter());
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(item) = next.lock().unwrap().next() else {
                        return;
                    };
                    if let Some(wrong) = work(item) {
                        found.lock().unwrap().push(wrong);
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    found
}

#[test]
fn every_edit_ends_as_the_programs_end_it() {
    let labs = Program::ORACLES.map(|program| (program, lab(program)));
    let (other, keyed) = (other(), keyed());
    let mut cases = Vec::new();
    for line in include_str!("labs/edit.cases").lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (state, edit) = line.split_once(" | ").unwrap();
        for (program, lab) in &labs {
            match state {
                "lab" => cases.push((*program, line, edit, lab)),
                "keyed" if *program == Program::OpenTofu => {
                    cases.push((*program, line, edit, &keyed))
                }
                "keyed" => {}
                unknown => panic!("no such state: {unknown}"),
            }
        }
    }
    assert!(cases.len() >= 240, "only {} cases", cases.len());
    let wrong = on_threads(&cases, |(program, _, text, state)| {
        let edit = Edit::parse(text);
        let out = match &edit {
            Edit::MvBetween(_, to, _) if to == "other" => Some(other.as_bytes()),
            _ => None,
        };
        let difference = differs(*program, &edit, state.as_bytes(), out)?;
        Some((format!("{program:?} {text}"), difference))
    });
    let mut list = Differences::of("edit");
    let wrong: Vec<_> = wrong
        .iter()
        .filter(|(case, _)| !list.explains("edit", case))
        .map(|(case, difference)| format!("{case}: {difference}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    list.all_used(&["edit"]);
}

/// Of each state in the fixtures, the first instance is removed and the last one moved.
#[test]
fn the_fixtures_are_edited_as_terraform_edits_them() {
    let Some(files) = state_files() else { return };
    let mut cases = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let Ok(state) = State::parse(&bytes) else {
            continue;
        };
        let all = state.list();
        if let (Some(first), Some(last)) = (all.first(), all.last()) {
            let mut to = last.clone();
            to.resource.name = "elsewhere".into();
            let remove = Edit::Rm(vec![first.to_string()]);
            let both = [remove, Edit::Mv(last.to_string(), to.to_string())];
            let at = cases.len();
            // Each state once, or the test takes minutes.
            let edit = both.into_iter().nth(at % 2).unwrap();
            cases.push((name(file), bytes, edit));
        }
    }
    assert!(cases.len() > 60, "only {} states", cases.len());
    let wrong = on_threads(&cases, |(name, bytes, edit)| {
        let difference = differs(oracle_of(bytes), edit, bytes, None)?;
        Some((name.clone(), format!("{edit:?}: {difference}")))
    });
    let mut list = Differences::of("fixtures");
    let wrong: Vec<_> = wrong
        .iter()
        .filter(|(case, _)| !list.explains("edit", case))
        .map(|(case, difference)| format!("{case}: {difference}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    list.all_used(&["edit"]);
}

/// What may be pushed. The serial that the local backend then writes is higher than the pushed one, by one with Terraform and by two with
/// OpenTofu, which is a matter of that backend and not compared.
#[test]
fn what_may_be_pushed_is_what_the_programs_push() {
    let text = |version: u64, serial: u64, lineage: &str, output: Option<&str>| {
        let outputs = output.map_or(
            json!({}),
            |value| json!({"o": {"value": value, "type": "string"}}),
        );
        json!({"version": version, "terraform_version": "1.10.0", "serial": serial, "lineage": lineage,
            "outputs": outputs, "resources": [], "check_results": null})
        .to_string()
    };
    let there = text(4, 7, "l", Some("x"));
    let legacy = text(4, 7, "", Some("x"));
    let empty = text(4, 7, "l", None);
    let cases: Vec<(&str, &String, String, Option<Succession>)> = vec![
        (
            "newer",
            &there,
            text(4, 8, "l", Some("y")),
            Some(Succession::Newer),
        ),
        (
            "much newer",
            &there,
            text(4, 800, "l", Some("x")),
            Some(Succession::Newer),
        ),
        (
            "the same",
            &there,
            text(4, 7, "l", Some("x")),
            Some(Succession::Same),
        ),
        (
            "other content",
            &there,
            text(4, 7, "l", Some("y")),
            Some(Succession::SameSerial),
        ),
        (
            "older",
            &there,
            text(4, 6, "l", Some("y")),
            Some(Succession::Older),
        ),
        (
            "older and the same content",
            &there,
            text(4, 6, "l", Some("x")),
            Some(Succession::Older),
        ),
        (
            "another lineage",
            &there,
            text(4, 8, "m", Some("y")),
            Some(Succession::Unrelated),
        ),
        (
            "another lineage and the same content",
            &there,
            text(4, 7, "m", Some("x")),
            Some(Succession::Unrelated),
        ),
        (
            "no lineage",
            &there,
            text(4, 8, "", Some("y")),
            Some(Succession::NoLineage),
        ),
        (
            "no lineage and older",
            &there,
            text(4, 3, "", Some("y")),
            Some(Succession::NoLineage),
        ),
        (
            "nothing in it",
            &there,
            text(4, 8, "l", None),
            Some(Succession::Newer),
        ),
        (
            "nothing in it and older",
            &there,
            text(4, 6, "l", None),
            Some(Succession::Older),
        ),
        (
            "over one without a lineage",
            &legacy,
            text(4, 3, "l", Some("y")),
            Some(Succession::NoLineage),
        ),
        (
            "over an empty one",
            &empty,
            text(4, 3, "m", Some("y")),
            Some(Succession::OverEmpty),
        ),
        ("a newer format", &there, text(5, 8, "l", Some("y")), None),
        ("no state", &there, "{}".into(), None),
    ];
    let mut runs = Vec::new();
    for program in Program::ORACLES {
        for (what, there, new, want) in &cases {
            for force in [false, true] {
                runs.push((program, *what, *there, new, *want, force));
            }
        }
    }
    let wrong = on_threads(&runs, |(program, what, there, new, want, force)| {
        let terraform = Terraform::new(*program);
        std::fs::write(terraform.state_file(), there).unwrap();
        terraform.write("new.json", new);
        let words: &[&str] = if *force {
            &["state", "push", "-force", "new.json"]
        } else {
            &["state", "push", "new.json"]
        };
        let output = terraform.run(words);
        let there = State::parse(there.as_bytes()).unwrap();
        let new = State::parse(new.as_bytes()).ok();
        let relation = new.as_ref().map(|new| there.succession(new));
        assert_eq!(relation, *want, "{what}");
        let ours = new.is_some_and(|new| there.may_be_replaced_by(&new, *force).is_ok());
        let theirs = output.status.success();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (ours != theirs).then(|| {
            (
                format!("{program:?} {what}, force {force}"),
                format!("driftmgr {ours}, they {theirs}: {said}"),
            )
        })
    });
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A plan of the real program after our edit says what it says after its own.
#[test]
fn after_a_move_terraform_plans_no_change() {
    for program in Program::ORACLES {
        let before = "resource \"terraform_data\" \"old\" {\n  input = 1\n}\nresource \"terraform_data\" \"user\" {\n  input = terraform_data.old.id\n}\n";
        let terraform = Terraform::new(program).with("main.tf", before);
        terraform.init().apply();
        let edited = |path: &Path, work: &dyn Fn(&State) -> Edited| {
            let state = State::parse(&std::fs::read(path).unwrap()).unwrap();
            std::fs::write(path, work(&state).state.to_bytes()).unwrap();
        };
        edited(&terraform.state_file(), &|state| {
            let (from, to) = ("terraform_data.old", "terraform_data.new[\"k\"]");
            edit::mv(state, &from.parse().unwrap(), &to.parse().unwrap()).unwrap()
        });
        let after = before
            .replace("\"old\" {", "\"new\" {\n  for_each = toset([\"k\"])")
            .replace("terraform_data.old.id", "terraform_data.new[\"k\"].id");
        terraform.write("main.tf", &after);
        let printed = terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        assert!(printed.contains("No changes"), "{program:?}: {printed}");
        edited(&terraform.state_file(), &|state| {
            edit::rm(state, &["terraform_data.new".parse().unwrap()]).unwrap()
        });
        let output = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
        assert_eq!(output.status.code(), Some(2), "{program:?}");
        assert_eq!(terraform.state_list(), ["terraform_data.user"]);
    }
}
