//! Beside the real programs: on one server, with one lock.

use driftmgr_core::backend::BackendRegistry;

use super::*;
use crate::support::beside::{self, Applying, RESOURCE, block_on};
use crate::support::tools::{Program, Terraform, Tools};

/// The blocks, and the workspace that is selected.
const BLOCKS: [(&str, &str); 3] = [
    ("remote", "workspaces {\n name = \"prod\"\n }"),
    ("remote", "workspaces {\n prefix = \"pr\"\n }"),
    ("cloud", "workspaces {\n name = \"prod\"\n }"),
];

/// The configuration of both programs' command lines, in the module's folder.
const CLI: &str = "cli.rc";

/// A root module whose state is in the workspace `prod`. The token is in the programs' own configuration: a variable cannot name a port.
fn module(program: Program, server: &Tfe, (kind, workspaces): (&str, &str)) -> Terraform {
    let head = match kind {
        "cloud" => "cloud".to_owned(),
        kind => format!("backend \"{kind}\""),
    };
    let block = format!(
        "terraform {{\n {head} {{\n hostname = \"{}\"\n organization = \"{ORGANIZATION}\"\n {workspaces}\n }}\n}}\n",
        server.host()
    );
    let terraform = Terraform::new(program)
        .with("backend.tf", &block)
        .with("main.tf", RESOURCE)
        .with(CLI, &cli_configuration(server));
    let path = terraform.file(CLI);
    let terraform = terraform
        .env("TF_CLI_CONFIG_FILE", path)
        .env("SSL_CERT_FILE", authority().file());
    if workspaces.contains("prefix") {
        server.store(|store| store.add("prod").resources = 0);
        return terraform.env("TF_WORKSPACE", "od");
    }
    terraform
}

fn cli_configuration(server: &Tfe) -> String {
    let installed = std::fs::read_to_string(Tools::get().cli_configuration()).unwrap();
    let host = server.host();
    format!("{installed}credentials \"{host}\" {{\n  token = \"{TOKEN}\"\n}}\n")
}

fn ours(terraform: &Terraform, workspaces: &str) -> Context {
    let path = terraform.file(CLI).display().to_string();
    let read = ("TF_CLI_CONFIG_FILE", path.as_str());
    match workspaces.contains("prefix") {
        true => cx_with(&[read, ("TF_WORKSPACE", "od")]),
        false => cx_with(&[read]),
    }
}

fn serial(state: &[u8]) -> u64 {
    beside::serial(std::str::from_utf8(state).unwrap())
}

fn next(state: &[u8]) -> Bytes {
    Bytes::from(beside::next(std::str::from_utf8(state).unwrap()))
}

/// The backend that `init` wrote down, and the selected state.
fn initialised(cx: &Context, terraform: &Terraform) -> (Arc<dyn Backend>, StateRef) {
    let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
    let at = StateRef::current(spec.workspace.name.clone());
    (BackendRegistry::builtin().open(cx, &spec).unwrap(), at)
}

#[test]
fn what_the_programs_wrote_is_read_byte_for_byte_and_what_we_wrote_is_no_change() {
    for program in Program::ORACLES {
        for block in BLOCKS {
            let server = Tfe::start(Behaviour::default());
            let terraform = module(program, &server, block);
            terraform.init().apply();
            let cx = ours(&terraform, block.1);
            let (backend, at) = initialised(&cx, &terraform);
            let read = || block_on(backend.read(&cx, &at)).unwrap().unwrap().bytes;
            let theirs = read();
            let stored = server.store(|store| store.state("prod")).unwrap();
            assert_eq!(theirs, stored, "{program:?} {block:?}");
            assert!(String::from_utf8_lossy(&theirs).contains("first"));
            let new = next(&theirs);
            let options = WriteOptions::default();
            block_on(backend.write(&cx, &at, new.clone(), options)).unwrap();
            terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
            let pulled = terraform.state_pull();
            assert_eq!(serial(pulled.as_bytes()), serial(&new));
            // And the other way: they go on from our serial.
            terraform.write("main.tf", &RESOURCE.replace("first", "second"));
            terraform.apply();
            assert_eq!(serial(&read()), serial(&new) + 1, "{program:?} {block:?}");
            let versions = block_on(backend.versions(&cx, &at)).unwrap();
            let kept = at.at_version(&versions[1].id);
            let kept = block_on(backend.read(&cx, &kept)).unwrap().unwrap();
            assert_eq!(kept.bytes, new);
        }
    }
}

#[test]
fn while_a_program_holds_the_lock_we_are_refused() {
    for program in Program::ORACLES {
        let server = Tfe::start(Behaviour::default());
        let terraform = module(program, &server, BLOCKS[0]);
        terraform.init().apply();
        let cx = ours(&terraform, "");
        let (backend, at) = initialised(&cx, &terraform);
        let applying = Applying::begin(&terraform);
        let before = server.store(|store| store.state("prod"));
        block_on(async {
            let options = WriteOptions::default;
            for error in [
                backend.lock(&cx, &at, info()).await.unwrap_err(),
                write(&backend, state(999, "intruder")).await.unwrap_err(),
                backend.delete(&cx, &at, options()).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Locked);
                let holder = LockedBy::of(&error).unwrap();
                assert_eq!(holder.who, "user alice");
                assert!(holder.info.starts_with("Locked by "), "{holder:?}");
            }
            assert!(
                read(&backend).await.unwrap().is_some(),
                "reading takes no lock"
            );
        });
        assert_eq!(server.store(|store| store.state("prod")), before);
        applying.finish();
        let state = block_on(read(&backend)).unwrap().unwrap();
        assert!(
            String::from_utf8_lossy(&state).contains("slow"),
            "{program:?}"
        );
        block_on(write(&backend, next(&state))).unwrap();
    }
}

#[test]
fn while_we_hold_the_lock_the_programs_are_refused() {
    for program in Program::ORACLES {
        for block in [BLOCKS[0], BLOCKS[2]] {
            let server = Tfe::start(Behaviour::default());
            let terraform = module(program, &server, block);
            terraform.init().apply();
            let cx = ours(&terraform, "");
            let (backend, at) = initialised(&cx, &terraform);
            let id = block_on(backend.lock(&cx, &at, info())).unwrap();
            let said = terraform.fails(&["plan", "-no-color"]);
            // The programs tell the id that forces the workspace open, and nothing of the holder.
            assert!(said.contains("acme/prod"), "{program:?}: {said}");
            block_on(backend.unlock(&cx, &at, &id)).unwrap();
            terraform.ok(&["plan", "-no-color"]);
            // A lock that was forced open is not ours any more.
            let id = block_on(backend.lock(&cx, &at, info())).unwrap();
            terraform.ok(&["force-unlock", "-force", "acme/prod"]);
            let error = block_on(write_under(&backend, &id, state(999, "late"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{program:?}");
            terraform.ok(&["plan", "-no-color"]);
        }
    }
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    for program in Program::ORACLES {
        let server = Tfe::start(Behaviour::default());
        let terraform = module(program, &server, BLOCKS[0]);
        terraform.init();
        let cx = ours(&terraform, "");
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx.environment());
    }
}
