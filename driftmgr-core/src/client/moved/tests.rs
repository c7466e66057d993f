use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::renames;
use crate::address::ProviderConfigAddress;
use crate::client::{Client, DriftOptions};
use crate::context::Context;
use crate::drift::{
    DriftInput, DriftReport, InstanceRef, Kind, Observation, Observed, Reality, Support,
    SurveyOptions, Verdict, survey,
};
use crate::env::Environment;
use crate::provider::ReaderInfo;
use crate::provider::plan_back::Verdict as PlanVerdict;
use crate::report;
use crate::value::{Value, diff, json as values};

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

/// Reality as the provider gave it to the tool that made a plan: by the state's addresses.
struct AsPlanned(BTreeMap<String, Value>);

#[async_trait]
impl Reality for AsPlanned {
    fn reader_info(&self, _: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _: &ProviderConfigAddress, _: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, _: &Context, object: &InstanceRef) -> Observed {
        let stored = object.instance.attributes_untyped().unwrap();
        let current = self.0[&object.address.to_string()].clone();
        let changes = diff(&stored, &current, None);
        let verdict = PlanVerdict::Change {
            changes: changes.clone(),
            requires_replace: Vec::new(),
        };
        Observed::Present(Box::new(Observation {
            verdict: (!changes.is_empty()).then_some(Ok(verdict)),
            stored,
            current,
            schema: Arc::default(),
            basis: Default::default(),
            notes: Vec::new(),
        }))
    }
}

/// What is reported about a moved object is what real plans have in `resource_drift`.
#[tokio::test]
async fn entries_are_those_of_real_plans() {
    let root = std::env::var_os("DRIFTMGR_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let plans = root.join("plans");
    if !plans.is_dir() {
        eprintln!("skipped: no fixtures");
        return;
    }
    for (folder, plan) in [
        (
            "opentofu-equivalence/moved_with_drift/given",
            "../expected/plan.json",
        ),
        ("opentofu-show-json/moved-drift", "output.json"),
    ] {
        let folder = plans.join(folder);
        let plan = std::fs::read_to_string(folder.join(plan)).unwrap();
        let plan: Json = serde_json::from_str(&plan).unwrap();
        let client = Client::builder()
            .context(Context::new(Environment::default()))
            .build()
            .unwrap();
        let stack = client.open(&folder).await.unwrap();
        let renames = renames(&stack);
        assert!(renames.is_complete(), "{:?}", renames.problems);
        let refreshed = plan
            .pointer("/prior_state/values/root_module/resources")
            .unwrap();
        let refreshed: BTreeMap<&str, Value> = refreshed
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                (
                    r["address"].as_str().unwrap(),
                    values::untyped(r["values"].clone()),
                )
            })
            .collect();
        let by_old_address = stack.state().list().into_iter().map(|address| {
            let new = renames.value.get(&address).unwrap_or(&address).to_string();
            (address.to_string(), refreshed[new.as_str()].clone())
        });
        let inputs = [DriftInput {
            target: "t".to_owned(),
            state: Arc::new(stack.state().clone()),
            reality: Arc::new(AsPlanned(by_old_address.collect())),
            renames: renames.value.clone(),
            configuration: None,
        }];
        let report = survey(client.context(), &inputs, &SurveyOptions::default()).await;
        let mut ours = report::json::drift(&report)["resource_drift"].clone();
        for entry in ours.as_array_mut().unwrap() {
            entry.as_object_mut().unwrap().remove("drift");
        }
        assert_eq!(ours, plan["resource_drift"], "{}", folder.display());
    }
}
