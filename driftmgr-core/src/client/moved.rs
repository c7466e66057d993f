//! The `moved` blocks of a configuration, and what they rename in its state.

use super::stack::Stack;
use crate::configuration::{Block, Module};
use crate::drift::{Move, Renames};
use crate::error::{Error, ErrorKind, Partial};

/// What the blocks of all modules rename. A block that cannot be read renames nothing, and is a problem.
pub(super) fn renames(stack: &Stack) -> Partial<Renames> {
    let mut found = Partial::complete(Vec::new());
    if let Some(root) = stack.root_module() {
        collect(&root.module, &mut Vec::new(), &mut found);
    }
    found.map(|moves| Renames::new(&moves, &stack.state().list()))
}

fn collect(module: &Module, calls: &mut Vec<String>, found: &mut Partial<Vec<Move>>) {
    for block in &module.moved {
        match read(block, calls) {
            Ok(renamed) => found.value.push(renamed),
            Err(error) => found.problems.push(
                error
                    .with("file", block.location.file.display())
                    .with("line", block.location.line),
            ),
        }
    }
    for (name, child) in &module.children {
        calls.push(name.clone());
        collect(child, calls, found);
        calls.pop();
    }
}

fn read(block: &Block, calls: &[String]) -> Result<Move, Error> {
    let side = |name: &str| {
        let written = block.body.attribute(name).and_then(|e| e.as_reference());
        written.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("a `moved` block has no address in `{name}`"),
            )
        })
    };
    Move::new(calls, &side("from")?, &side("to")?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use crate::client::{Client, DriftOptions};
    use crate::context::Context;
    use crate::drift::{DriftReport, Kind, Verdict};
    use crate::env::Environment;

    /// The report on a root module with a child module `m` that holds `terraform_data.old`.
    async fn report(root: &str, child: &str, options: &DriftOptions) -> DriftReport {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let object = |module: Option<&str>, name: &str| {
            let mut resource = json!({"mode": "managed", "type": "terraform_data", "name": name,
                "provider": "provider[\"terraform.io/builtin/terraform\"]",
                "instances": [{"schema_version": 0, "attributes": {"id": name, "input": null, "output": null, "triggers_replace": null}}]});
            if let Some(module) = module {
                resource["module"] = module.into();
            }
            resource
        };
        let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {},
            "resources": [object(None, "old"), object(Some("module.m"), "old")]});
        write("terraform.tfstate", &state.to_string());
        write(
            "main.tf",
            &format!("{root}\nmodule \"m\" {{\n  source = \"./child\"\n}}\n"),
        );
        write("child/main.tf", child);
        let context = Context::new(Environment::default());
        let client = Client::builder().context(context).build().unwrap();
        let stack = client.open(dir.path()).await.unwrap();
        client.detect_drift(&[stack], options).await.unwrap()
    }

    fn found(report: &DriftReport) -> Vec<String> {
        let findings = report.findings.iter().filter(|f| f.kind == Kind::Moved);
        let both = |f: &crate::drift::Finding| {
            format!("{} -> {}", f.previous_address.as_ref().unwrap(), f.address)
        };
        findings.map(both).collect()
    }

    #[tokio::test]
    async fn blocks_of_every_module_count() {
        let root = "moved {\n  from = terraform_data.old\n  to = terraform_data.new[\"x\"]\n}\n";
        let child = "moved {\n  from = terraform_data.old\n  to = terraform_data.new\n}\n";
        let report = report(root, child, &DriftOptions::default()).await;
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!(
            found(&report),
            [
                "terraform_data.old -> terraform_data.new[\"x\"]",
                "module.m.terraform_data.old -> module.m.terraform_data.new"
            ]
        );
        assert_eq!(report.summary.drifted, 2);
    }

    #[tokio::test]
    async fn the_new_name_selects_what_is_read() {
        let root = "moved {\n  from = terraform_data.old\n  to = terraform_data.new\n}\n";
        let options = DriftOptions {
            targets: vec!["terraform_data.new".to_owned()],
            ..DriftOptions::default()
        };
        let report = report(root, "", &options).await;
        assert_eq!(found(&report), ["terraform_data.old -> terraform_data.new"]);
        assert_eq!((report.summary.checked, report.summary.skipped), (1, 1));
    }

    #[tokio::test]
    async fn a_block_that_cannot_be_read_is_named_with_its_place() {
        for block in [
            "from = terraform_data.old",
            "from = terraform_data.old\n  to = module.m",
        ] {
            let report = report(
                &format!("\nmoved {{\n  {block}\n}}\n"),
                "",
                &DriftOptions::default(),
            )
            .await;
            assert!(found(&report).is_empty());
            let [problem] = report.problems.as_slice() else {
                panic!("{:?}", report.problems)
            };
            assert_eq!(problem.context_value("line"), Some("2"));
            assert!(problem.context_value("file").unwrap().ends_with("main.tf"));
            assert_eq!(report.verdict(), Verdict::Incomplete);
        }
    }
}
