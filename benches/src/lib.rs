//! What the benchmarks share: states of a given size.

use serde_json::json;

/// A state in format v4 with this many instances, some 3 KB each: the size of a typical cloud object with tags, rules and dependencies.
pub fn synthetic_state(instances: usize) -> Vec<u8> {
    let resources: Vec<_> = (0..instances).map(resource).collect();
    let state = json!({
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "3f1c1c0e-2f43-7a4b-8d0e-8f9a6b1f2f10",
        "outputs": {},
        "resources": resources,
        "check_results": null,
    });
    // Values built here always serialise.
    serde_json::to_vec_pretty(&state).unwrap_or_default()
}

fn resource(n: usize) -> serde_json::Value {
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
                "description": "managed by terraform",
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
