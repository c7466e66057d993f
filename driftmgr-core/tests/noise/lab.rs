//! A configuration with an object for each case, applied, and then changed behind Terraform's back.

use std::collections::BTreeMap;
use std::process::Command;

use driftmgr_core::Context;
use driftmgr_core::client::{Client, DriftOptions, OpenOptions};
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::drift::{Filter, Sensitivity};
use driftmgr_core::report::json;
use serde_json::{Value, json};

use super::case::{self, Case};
use super::verdicts::{Judged, Seen};
use crate::support::tools::{Moto, Program, Terraform, Tools};

/// AWS services that the lab's objects live in, by the names of the provider's endpoints.
const SERVICES: &[&str] = &[
    "ec2",
    "s3",
    "sqs",
    "sns",
    "dynamodb",
    "iam",
    "sts",
    "kms",
    "cloudwatchlogs",
    "cloudwatch",
    "lambda",
    "ecr",
    "ecs",
    "route53",
    "secretsmanager",
    "ssm",
    "rds",
    "autoscaling",
    "kinesis",
    "stepfunctions",
    "cloudtrail",
    "cognitoidp",
    "efs",
];

/// An applied configuration, changed as its cases say.
pub(super) struct Lab {
    pub(super) terraform: Terraform,
    cases: Vec<Case>,
    /// The server that pretends to be the cloud, for AWS.
    moto: Option<Moto>,
}

impl Lab {
    /// The real AWS provider.
    pub(super) fn aws() -> Self {
        let moto = Moto::start();
        let provider = moto
            .provider_block(SERVICES)
            .replace("skip_requesting_account_id  = true", "max_retries = 1")
            .replace("\"eu-central-1\"", "var.region")
            .replace(
                "= \"testing\"\n  secret_key                  = \"testing\"",
                "= var.access_key\n  secret_key                  = var.secret_key\n  token = var.token",
            );
        // A second one, whose default tags are on each of its objects.
        let tagged = "{\n  alias = \"tagged\"\n  default_tags {\n    tags = { managed = \"terraform\" }\n  }\n";
        let provider = format!("{provider}{}", provider.replacen("{\n", tagged, 1));
        let terraform = Terraform::new(Program::Terraform)
            .with("main.tf", include_str!("aws.tf"))
            .with("provider.tf", &provider);
        python(
            &terraform,
            "import zipfile\nzipfile.ZipFile(\"function.zip\", \"w\").writestr(\"app.py\", \"def handler(event, context): return event\\n\")\n",
        );
        let url = moto.url();
        let prelude = format!(
            r#"
import boto3
from botocore.config import Config
clients = {{}}
def c(name):
    if name not in clients:
        config = Config(retries={{"max_attempts": 1}}, s3={{"addressing_style": "path"}})
        clients[name] = boto3.client(name, endpoint_url="{url}", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing", config=config)
    return clients[name]
def record(o, **change):
    records = {{"Name": o["name"], "Type": o["type"], "TTL": o["ttl"], "ResourceRecords": [{{"Value": v}} for v in o["records"]]}}
    batch = {{"Changes": [{{"Action": "UPSERT", "ResourceRecordSet": {{**records, **change}}}}]}}
    c("route53").change_resource_record_sets(HostedZoneId=o["zone_id"], ChangeBatch=batch)
def real(kind, attributes):
    return attributes
def done():
    pass
"#
        );
        Self::apply(
            terraform,
            case::read(include_str!("aws.cases")),
            &prelude,
            Some(moto),
        )
    }

    /// The test providers, whose cloud is a file.
    pub(super) fn clouds() -> Self {
        let terraform =
            Terraform::new(Program::Terraform).with("main.tf", include_str!("clouds.tf"));
        terraform.write("cloud.json", "{}");
        let prelude = r#"
cloud = json.load(open("cloud.json"))
def c(kind):
    return cloud["objects"][kind]
def real(kind, attributes):
    return cloud["objects"][kind][attributes["id"]]
def done():
    json.dump(cloud, open("cloud.json", "w"))
"#;
        Self::apply(
            terraform,
            case::read(include_str!("clouds.cases")),
            prelude,
            None,
        )
    }

    fn apply(terraform: Terraform, cases: Vec<Case>, prelude: &str, moto: Option<Moto>) -> Self {
        let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for case in &cases {
            by_resource
                .entry(&case.resource)
                .or_default()
                .push(&case.name);
        }
        terraform.write(
            "cases.auto.tfvars.json",
            &json!({"cases": by_resource}).to_string(),
        );
        terraform.init();
        terraform.ok(&["apply", "-auto-approve", "-no-color", "-parallelism=20"]);
        let lab = Self {
            terraform,
            cases,
            moto,
        };
        lab.change(prelude);
        lab
    }

    /// Runs the code of all cases.
    fn change(&self, prelude: &str) {
        let code: Vec<Value> = self
            .cases
            .iter()
            .map(|case| json!([case.name, case.resource, case.code]))
            .collect();
        self.terraform
            .write("cases.json", &Value::from(code).to_string());
        let script = format!(
            r#"
import json
{prelude}
state = json.load(open("terraform.tfstate"))
before = json.dumps(state)
instances = {{(r["type"] + "." + r["name"], i.get("index_key")): (r["type"], i) for r in state["resources"] for i in r["instances"]}}
failed = []
for name, resource, code in json.load(open("cases.json")):
    kind, s = instances[(resource, name)]
    try:
        exec(code, {{"o": real(kind, s["attributes"]), "s": s, "n": name, "c": c, "json": json, "record": globals().get("record")}})
    except Exception as error:
        failed.append(f"{{name}}: {{type(error).__name__}}: {{error}}")
done()
if json.dumps(state) != before:
    json.dump(state, open("terraform.tfstate", "w"))
if failed:
    raise SystemExit("\n".join(failed))
"#
        );
        python(&self.terraform, &script);
    }

    /// All programs' verdicts on all cases.
    pub(super) fn judge(&self) -> Vec<Judged> {
        let refresh = self.terraform.plan_refresh_only();
        let plan = self.terraform.plan();
        let [low, medium, high] = [Sensitivity::Low, Sensitivity::Medium, Sensitivity::High]
            .map(|sensitivity| self.ask(sensitivity, &[]));
        self.cases
            .iter()
            .map(|case| {
                let address = case.address();
                Judged {
                    refresh_shows: entry(&refresh["resource_drift"], &address).is_some(),
                    plan_shows: entry(&plan["resource_changes"], &address)
                        .is_some_and(|e| e["change"]["actions"] != json!(["no-op"])),
                    low: Seen::of(&low, &address),
                    medium: Seen::of(&medium, &address),
                    high: Seen::of(&high, &address),
                    case: case.clone(),
                }
            })
            .collect()
    }

    /// Credentials for an account in which nothing was made, as values of the configuration's variables.
    pub(super) fn another_account(&self) -> Vec<(String, String)> {
        let url = self.moto.as_ref().map(Moto::url).unwrap_or_default();
        let script = format!(
            r#"
import boto3, json
sts = boto3.client("sts", endpoint_url="{url}", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing")
role = "arn:aws:iam::222222222222:role/other"
key = sts.assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]
print(json.dumps({{"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"], "token": key["SessionToken"]}}))
"#
        );
        let printed = python(&self.terraform, &script);
        let variables: BTreeMap<String, String> = serde_json::from_str(&printed).unwrap();
        variables.into_iter().collect()
    }

    /// The same with nobody who answers.
    pub(super) fn without_cloud(mut self) -> Self {
        self.moto = None;
        self
    }

    /// driftmgr's report.
    pub(super) fn ask(&self, sensitivity: Sensitivity, variables: &[(String, String)]) -> Value {
        let variables = variables.iter().map(|(name, value)| VariableInput::Value {
            name: name.clone(),
            value: value.clone(),
        });
        let open = OpenOptions {
            variables: variables.collect(),
            ..OpenOptions::default()
        };
        let options = DriftOptions {
            filter: Filter {
                sensitivity,
                ..Filter::default()
            },
            ..DriftOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let report = runtime.block_on(async {
            let client = Client::builder()
                .context(Context::from_process())
                .build()
                .unwrap();
            let stack = client
                .open_with(self.terraform.path(), &open)
                .await
                .unwrap();
            stack.detect_drift(&options).await.unwrap()
        });
        json::drift(&report)
    }
}

/// The entry of an object in a list of changes.
pub(super) fn entry<'a>(entries: &'a Value, address: &str) -> Option<&'a Value> {
    entries.as_array()?.iter().find(|e| e["address"] == address)
}

/// What the code prints.
fn python(terraform: &Terraform, code: &str) -> String {
    let output = Command::new(Tools::get().python())
        .args(["-c", code])
        .current_dir(terraform.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
