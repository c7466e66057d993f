//! What the other tests lean on: the test providers behave, with both programs, as their README says.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::tools::{Moto, Program, Terraform};

const VERSIONS: &str = r#"
terraform {
  required_providers {
    cloudfive = { source = "driftmgr/cloudfive" }
    cloudsix  = { source = "driftmgr/cloudsix" }
  }
}
provider "cloudfive" {
  cloud = "${path.root}/cloud.json"
  log   = "${path.root}/log.txt"
  endpoints { compute = "http://unused" }
}
provider "cloudsix" {
  cloud = "${path.root}/cloud.json"
  log   = "${path.root}/log.txt"
  login = { user = "me", token = "planted-login-token" }
  retry { attempts = 3 }
}
"#;

const EVERYTHING: &str = r#"
resource "cloudfive_server" "web" {
  name     = "web"
  image    = "debian-12"
  cpus     = 4
  price    = 0.25
  tags     = { team = "red", env = "prod" }
  aliases  = ["www", "web1"]
  groups   = ["b", "a"]
  policy   = jsonencode({ allow = ["read"], deny = [] })
  password = "planted-password"
  disk {
    name      = "root"
    size_gb   = 20
    encrypted = true
    key       = "planted-disk-key"
  }
  rule {
    port  = 443
    cidrs = ["10.0.0.0/8", "192.168.0.0/16"]
  }
  rule { port = 80 }
  timeouts { create = "1m" }
}
resource "cloudfive_bucket" "logs" { name = "logs" }
data "cloudfive_server" "web" {
  name       = "web"
  depends_on = [cloudfive_server.web]
}
resource "cloudsix_widget" "all" {
  name           = "all"
  kind           = "round"
  size           = 3
  ratio          = 0.1
  exact          = 123456789012345678901234567890.123456789
  labels         = { a = "1" }
  aliases        = ["x", "y"]
  zones          = ["z1", "z2", "z3"]
  document       = { list = [1, "two", true], deep = { n = 12345678901234567890 } }
  policy         = jsonencode({ b = 1, a = [1, 2] })
  secret         = "planted-write-only"
  secret_version = 1
  password       = "planted-widget-password"
  endpoint       = { host = "h", port = 1, token = "planted-endpoint-token" }
  volumes        = [{ name = "v1", gb = 10.5, key = "planted-volume-key" }, { name = "v2" }]
  rules          = [{ port = 1, cidrs = ["b", "a"] }, { port = 2, protocol = "udp" }]
  limits         = { cpu = { max = 1e400, note = "big" }, mem = { max = 2 } }
  setting {
    key   = "k"
    value = "v"
  }
  network { cidr = "10.0.0.0/8" }
  network {
    cidr   = "11.0.0.0/8"
    public = true
  }
  logging { bucket = "b" }
}
resource "cloudsix_note" "n" {
  count = 3
  name  = "n${count.index}"
  text  = "hello"
}
"#;

fn applied(program: Program, resources: &str) -> Terraform {
    let terraform = Terraform::new(program)
        .with("main.tf", VERSIONS)
        .with("resources.tf", resources);
    terraform.write("cloud.json", "{}");
    terraform.init().apply();
    terraform
}

/// Address and actions of every change of a full plan.
fn changes(plan: &Value) -> Vec<(String, Value)> {
    let all = plan["resource_changes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    all.iter()
        .map(|change| {
            (
                change["address"].as_str().unwrap().to_owned(),
                change["change"]["actions"].clone(),
            )
        })
        .filter(|(_, actions)| *actions != json!(["no-op"]))
        .collect()
}

fn object<'a>(cloud: &'a mut Value, kind: &str, id: &str) -> &'a mut Value {
    let object = &mut cloud["objects"][kind][id];
    assert!(object.is_object(), "{kind} {id} is not in the cloud");
    object
}

#[test]
fn one_changed_fact_is_one_change_and_none_when_it_is_put_back() {
    for program in Program::ORACLES {
        let terraform = applied(program, EVERYTHING);
        assert_eq!(changes(&terraform.plan()), [], "{program:?} untouched");

        let before = terraform.json("cloud.json");
        let facts: [(&str, &str, &str, Value, &str, Value); 5] = [
            (
                "cloudfive_server",
                "srv-web",
                "cpus",
                json!(8),
                "cloudfive_server.web",
                json!(["update"]),
            ),
            (
                "cloudfive_server",
                "srv-web",
                "image",
                json!("x"),
                "cloudfive_server.web",
                json!(["delete", "create"]),
            ),
            (
                "cloudsix_widget",
                "wid-all",
                "zones",
                json!(["z1"]),
                "cloudsix_widget.all",
                json!(["update"]),
            ),
            (
                "cloudsix_note",
                "note-n1",
                "text",
                json!("bye"),
                "cloudsix_note.n[1]",
                json!(["update"]),
            ),
            (
                "cloudsix_note",
                "note-n2",
                "name",
                json!("x"),
                "cloudsix_note.n[2]",
                json!(["delete", "create"]),
            ),
        ];
        for (kind, id, attribute, value, address, actions) in facts {
            terraform.edit("cloud.json", |cloud| {
                object(cloud, kind, id)[attribute] = value
            });
            let mut found = changes(&terraform.plan());
            // Data sources that depend on a changing resource are read again.
            found.retain(|(address, _)| !address.starts_with("data."));
            assert_eq!(
                found,
                [(address.to_owned(), actions)],
                "{program:?} {id} {attribute}"
            );
            terraform.write("cloud.json", &before.to_string());
        }
        // Another spelling of the same JSON is no change.
        terraform.edit("cloud.json", |cloud| {
            object(cloud, "cloudfive_server", "srv-web")["policy"] =
                json!("{ \"deny\": [], \"allow\": [\"read\"] }");
            object(cloud, "cloudsix_widget", "wid-all")["policy"] =
                json!("{ \"a\": [1, 2], \"b\": 1 }");
        });
        assert_eq!(changes(&terraform.plan()), [], "{program:?} reformatted");

        terraform.edit("cloud.json", |cloud| {
            let notes = cloud["objects"]["cloudsix_note"].as_object_mut().unwrap();
            notes.remove("note-n0").unwrap();
        });
        let found = changes(&terraform.plan());
        assert_eq!(
            found,
            [("cloudsix_note.n[0]".to_owned(), json!(["create"]))],
            "{program:?} deleted"
        );
        terraform.destroy();
        assert!(terraform.state_list().is_empty());
    }
}

#[test]
fn numbers_stay_exact_on_their_way_through_the_cloud() {
    let terraform = applied(Program::Terraform, EVERYTHING);
    for text in [
        "123456789012345678901234567890.123456789",
        "12345678901234567890",
    ] {
        assert!(
            std::fs::read_to_string(terraform.file("cloud.json"))
                .unwrap()
                .contains(text),
            "{text}"
        );
        assert!(terraform.state_pull().contains(text), "{text}");
    }
    assert!(!terraform.state_pull().contains("planted-write-only"));
}

#[test]
fn faults_of_an_object_strike_while_they_are_in_the_cloud() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudfive_bucket\" \"b\" { name = \"b\" }\nresource \"cloudsix_note\" \"n\" { name = \"n\" }\n",
    );
    let marker = terraform.file("marker");
    let once = |name: &str| format!("{name}-once:{}", marker.display());
    let faults = [
        ("denied".to_owned(), Some("AccessDenied"), None),
        ("throttled".to_owned(), Some("Rate exceeded"), None),
        (once("throttled"), Some("Rate exceeded"), Some("No changes")),
        ("panic".to_owned(), Some("fault on demand: panic"), None),
        (
            once("panic"),
            Some("fault on demand: first panic"),
            Some("No changes"),
        ),
        ("kill".to_owned(), Some("Error: "), None),
        (once("kill"), Some("Error: "), Some("No changes")),
        ("exit:4".to_owned(), Some("Error: "), None),
        ("plan/denied".to_owned(), Some("AccessDenied"), None),
        ("no-such-fault".to_owned(), Some("knows no fault"), None),
        ("print".to_owned(), None, Some("No changes")),
        ("list/denied".to_owned(), None, Some("No changes")),
    ];
    for (kind, id) in [("cloudfive_bucket", "b"), ("cloudsix_note", "note-n")] {
        for (fault, fails, then) in &faults {
            let _ = std::fs::remove_file(&marker);
            terraform.edit("cloud.json", |cloud| {
                object(cloud, kind, id)["fault"] = json!(fault)
            });
            if let Some(message) = fails {
                let printed = terraform.fails(&["plan", "-no-color"]);
                assert!(printed.contains(message), "{kind} {fault}: {printed}");
            }
            if let Some(message) = then {
                let printed = terraform.ok(&["plan", "-no-color"]);
                assert!(printed.contains(message), "{kind} {fault}: {printed}");
            }
        }
        for slow in ["sleep:2", "retry:2"] {
            terraform.edit("cloud.json", |cloud| {
                object(cloud, kind, id)["fault"] = json!(slow)
            });
            let start = Instant::now();
            assert_eq!(changes(&terraform.plan()), [], "{kind} {slow}");
            assert!(start.elapsed() >= Duration::from_secs(2), "{kind} {slow}");
        }
        terraform.edit("cloud.json", |cloud| {
            object(cloud, kind, id)
                .as_object_mut()
                .unwrap()
                .remove("fault")
                .unwrap();
        });
    }
    std::fs::remove_file(terraform.file("cloud.json")).unwrap();
    let printed = terraform.fails(&["plan", "-no-color"]);
    assert!(printed.contains("the cloud cannot be reached"), "{printed}");
}

#[test]
fn faults_of_the_provider_configuration_strike_every_object() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudfive_bucket\" \"b\" { name = \"b\" }\nresource \"cloudsix_note\" \"n\" { name = \"n\" }\n",
    );
    for (fault, message) in [
        ("configure/denied", "AccessDenied"),
        ("throttled", "Rate exceeded"),
    ] {
        let faulty = format!("log = \"${{path.root}}/log.txt\"\n  fault = \"{fault}\"");
        terraform.write(
            "main.tf",
            &VERSIONS.replace("log   = \"${path.root}/log.txt\"", &faulty),
        );
        let printed = terraform.fails(&["plan", "-no-color"]);
        assert_eq!(printed.matches(message).count(), 2, "{fault}: {printed}");
    }
}

#[test]
fn a_misspelt_attribute_in_the_cloud_is_an_error_where_the_schema_is_strict() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudsix_note\" \"n\" { name = \"n\" }\n",
    );
    terraform.edit("cloud.json", |cloud| {
        object(cloud, "cloudsix_note", "note-n")["txet"] = json!("x")
    });
    let printed = terraform.fails(&["plan", "-no-color"]);
    assert!(printed.contains("txet"), "{printed}");
}

#[test]
fn faults_before_the_configuration_come_from_the_environment() {
    let applied = applied(
        Program::Terraform,
        "resource \"cloudsix_note\" \"n\" { name = \"n\" }\n",
    );
    let faults = [
        ("crash", "Failed to load plugin schemas"),
        ("garbage", "Unrecognized remote plugin message"),
        ("binary-garbage", "parsing core protocol version"),
        ("endless-line", "Unrecognized remote plugin message"),
        ("wrong-protocol", "Plugin version: 4"),
        ("wrong-core", "incompatible core API version"),
        ("net-rpc", "unsupported plugin protocol \"netrpc\""),
        ("no-certificate", "Failed to load plugin schemas"),
        ("big-schema", "received message larger than max"),
    ];
    for (fault, message) in faults {
        let terraform = Terraform::copy_of(Program::Terraform, applied.path())
            .env("DRIFTMGR_TEST_FAULT", fault);
        let printed = terraform.fails(&["plan", "-no-color"]);
        // Long lines are broken at the width of a page.
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.contains(message), "{fault}: {printed}");
    }
}

#[test]
fn states_of_version_0_are_upgraded() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudfive_server\" \"s\" {\n  name = \"s\"\n  image = \"i\"\n  cpus = 2\n}\n\
         resource \"cloudsix_widget\" \"w\" {\n  name = \"w\"\n  size = 7\n}\n",
    );
    terraform.edit("terraform.tfstate", |state| {
        for resource in state["resources"].as_array_mut().unwrap() {
            let instance = &mut resource["instances"][0];
            assert_eq!(instance["schema_version"], 1);
            instance["schema_version"] = json!(0);
            let attributes = instance["attributes"].as_object_mut().unwrap();
            attributes.insert("legacy".into(), json!(true));
            if attributes.remove("cpus").is_some() {
                attributes.insert("cpu_count".into(), json!("2"));
            } else {
                let name = attributes.remove("name").unwrap();
                attributes.insert("title".into(), name);
                attributes.insert("size".into(), json!("7"));
            }
        }
    });
    assert_eq!(changes(&terraform.plan()), []);
}

#[test]
fn objects_are_imported_by_id_and_by_identity_and_listed() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudfive_bucket\" \"b\" { name = \"b\" }\nresource \"cloudsix_note\" \"n\" { name = \"n\" }\n",
    );
    let identities = terraform.state_pull();
    let identities: Value = serde_json::from_str(&identities).unwrap();
    assert_eq!(
        identities["resources"][0]["instances"][0]["identity"],
        json!({"name": "b", "region": "north"})
    );
    assert_eq!(
        identities["resources"][1]["instances"][0]["identity"],
        json!({"id": "note-n", "region": "north"})
    );

    for imports in [
        "import {\n  to = cloudfive_bucket.b\n  id = \"b\"\n}\nimport {\n  to = cloudsix_note.n\n  id = \"note-n\"\n}\n",
        "import {\n  to = cloudfive_bucket.b\n  identity = { name = \"b\" }\n}\n\
         import {\n  to = cloudsix_note.n\n  identity = { id = \"note-n\" }\n}\n",
    ] {
        std::fs::remove_file(terraform.state_file()).unwrap();
        terraform.write("imports.tf", imports);
        terraform.apply();
        assert_eq!(
            terraform.state_list(),
            ["cloudfive_bucket.b", "cloudsix_note.n"]
        );
        assert_eq!(changes(&terraform.plan()), []);
    }

    terraform.write(
        "all.tfquery.hcl",
        "list \"cloudsix_note\" \"all\" {\n  provider = cloudsix\n  include_resource = true\n}\n",
    );
    terraform.edit("cloud.json", |cloud| {
        cloud["objects"]["cloudsix_note"]["stray"] =
            json!({"id": "stray", "name": "stray", "region": "south"});
    });
    let printed = terraform.ok(&["query", "-json"]);
    let found: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["type"] == "list_resource_found")
        .map(|line| line["list_resource_found"]["identity"].clone())
        .collect();
    assert_eq!(
        found,
        [
            json!({"id": "note-n", "region": "north"}),
            json!({"id": "stray", "region": "south"})
        ]
    );
}

#[test]
fn one_process_serves_all_reads_of_a_plan_and_the_log_tells() {
    let terraform = applied(
        Program::Terraform,
        "resource \"cloudsix_note\" \"n\" {\n  count = 5\n  name = \"n${count.index}\"\n}\n",
    );
    std::fs::remove_file(terraform.file("log.txt")).unwrap();
    terraform.ok(&["plan", "-refresh-only", "-no-color"]);
    let log = std::fs::read_to_string(terraform.file("log.txt")).unwrap();
    let reads: Vec<&str> = log.lines().filter(|line| line.contains(" read ")).collect();
    assert_eq!(reads.len(), 10, "{log}");
    let pid = reads[0].split(' ').next().unwrap();
    assert!(reads.iter().all(|line| line.starts_with(pid)), "{log}");
    assert!(
        reads.contains(&format!("{pid} read cloudsix_note note-n3 end").as_str()),
        "{log}"
    );
}

#[test]
fn the_aws_provider_works_against_moto() {
    let moto = Moto::start();
    for program in Program::ORACLES {
        let terraform = Terraform::new(program)
            .with("provider.tf", &moto.provider_block(&["s3", "sqs", "iam", "sts"]))
            .with(
                "main.tf",
                &format!(
                    "resource \"aws_s3_bucket\" \"b\" {{ bucket = \"bucket-{program:?}\" }}\n\
                     resource \"aws_sqs_queue\" \"q\" {{\n  name = \"queue-{program:?}\"\n  tags = {{ a = \"1\" }}\n}}\n\
                     resource \"aws_iam_user\" \"u\" {{ name = \"user-{program:?}\" }}\n"
                )
                .to_lowercase(),
            );
        terraform.init().apply();
        let mut list = terraform.state_list();
        list.sort();
        assert_eq!(
            list,
            ["aws_iam_user.u", "aws_s3_bucket.b", "aws_sqs_queue.q"]
        );
        assert_eq!(changes(&terraform.plan()), [], "{program:?}");
    }
}

#[test]
fn the_real_providers_of_the_mirror_work() {
    for program in Program::ORACLES {
        let terraform = Terraform::new(program).with(
            "main.tf",
            "resource \"time_static\" \"t\" {}\nresource \"null_resource\" \"n\" {}\n\
             resource \"local_file\" \"f\" {\n  filename = \"${path.module}/out.txt\"\n  content  = \"hello\"\n}\n",
        );
        terraform.init().apply();
        assert_eq!(changes(&terraform.plan()), [], "{program:?}");
        terraform.write("out.txt", "edited by hand");
        let found = changes(&terraform.plan());
        assert_eq!(
            found,
            [("local_file.f".to_owned(), json!(["create"]))],
            "{program:?}"
        );
    }
}

#[test]
fn old_terraform_writes_format_3() {
    let terraform =
        Terraform::new(Program::Terraform011).with("main.tf", "output \"o\" { value = \"v\" }\n");
    terraform.init().apply();
    assert_eq!(terraform.json("terraform.tfstate")["version"], 3);
}
