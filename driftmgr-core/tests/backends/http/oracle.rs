//! Beside the real programs: on one server, with one lock.

use driftmgr_core::ErrorKind;
use driftmgr_core::backend::{BackendRegistry, LockedBy};

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// A root module whose state is on the server.
fn module(program: Program, server: &StateServer) -> Terraform {
    let url = server.url(PATH);
    let backend = format!(
        "terraform {{
  backend \"http\" {{
    address        = \"{url}\"
    lock_address   = \"{url}\"
    unlock_address = \"{url}\"
    retry_max      = 1
  }}
}}
"
    );
    Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE)
}

#[test]
fn what_the_programs_wrote_is_read_byte_for_byte_and_what_we_wrote_is_no_change() {
    for program in Program::ORACLES {
        let server = StateServer::start(Behaviour::default());
        let terraform = module(program, &server);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "http");
        let theirs = block_on(read(&backend)).unwrap().unwrap();
        assert_eq!(
            theirs.as_bytes(),
            server.state(PATH).unwrap(),
            "{program:?}"
        );
        assert!(theirs.contains("first"));
        let ours = next(&theirs);
        block_on(write(&backend, &ours)).unwrap();
        assert_eq!(server.state(PATH).unwrap(), ours.as_bytes());
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        let pulled: Value = serde_json::from_str(&terraform.state_pull()).unwrap();
        assert_eq!(pulled["serial"].to_string(), serial(&ours).to_string());
        // And the other way: they go on from our serial.
        terraform.write("main.tf", &RESOURCE.replace("first", "second"));
        terraform.apply();
        let later = block_on(read(&backend)).unwrap().unwrap();
        assert_eq!(serial(&later), serial(&ours) + 1, "{program:?}");
        // Without a state, there is nothing on either side.
        block_on(backend.delete(&cx(), &at(), WriteOptions::default())).unwrap();
        let plan = terraform.ok(&["plan", "-no-color"]);
        assert!(plan.contains("1 to add"), "{program:?}: {plan}");
    }
}

#[test]
fn while_a_program_holds_the_lock_we_are_refused() {
    for program in Program::ORACLES {
        let server = StateServer::start(Behaviour::default());
        let terraform = module(program, &server);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "http");
        let applying = Applying::begin(&terraform);
        let before = server.state(PATH);
        block_on(async {
            let held = server.holder(PATH).unwrap();
            for error in [
                backend.lock(&cx(), &at(), info()).await.unwrap_err(),
                write(&backend, "{}").await.unwrap_err(),
                backend
                    .delete(&cx(), &at(), WriteOptions::default())
                    .await
                    .unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Locked);
                let holder = LockedBy::of(&error).unwrap();
                assert_eq!(json!(holder.id), held["ID"]);
                assert_eq!(holder.operation, "OperationTypeApply");
            }
            assert!(
                read(&backend).await.unwrap().is_some(),
                "reading takes no lock"
            );
        });
        assert_eq!(server.state(PATH), before);
        applying.finish();
        assert_eq!(server.holder(PATH), None);
        let state = block_on(read(&backend)).unwrap().unwrap();
        assert!(state.contains("slow"), "{program:?}");
        block_on(write(&backend, &next(&state))).unwrap();
    }
}

#[test]
fn while_we_hold_the_lock_the_programs_are_refused() {
    for program in Program::ORACLES {
        let server = StateServer::start(Behaviour::default());
        let terraform = module(program, &server);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "http");
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
        let before = server.state(PATH);
        let error = block_on(write_under(&backend, &id, "{}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{program:?}");
        assert_eq!(server.state(PATH), before);
        terraform.ok(&["plan", "-no-color"]);
    }
}

#[test]
fn variables_mean_the_same() {
    let basic = ("Authorization".to_owned(), "Basic bWU6cHctMQ==".to_owned());
    for program in Program::ORACLES {
        let server = StateServer::start(Behaviour {
            wanted: vec![basic.clone()],
            ..Behaviour::default()
        });
        let url = server.url(PATH);
        let variables = [
            ("TF_HTTP_ADDRESS", url.as_str()),
            ("TF_HTTP_LOCK_ADDRESS", url.as_str()),
            ("TF_HTTP_UNLOCK_ADDRESS", url.as_str()),
            ("TF_HTTP_UPDATE_METHOD", "PUT"),
            ("TF_HTTP_USERNAME", "me"),
            ("TF_HTTP_PASSWORD", "pw-1"),
            ("TF_HTTP_RETRY_MAX", "0"),
        ];
        let mut terraform = Terraform::new(program).with(
            "main.tf",
            &format!("terraform {{\n  backend \"http\" {{}}\n}}\n{RESOURCE}"),
        );
        for (name, value) in variables {
            terraform = terraform.env(name, value);
        }
        terraform.init().apply();
        let theirs = server.methods();
        assert!(
            theirs.contains(&"PUT".to_owned()),
            "{program:?}: {theirs:?}"
        );
        let cx = Context::new(Environment::from_variables(variables));
        let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
        let backend = BackendRegistry::builtin().open(&cx, &spec).unwrap();
        let state = block_on(read(&backend)).unwrap().unwrap();
        assert_eq!(state.as_bytes(), server.state(PATH).unwrap());
        block_on(write(&backend, &next(&state))).unwrap();
        assert_eq!(server.methods(), ["GET", "LOCK", "PUT", "UNLOCK"]);
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    }
}

#[test]
fn headers_are_those_of_opentofu() {
    let server = StateServer::start(Behaviour {
        wanted: vec![("X-Team".to_owned(), "red".to_owned())],
        ..Behaviour::default()
    });
    let url = server.url(PATH);
    let block = format!(
        "terraform {{\n  backend \"http\" {{\n    address = \"{url}\"\n    headers = {{ \"X-Team\" = \"red\" }}\n  }}\n}}\n{RESOURCE}"
    );
    let terraform = Terraform::new(Program::OpenTofu).with("main.tf", &block);
    terraform.init().apply();
    let backend = initialised(&cx(), &terraform, "http");
    let state = block_on(read(&backend)).unwrap().unwrap();
    assert_eq!(state.as_bytes(), server.state(PATH).unwrap());
    // Terraform does not know the argument.
    let terraform = Terraform::new(Program::Terraform).with("main.tf", &block);
    assert!(terraform.fails(&["init", "-no-color"]).contains("headers"));
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    for program in Program::ORACLES {
        let server = StateServer::start(Behaviour::default());
        let terraform = module(program, &server);
        terraform.init();
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx().environment());
    }
}
