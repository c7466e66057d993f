//! Beside the real programs: on one server, with one lock.

use driftmgr_core::backend::WorkspaceName;

use super::*;
use crate::support::beside::{Applying, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

const RESOURCE: &str = "resource \"terraform_data\" \"one\" { input = \"first é\" }\n";

/// A root module whose states are on this server, in a schema of its own.
fn module(program: Program, server: &Postgres, schema: &str) -> Terraform {
    let url = server.url("postgres");
    let backend = format!(
        "terraform {{\n  backend \"pg\" {{\n    conn_str    = \"{url}\"\n    schema_name = \"{schema}\"\n  }}\n}}\n"
    );
    Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE)
}

/// What was printed without its lines and bars.
fn flat(printed: &str) -> String {
    let words: Vec<&str> = printed.split_whitespace().filter(|w| *w != "│").collect();
    words.join(" ")
}

#[test]
fn what_terraform_wrote_is_read_and_what_we_wrote_is_no_change() {
    each_reads_the_other(Program::Terraform);
}

#[test]
fn what_opentofu_wrote_is_read_and_what_we_wrote_is_no_change() {
    each_reads_the_other(Program::OpenTofu);
}

#[test]
fn terraform_and_we_keep_each_other_out() {
    each_keeps_the_other_out(Program::Terraform);
}

#[test]
fn opentofu_and_we_keep_each_other_out() {
    each_keeps_the_other_out(Program::OpenTofu);
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    let Some(server) = Postgres::start() else {
        return;
    };
    for program in Program::ORACLES {
        let terraform = module(program, &server, &format!("changed_{program:?}"));
        terraform.init();
        let cx = cx();
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx.environment());
    }
}

fn each_reads_the_other(program: Program) {
    let Some(server) = Postgres::start() else {
        return;
    };
    let stored = |name: &str| server.state("postgres", "theirs.states", name);
    let terraform = module(program, &server, "theirs");
    terraform.init().apply();
    let backend = initialised(&cx(), &terraform, "pg");
    let theirs = block_on(get(&backend)).unwrap().unwrap();
    assert_eq!(theirs.as_bytes(), stored("default").unwrap());
    assert!(theirs.contains("first é"));
    let ours = next(&theirs);
    block_on(put(&backend, &ours)).unwrap();
    assert_eq!(stored("default").unwrap(), ours.as_bytes());
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // And the other way: they go on from our serial.
    terraform.write("main.tf", &RESOURCE.replace("first", "second"));
    terraform.apply();
    let later = block_on(get(&backend)).unwrap().unwrap();
    assert_eq!(serial(&later), serial(&ours) + 1);
    // Their workspaces are ours.
    terraform.ok(&["workspace", "new", "-no-color", "blue"]);
    terraform.apply();
    let names = block_on(backend.workspaces(&cx())).unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "blue"]);
    let blue = block_on(get_at(&backend, &workspace("blue"))).unwrap();
    assert_eq!(blue.unwrap().as_bytes(), stored("blue").unwrap());
    // Tables of ours are theirs.
    let fresh = module(program, &server, "ours");
    let spec = spec(&server.url("postgres"), &json!({"schema_name": "ours"}));
    let backend: Arc<dyn Backend> = Arc::new(PgBackend::from_spec(&cx(), &spec).unwrap());
    block_on(put(&backend, &later)).unwrap();
    fresh.init();
    fresh.write("main.tf", &RESOURCE.replace("first", "second"));
    fresh.ok(&["plan", "-no-color", "-detailed-exitcode"]);
}

fn each_keeps_the_other_out(program: Program) {
    let Some(server) = Postgres::start() else {
        return;
    };
    let terraform = module(program, &server, "theirs");
    // We create a state: they cannot, in this schema or, if it is Terraform, in any.
    let spec = spec(&server.url("postgres"), &json!({"schema_name": "theirs"}));
    let creating: Arc<dyn Backend> = Arc::new(PgBackend::from_spec(&cx(), &spec).unwrap());
    let id = block_on(creating.lock(&cx(), &at(), info())).unwrap();
    terraform.init();
    let printed = flat(&terraform.fails(&["plan", "-no-color"]));
    assert!(
        printed.contains("locked for workspace creation"),
        "{printed}"
    );
    block_on(creating.unlock(&cx(), &at(), &id)).unwrap();
    terraform.apply();
    let backend = initialised(&cx(), &terraform, "pg");
    // They hold it.
    let applying = Applying::begin(&terraform);
    let before = server.state("postgres", "theirs.states", "default");
    block_on(async {
        for error in [
            backend.lock(&cx(), &at(), info()).await.unwrap_err(),
            put(&backend, "{}").await.unwrap_err(),
            backend
                .delete(&cx(), &at(), WriteOptions::default())
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
            let holder = LockedBy::of(&error).unwrap();
            assert_eq!(holder.who, format!("{ADMIN}@127.0.0.1"));
        }
    });
    assert_eq!(server.state("postgres", "theirs.states", "default"), before);
    applying.finish();
    // We hold it.
    let id = block_on(backend.lock(&cx(), &at(), info())).unwrap();
    let printed = flat(&terraform.fails(&["plan", "-no-color"]));
    assert!(printed.contains("already locked: default"), "{printed}");
    block_on(backend.unlock(&cx(), &at(), &id)).unwrap();
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // They cannot break our lock, but the server can, and then it admits nothing.
    let id = block_on(backend.lock(&cx(), &at(), info())).unwrap();
    let _ = terraform.run(&["force-unlock", "-force", &id.0]);
    terraform.fails(&["plan", "-no-color"]);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'";
    server.sql("postgres", end);
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    let late = block_on(put_as(&backend, "{}", under(&id)));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
}
