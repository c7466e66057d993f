//! Beside the real programs: on one server, with one lock.

use driftmgr_core::backend::BackendRegistry;

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// A root module whose state is on the server.
fn module(program: Program, server: &Consul, more: &str) -> Terraform {
    let backend = format!(
        "terraform {{\n  backend \"consul\" {{\n    address = \"{}\"\n    path = \"{PATH}\"\n{more}\n  }}\n}}\n",
        server.authority()
    );
    Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE)
}

/// The state of the workspace `default`, which the server has as it is.
fn stored(server: &Consul) -> String {
    String::from_utf8(server.value(PATH).expect("a state")).expect("text")
}

fn text(bytes: Option<Bytes>) -> String {
    String::from_utf8(bytes.expect("a state").to_vec()).expect("text")
}

#[test]
fn what_the_programs_wrote_is_read_byte_for_byte_and_what_we_wrote_is_no_change() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, "");
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        let theirs = text(block_on(read(&backend)).unwrap());
        assert_eq!(theirs, stored(&server), "{program:?}");
        let ours = next(&theirs);
        block_on(write(&backend, ours.clone())).unwrap();
        assert_eq!(stored(&server), ours);
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        let pulled: Value = serde_json::from_str(&terraform.state_pull()).unwrap();
        assert_eq!(pulled["serial"].to_string(), serial(&ours).to_string());
        // And the other way: they go on from our serial.
        terraform.write("main.tf", &RESOURCE.replace("first", "second"));
        terraform.apply();
        let later = text(block_on(read(&backend)).unwrap());
        assert_eq!(serial(&later), serial(&ours) + 1, "{program:?}");
        block_on(delete(&backend)).unwrap();
        let plan = terraform.ok(&["plan", "-no-color"]);
        assert!(plan.contains("1 to add"), "{program:?}: {plan}");
    }
}

#[test]
fn large_and_compressed_states_are_the_same_on_both_sides() {
    let large = "resource \"terraform_data\" \"one\" { input = join(\"\", flatten([for i in range(1000) : [for j in range(10) : sha256(\"${i}-${j}\")]])) }\n";
    for (program, more) in Program::ORACLES.into_iter().zip(["", "gzip = true"]) {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, more);
        terraform.write("main.tf", large);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        let theirs = text(block_on(read(&backend)).unwrap());
        assert!(theirs.len() > 1_200_000, "{}", theirs.len());
        let list: Value = serde_json::from_slice(&server.value(PATH).unwrap()).unwrap();
        assert!(list["chunks"].as_array().unwrap().len() > 1, "{list}");
        let ours = next(&theirs);
        block_on(write(&backend, ours.clone())).unwrap();
        let pulled: Value = serde_json::from_str(&terraform.state_pull()).unwrap();
        let expected: Value = serde_json::from_str(&ours).unwrap();
        assert_eq!(pulled["serial"].to_string(), serial(&ours).to_string());
        assert!(pulled["resources"] == expected["resources"], "{program:?}");
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        // They take our pieces away.
        terraform.write("main.tf", RESOURCE);
        terraform.apply();
        let left: Vec<String> = server
            .keys()
            .into_iter()
            .filter(|k| k.contains("tfstate."))
            .collect();
        assert_eq!(left, [""; 0], "{program:?} {more}");
        assert!(text(block_on(read(&backend)).unwrap()).contains("first"));
    }
}

#[test]
fn while_a_program_holds_the_lock_we_are_refused() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, "");
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        let applying = Applying::begin(&terraform);
        let before = stored(&server);
        block_on(async {
            let held = server.session("tf/net/.lock").unwrap();
            for error in [
                backend.lock(&cx(), &at(), info()).await.unwrap_err(),
                write(&backend, "{}").await.unwrap_err(),
                delete(&backend).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Locked);
                let holder = LockedBy::of(&error).unwrap();
                assert_eq!(holder.id, held);
                assert_eq!(holder.operation, "OperationTypeApply");
            }
            assert!(
                read(&backend).await.unwrap().is_some(),
                "reading takes no lock"
            );
        });
        assert_eq!(stored(&server), before);
        applying.finish();
        assert_eq!(server.session("tf/net/.lock"), None);
        let state = text(block_on(read(&backend)).unwrap());
        assert!(state.contains("slow"), "{program:?}");
        block_on(write(&backend, next(&state))).unwrap();
    }
}

#[test]
fn while_we_hold_the_lock_the_programs_are_refused() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, "");
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        let id = block_on(backend.lock(&cx(), &at(), info())).unwrap();
        let said = terraform.fails(&["plan", "-no-color"]);
        for part in [id.0.as_str(), "me@here", "test", "driftmgr"] {
            assert!(said.contains(part), "{program:?}: {part} is not in\n{said}");
        }
        block_on(backend.unlock(&cx(), &at(), &id)).unwrap();
        terraform.ok(&["plan", "-no-color"]);
        // A lock that was forced open is not ours any more.
        let id = block_on(backend.lock(&cx(), &at(), info())).unwrap();
        terraform.ok(&["force-unlock", "-force", &id.0]);
        let before = stored(&server);
        let error = block_on(write_under(&backend, &id, "{}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{program:?}");
        assert_eq!(stored(&server), before);
        server.without_delays();
        terraform.ok(&["plan", "-no-color"]);
    }
}

#[test]
fn workspaces_are_the_same_on_both_sides() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, "");
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        terraform.ok(&["workspace", "new", "prod"]);
        terraform.apply();
        let of_prod = StateRef::current("prod".parse().unwrap());
        let state = block_on(backend.read(&cx(), &of_prod)).unwrap().unwrap();
        assert_eq!(state.bytes, server.value("tf/net-env:prod").unwrap());
        let ours = StateRef::current("ours".parse().unwrap());
        block_on(backend.write(&cx(), &ours, state.bytes, WriteOptions::default())).unwrap();
        let names = block_on(backend.workspaces(&cx())).unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["default", "ours", "prod"], "{program:?}");
        let listed = terraform.ok(&["workspace", "list"]);
        assert!(
            listed.contains("ours") && listed.contains("* prod"),
            "{listed}"
        );
        terraform.ok(&["workspace", "select", "ours"]);
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        block_on(backend.delete(&cx(), &of_prod, WriteOptions::default())).unwrap();
        assert!(!terraform.ok(&["workspace", "list"]).contains("prod"));
    }
}

#[test]
fn variables_mean_the_same() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour {
            token: Some("a-token"),
            prefix: "/consul",
            ..Behaviour::default()
        });
        let address = format!("http://{}/consul", server.authority());
        let variables = [
            ("CONSUL_HTTP_ADDR", address.as_str()),
            ("CONSUL_HTTP_TOKEN", "a-token"),
            ("CONSUL_HTTP_AUTH", "me:pw-1"),
        ];
        let block = format!(
            "terraform {{\n  backend \"consul\" {{\n    path = \"{PATH}\"\n    datacenter = \"dc1\"\n  }}\n}}\n{RESOURCE}"
        );
        let mut terraform = Terraform::new(program).with("main.tf", &block);
        for (name, value) in variables {
            terraform = terraform.env(name, value);
        }
        terraform.init().apply();
        let theirs = server.server.seen();
        let cx = Context::new(Environment::from_variables(variables));
        let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
        let backend = BackendRegistry::builtin().open(&cx, &spec).unwrap();
        let state = text(block_on(read(&backend)).unwrap());
        assert_eq!(state, stored(&server));
        for header in ["authorization", "x-consul-token"] {
            assert_eq!(
                server
                    .server
                    .seen()
                    .last()
                    .map(|s| s.headers[header].clone()),
                Some(theirs[0].headers[header].clone())
            );
            block_on(read(&backend)).unwrap();
        }
        block_on(write(&backend, next(&state))).unwrap();
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    }
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    for program in Program::ORACLES {
        let server = Consul::start(Behaviour::default());
        let terraform = module(program, &server, "");
        terraform.init();
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx().environment());
    }
}
