//! The real AWS provider against a pretended AWS.

use std::process::Command;

use super::differences::Differences;
use super::drift::{agree, visible};
use super::lab::Lab;
use super::schema::Shapes;
use crate::support::options::showing_all;
use crate::support::tools::{Moto, Program, Tools};

const RESOURCES: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "each" {
  for_each   = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_sqs_queue" "jobs" {
  count = 2
  name  = "jobs-${count.index}"
}

resource "aws_iam_role" "service" {
  name               = "service"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }] })
}

resource "aws_dynamodb_table" "items" {
  name         = "items"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket = "logs-of-the-lab"
}

resource "aws_sns_topic" "news" {
  name         = "news"
  display_name = "news"
}

resource "aws_kms_key" "data" {
  description             = "data"
  deletion_window_in_days = 10
}

resource "aws_cloudwatch_log_group" "requests" {
  name              = "requests"
  retention_in_days = 30
}
"#;

/// How many objects that makes.
const OBJECTS: u64 = 12;

/// Each line changes one fact through the API.
const CHANGES: &str = r#"
sg = [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] == "web"][0]["GroupId"]
ec2.authorize_security_group_ingress(GroupId=sg, IpPermissions=[dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="0.0.0.0/0")])])
subnets = {s["CidrBlock"]: s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]}
ec2.create_tags(Resources=[subnets["10.0.1.0/24"]], Tags=[dict(Key="owner", Value="somebody")])
ec2.modify_subnet_attribute(SubnetId=subnets["10.0.2.0/24"], MapPublicIpOnLaunch=dict(Value=True))
sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="jobs-0")["QueueUrl"], Attributes=dict(VisibilityTimeout="77"))
sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="jobs-1")["QueueUrl"])
policy = '{"Statement":[{"Principal":{"Service":["ec2.amazonaws.com"]},"Effect":"Allow","Action":["sts:AssumeRole"]}],"Version":"2012-10-17"}'
iam.update_assume_role_policy(RoleName="service", PolicyDocument=policy)
s3.put_bucket_versioning(Bucket="logs-of-the-lab", VersioningConfiguration=dict(Status="Enabled"))
sns.set_topic_attributes(TopicArn=sns.list_topics()["Topics"][0]["TopicArn"], AttributeName="DisplayName", AttributeValue="olds")
kms.enable_key_rotation(KeyId=[k["KeyId"] for k in kms.list_keys()["Keys"] if kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"]["Description"] == "data"][0])
logs.put_retention_policy(logGroupName="requests", retentionInDays=7)
dynamodb.update_table(TableName="items", StreamSpecification=dict(StreamEnabled=True, StreamViewType="NEW_IMAGE"))
"#;

fn through_the_api(moto: &Moto, code: &str) {
    let clients = ["ec2", "sqs", "iam", "s3", "sns", "kms", "logs", "dynamodb"].map(|name| {
        let url = moto.url();
        format!("{name} = boto3.client({name:?}, endpoint_url={url:?}, region_name=\"eu-central-1\", aws_access_key_id=\"testing\", aws_secret_access_key=\"testing\")\n")
    });
    let code = format!("import boto3\n{}{code}", clients.concat());
    let output = Command::new(Tools::get().python())
        .args(["-c", &code])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_real_aws_provider() {
    let moto = Moto::start();
    let provider = moto
        .provider_block(&[
            "s3",
            "ec2",
            "sqs",
            "iam",
            "dynamodb",
            "sns",
            "kms",
            "cloudwatchlogs",
            "sts",
        ])
        .replace(
            "\"eu-central-1\"",
            "var.region\n  max_retries                 = 1",
        );
    let lab = Lab::apply(
        Program::Terraform,
        &[("main.tf", RESOURCES), ("provider.tf", &provider)],
    );
    let mut list = Differences::of("aws");

    let shapes = Shapes::of(&lab.terraform);

    let report = agree(&lab, &shapes, "untouched", &mut list);
    assert_eq!(
        visible(&report).into_keys().collect::<Vec<_>>(),
        [""; 0],
        "untouched"
    );

    through_the_api(&moto, CHANGES);
    let report = agree(&lab, &shapes, "changed", &mut list);
    list.all_used(&["marks", "not-configured"]);
    let seen: Vec<String> = visible(&report).into_keys().collect();
    // The policy says the same in other words, so it is not among them.
    let want = [
        "aws_cloudwatch_log_group.requests",
        "aws_dynamodb_table.items",
        "aws_kms_key.data",
        "aws_s3_bucket.logs",
        "aws_security_group.web",
        "aws_sns_topic.news",
        "aws_sqs_queue.jobs[0]",
        "aws_sqs_queue.jobs[1]",
        "aws_subnet.each[\"a\"]",
        "aws_subnet.each[\"b\"]",
    ];
    assert_eq!(seen, want);

    // Elsewhere everything with a region looks gone, and that is no drift.
    let elsewhere = lab.ask_with(&[("region", "us-east-1")], &showing_all());
    assert_eq!(elsewhere["summary"]["deleted"], 0, "{elsewhere}");
    // The role and the bucket have no region.
    assert_eq!(
        elsewhere["summary"]["unverifiable"],
        OBJECTS - 2,
        "{elsewhere}"
    );
    assert!(
        elsewhere["problems"]
            .to_string()
            .contains("wrong account or region?"),
        "{elsewhere}"
    );

    drop(moto);
    let down = lab.ask();
    assert_eq!(down["summary"]["unverifiable"], OBJECTS, "{down}");
    assert_eq!(down["summary"]["checked"], 0, "{down}");
}
