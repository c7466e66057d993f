//! States of a given size, and folders whose files are what their state says.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

/// A state in format v4 with this many instances, some 3 KB each: the size of a typical cloud object with tags, rules and dependencies.
pub fn synthetic_state(instances: usize) -> Vec<u8> {
    let mut state = Vec::new();
    // Nothing fails that is written to memory.
    let _ = write_synthetic_state(&mut state, instances, usize::MAX);
    state
}

/// Writes [`synthetic_state`] with another description in every `every`-th instance, one resource at a time: a process that is large itself
/// makes its children look large.
///
/// # Errors
/// Those of the writer.
pub fn write_synthetic_state(
    out: &mut impl Write,
    instances: usize,
    every: usize,
) -> std::io::Result<()> {
    let resources = (0..instances).map(|n| security_group(n, n % every == every - 1));
    write_state(out, resources)
}

fn write_state(
    out: &mut impl Write,
    resources: impl Iterator<Item = Value>,
) -> std::io::Result<()> {
    let head = r#"{
  "version": 4,
  "terraform_version": "1.11.4",
  "serial": 7,
  "lineage": "3f1c1c0e-2f43-7a4b-8d0e-8f9a6b1f2f10",
  "outputs": {},
  "resources": ["#;
    out.write_all(head.as_bytes())?;
    for (n, resource) in resources.enumerate() {
        let text = serde_json::to_string_pretty(&resource)?;
        out.write_all(if n == 0 { b"\n    " } else { b",\n    " })?;
        out.write_all(text.replace('\n', "\n    ").as_bytes())?;
    }
    out.write_all(b"\n  ],\n  \"check_results\": null\n}\n")
}

fn state_file(path: &Path, resources: impl Iterator<Item = Value>) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write_state(&mut out, resources)?;
    out.flush()
}

fn security_group(n: usize, changed: bool) -> Value {
    let rules: Vec<_> = (0..8)
        .map(|r| json!({"from_port": 1000 + r, "to_port": 1000 + r, "protocol": "tcp", "cidr_blocks": [format!("10.{r}.{}.0/24", n % 256)], "description": format!("rule {r}")}))
        .collect();
    json!({
        "mode": "managed",
        "type": "aws_security_group",
        "name": format!("group_{n}"),
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{
            "schema_version": 1,
            "attributes": {
                "arn": format!("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-{n:017x}"),
                "description": if changed { "changed" } else { "managed by terraform" },
                "id": format!("sg-{n:017x}"),
                "ingress": rules,
                "name": format!("group-{n}"),
                "tags": {"environment": "production", "owner": "platform", "number": n.to_string()},
                "vpc_id": "vpc-0a1b2c3d4e5f60718",
            },
            "sensitive_attributes": [],
            "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
            "dependencies": ["aws_vpc.main", "data.aws_region.current"],
        }],
    })
}

/// Writes a root module of this many `local_file`s, their state and the files themselves. A plan of it has nothing to do.
///
/// # Errors
/// Those of the file system.
pub fn file_module(dir: &Path, files: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(dir.join("out"))?;
    let name = |n: usize| format!("./out/{n}.txt");
    let content = |n: usize| format!("number {n}");
    for n in 0..files {
        std::fs::write(dir.join(name(n)), content(n))?;
    }
    let configuration = format!(
        r#"terraform {{
  required_providers {{
    local = {{ source = "hashicorp/local" }}
  }}
}}

resource "local_file" "many" {{
  count    = {files}
  filename = "${{path.module}}/out/${{count.index}}.txt"
  content  = "number ${{count.index}}"
}}
"#
    );
    std::fs::write(dir.join("main.tf"), configuration)?;
    let instance = |n: usize| {
        json!({
            "index_key": n,
            "schema_version": 0,
            "attributes": {
                "content": content(n),
                "content_base64": null,
                "directory_permission": "0777",
                "file_permission": "0777",
                "filename": name(n),
                "id": hex(&Sha1::digest(content(n))),
                "sensitive_content": null,
            },
            "sensitive_attributes": [],
        })
    };
    let resource = json!({
        "mode": "managed",
        "type": "local_file",
        "name": "many",
        "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": (0..files).map(instance).collect::<Vec<_>>(),
    });
    state_file(&dir.join("terraform.tfstate"), std::iter::once(resource))
}

/// Writes a root module of this many `cloudsix_note`s, the small type of a test provider, with state and cloud. Each read takes `seconds`
/// longer than it has to.
///
/// # Errors
/// Those of the file system.
pub fn note_module(
    dir: &Path,
    cloud: &Path,
    prefix: &str,
    notes: usize,
    seconds: f64,
) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let fault = if seconds > 0.0 {
        format!("  fault = \"read/sleep:{seconds}\"\n")
    } else {
        String::new()
    };
    let configuration = format!(
        r#"terraform {{
  required_providers {{
    cloudsix = {{ source = "registry.terraform.io/driftmgr/cloudsix" }}
  }}
}}

provider "cloudsix" {{
  cloud = "{}"
{fault}}}

resource "cloudsix_note" "many" {{
  count = {notes}
  name  = "{prefix}${{count.index}}"
  text  = "number ${{count.index}}"
}}
"#,
        cloud.display()
    );
    std::fs::write(dir.join("main.tf"), configuration)?;
    let instance = |n: usize| {
        json!({
            "index_key": n,
            "schema_version": 0,
            "attributes": note(prefix, n),
            "sensitive_attributes": [],
            "identity_schema_version": 0,
            "identity": {"id": note(prefix, n)["id"], "region": "north"},
        })
    };
    let resource = json!({
        "mode": "managed",
        "type": "cloudsix_note",
        "name": "many",
        "provider": "provider[\"registry.terraform.io/driftmgr/cloudsix\"]",
        "instances": (0..notes).map(instance).collect::<Vec<_>>(),
    });
    state_file(&dir.join("terraform.tfstate"), std::iter::once(resource))
}

/// Writes the cloud that holds the notes of all these prefixes.
///
/// # Errors
/// Those of the file system.
pub fn note_cloud(cloud: &Path, prefixes: &[String], notes: usize) -> std::io::Result<()> {
    let mut objects = serde_json::Map::new();
    for prefix in prefixes {
        for n in 0..notes {
            let note = note(prefix, n);
            objects.insert(note["id"].as_str().unwrap_or_default().to_owned(), note);
        }
    }
    let cloud_file = json!({"objects": {"cloudsix_note": objects}});
    std::fs::write(cloud, serde_json::to_vec(&cloud_file).unwrap_or_default())
}

fn note(prefix: &str, n: usize) -> Value {
    json!({
        "id": format!("note-{prefix}{n}"),
        "name": format!("{prefix}{n}"),
        "region": "north",
        "text": format!("number {n}"),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
