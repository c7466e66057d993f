//! Beside the real programs: on one server, with one lock.

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// A root module whose state is in a new namespace, and the namespace. The programs want a kubeconfig.
fn module(program: Program, cluster: &Cluster) -> (Terraform, String) {
    let namespace = cluster.namespace();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "c", "cluster": {"server": cluster.url(), "certificate-authority": cluster.folder().join("ca.pem")}}],
        "contexts": [{"name": "it", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
    });
    let path = cluster.folder().join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    let backend = format!(
        "terraform {{\n  backend \"kubernetes\" {{\n    secret_suffix = \"net\"\n    namespace = \"{namespace}\"\n    config_path = \"{}\"\n    labels = {{ team = \"red\" }}\n  }}\n}}\n",
        path.display()
    );
    let terraform = Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE);
    (terraform, namespace)
}

fn text(bytes: Option<Bytes>) -> String {
    String::from_utf8(bytes.expect("a state").to_vec()).expect("text")
}

/// The bytes of a state as `gzip` expands them.
fn expanded(cluster: &Cluster, namespace: &str, names: &[&str]) -> Vec<u8> {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use base64::Engine as _;
    let mut packed = Vec::new();
    for name in names {
        let secret = cluster.secret(namespace, name).unwrap();
        let data = secret["data"]["tfstate"].as_str().unwrap();
        packed.extend(base64::prelude::BASE64_STANDARD.decode(data).unwrap());
    }
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(&packed).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writing.join().unwrap();
    output.stdout
}

#[test]
fn what_the_programs_wrote_is_read_byte_for_byte_and_what_we_wrote_is_no_change() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for program in Program::ORACLES {
        let (terraform, namespace) = module(program, &cluster);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "kubernetes");
        let theirs = text(block_on(read(&backend)).unwrap());
        assert_eq!(
            theirs.as_bytes(),
            expanded(&cluster, &namespace, &[SECRET]),
            "{program:?}"
        );
        let labels = cluster.secret(&namespace, SECRET).unwrap()["metadata"]["labels"].clone();
        let ours = next(&theirs);
        block_on(write(&backend, ours.clone())).unwrap();
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        let pulled: Value = serde_json::from_str(&terraform.state_pull()).unwrap();
        assert_eq!(pulled["serial"].to_string(), serial(&ours).to_string());
        // And the other way: they go on from our serial.
        terraform.write("main.tf", &RESOURCE.replace("first", "second"));
        terraform.apply();
        let later = text(block_on(read(&backend)).unwrap());
        assert_eq!(serial(&later), serial(&ours) + 1, "{program:?}");
        block_on(delete(&backend)).unwrap();
        assert_eq!(cluster.secrets(&namespace), [""; 0]);
        // A secret of ours has the labels that they look for.
        block_on(write(&backend, later)).unwrap();
        let secret = cluster.secret(&namespace, SECRET).unwrap();
        assert_eq!(secret["metadata"]["labels"], labels, "{program:?}");
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    }
}

/// Terraform alone has states in parts.
#[test]
fn a_state_in_parts_is_the_same_on_both_sides() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let (terraform, namespace) = module(Program::Terraform, &cluster);
    let large = "resource \"terraform_data\" \"one\" { input = join(\"\", flatten([for i in range(1000) : [for j in range(18) : sha256(\"${i}-${j}\")]])) }\n";
    terraform.write("main.tf", large);
    terraform.init().apply();
    let backend = initialised(&cx(), &terraform, "kubernetes");
    let theirs = text(block_on(read(&backend)).unwrap());
    let names = cluster.secrets(&namespace);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(names, [SECRET, &format!("{SECRET}-part-1")]);
    assert!(theirs.as_bytes() == expanded(&cluster, &namespace, &names));
    block_on(delete(&backend)).unwrap();
    let ours = next(&theirs);
    block_on(write(&backend, ours.clone())).unwrap();
    assert_eq!(cluster.secrets(&namespace), names);
    let pulled: Value = serde_json::from_str(&terraform.state_pull()).unwrap();
    assert_eq!(pulled["serial"].to_string(), serial(&ours).to_string());
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // They take our parts away.
    terraform.write("main.tf", RESOURCE);
    terraform.apply();
    assert_eq!(cluster.secrets(&namespace), [SECRET]);
    assert!(text(block_on(read(&backend)).unwrap()).contains("first"));
}

#[test]
fn while_a_program_holds_the_lock_we_are_refused() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for program in Program::ORACLES {
        let (terraform, namespace) = module(program, &cluster);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "kubernetes");
        let applying = Applying::begin(&terraform);
        block_on(async {
            let before = read(&backend).await.unwrap();
            let held = cluster.leases(&namespace)[0].1.clone().unwrap();
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
            assert_eq!(
                read(&backend).await.unwrap(),
                before,
                "reading takes no lock"
            );
        });
        applying.finish();
        assert_eq!(cluster.leases(&namespace)[0].1, None);
        let state = text(block_on(read(&backend)).unwrap());
        assert!(state.contains("slow"), "{program:?}");
        block_on(write(&backend, next(&state))).unwrap();
    }
}

#[test]
fn while_we_hold_the_lock_the_programs_are_refused() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for program in Program::ORACLES {
        let (terraform, _) = module(program, &cluster);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "kubernetes");
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
        let before = block_on(read(&backend)).unwrap();
        let error = block_on(write_under(&backend, &id, "{}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{program:?}");
        assert_eq!(block_on(read(&backend)).unwrap(), before);
        terraform.ok(&["plan", "-no-color"]);
    }
}

#[test]
fn workspaces_are_the_same_on_both_sides() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for program in Program::ORACLES {
        let (terraform, _) = module(program, &cluster);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "kubernetes");
        terraform.ok(&["workspace", "new", "prod"]);
        terraform.apply();
        let of_prod = StateRef::current("prod".parse().unwrap());
        let state = block_on(backend.read(&cx(), &of_prod)).unwrap().unwrap();
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
        block_on(backend.forget_workspace(&cx(), &of_prod.workspace)).unwrap();
        assert!(!terraform.ok(&["workspace", "list"]).contains("prod"));
    }
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for program in Program::ORACLES {
        let (terraform, _) = module(program, &cluster);
        terraform.init();
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx().environment());
    }
}
