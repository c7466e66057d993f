# One object for each case, so that a case changes nothing but its own: NAME of a case is the key of its instance.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "access_key" {
  type    = string
  default = "testing"
}

variable "secret_key" {
  type    = string
  default = "testing"
}

variable "token" {
  type    = string
  default = ""
}

# Cases by `TYPE.NAME` of the resource that they change.
variable "cases" {
  type = map(list(string))
}

locals {
  trust = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }] })
  read  = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["s3:GetObject", "s3:ListBucket"], Effect = "Allow", Resource = "*" }] })
}

# Shared by cases that change something inside of them, and never changed themselves.
resource "aws_vpc" "shared" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "shared" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.shared.id
  cidr_block        = each.value
  availability_zone = "${var.region}${each.key}"
}

resource "aws_security_group" "shared" {
  name        = "shared"
  description = "shared"
  vpc_id      = aws_vpc.shared.id
}

resource "aws_iam_role" "shared" {
  name               = "shared"
  assume_role_policy = local.trust
}

resource "aws_ecs_cluster" "shared" {
  name = "shared"
}

resource "aws_sqs_queue" "plain" {
  for_each                   = toset(lookup(var.cases, "aws_sqs_queue.plain", []))
  name                       = each.key
  visibility_timeout_seconds = 30
  tags                       = { team = "red", environment = "prod" }
}

resource "aws_sqs_queue" "tagged" {
  provider = aws.tagged
  for_each = toset(lookup(var.cases, "aws_sqs_queue.tagged", []))
  name     = each.key
  tags     = { team = "red" }
}

resource "aws_dynamodb_table" "tagged" {
  provider     = aws.tagged
  for_each     = toset(lookup(var.cases, "aws_dynamodb_table.tagged", []))
  name         = each.key
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_sqs_queue" "encrypted" {
  for_each                          = toset(lookup(var.cases, "aws_sqs_queue.encrypted", []))
  name                              = each.key
  kms_master_key_id                 = "alias/aws/sqs"
  kms_data_key_reuse_period_seconds = 300
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "read", Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = ["sqs:ReceiveMessage", "sqs:SendMessage"], Resource = "*" }]
  })
}

resource "aws_sns_topic" "plain" {
  for_each     = toset(lookup(var.cases, "aws_sns_topic.plain", []))
  name         = each.key
  display_name = "news"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "123456789012" }, Action = "SNS:Publish", Resource = "*" }]
  })
}

resource "aws_s3_bucket" "plain" {
  for_each = toset(lookup(var.cases, "aws_s3_bucket.plain", []))
  bucket   = each.key
  tags     = { team = "red" }
}

resource "aws_s3_bucket" "guarded" {
  for_each = toset(lookup(var.cases, "aws_s3_bucket.guarded", []))
  bucket   = each.key
  acl      = "private"
  versioning {
    enabled = true
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
  lifecycle_rule {
    enabled = true
    expiration {
      days = 90
    }
  }
}

resource "aws_s3_bucket" "with_policy" {
  for_each = toset(lookup(var.cases, "aws_s3_bucket_policy.plain", []))
  bucket   = each.key
}

resource "aws_s3_bucket_policy" "plain" {
  for_each = toset(lookup(var.cases, "aws_s3_bucket_policy.plain", []))
  bucket   = aws_s3_bucket.with_policy[each.key].id
  policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "read", Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = ["s3:GetObject"], Resource = "arn:aws:s3:::${each.key}/*" }] })
}

resource "aws_s3_bucket" "with_block" {
  for_each = toset(lookup(var.cases, "aws_s3_bucket_public_access_block.plain", []))
  bucket   = each.key
}

resource "aws_s3_bucket_public_access_block" "plain" {
  for_each                = toset(lookup(var.cases, "aws_s3_bucket_public_access_block.plain", []))
  bucket                  = aws_s3_bucket.with_block[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_dynamodb_table" "plain" {
  for_each       = toset(lookup(var.cases, "aws_dynamodb_table.plain", []))
  name           = each.key
  billing_mode   = "PROVISIONED"
  read_capacity  = 5
  write_capacity = 5
  hash_key       = "id"
  attribute {
    name = "id"
    type = "S"
  }
  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_iam_role" "plain" {
  for_each             = toset(lookup(var.cases, "aws_iam_role.plain", []))
  name                 = each.key
  description          = "reads"
  max_session_duration = 3600
  assume_role_policy   = local.trust
}

resource "aws_iam_policy" "plain" {
  for_each = toset(lookup(var.cases, "aws_iam_policy.plain", []))
  name     = each.key
  policy   = local.read
}

resource "aws_iam_role" "with_policy" {
  for_each           = toset(lookup(var.cases, "aws_iam_role_policy.plain", []))
  name               = each.key
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "plain" {
  for_each = toset(lookup(var.cases, "aws_iam_role_policy.plain", []))
  name     = "inline"
  role     = aws_iam_role.with_policy[each.key].id
  policy   = local.read
}

resource "aws_iam_role" "with_attachment" {
  for_each           = toset(lookup(var.cases, "aws_iam_role_policy_attachment.plain", []))
  name               = each.key
  assume_role_policy = local.trust
}

resource "aws_iam_policy" "attached" {
  for_each = toset(lookup(var.cases, "aws_iam_role_policy_attachment.plain", []))
  name     = "attached-${each.key}"
  policy   = local.read
}

resource "aws_iam_role_policy_attachment" "plain" {
  for_each   = toset(lookup(var.cases, "aws_iam_role_policy_attachment.plain", []))
  role       = aws_iam_role.with_attachment[each.key].name
  policy_arn = aws_iam_policy.attached[each.key].arn
}

resource "aws_iam_user" "plain" {
  for_each = toset(lookup(var.cases, "aws_iam_user.plain", []))
  name     = each.key
  path     = "/people/"
}

resource "aws_iam_group" "plain" {
  for_each = toset(lookup(var.cases, "aws_iam_group.plain", []))
  name     = each.key
}

resource "aws_kms_key" "plain" {
  for_each            = toset(lookup(var.cases, "aws_kms_key.plain", []))
  description         = "for data"
  enable_key_rotation = true
  tags                = { case = each.key }
}

resource "aws_cloudwatch_log_group" "plain" {
  for_each          = toset(lookup(var.cases, "aws_cloudwatch_log_group.plain", []))
  name              = each.key
  retention_in_days = 90
}

resource "aws_cloudwatch_metric_alarm" "plain" {
  for_each            = toset(lookup(var.cases, "aws_cloudwatch_metric_alarm.plain", []))
  alarm_name          = each.key
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Errors"
  namespace           = "App"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
}

resource "aws_vpc" "plain" {
  for_each   = toset(lookup(var.cases, "aws_vpc.plain", []))
  cidr_block = "10.1.0.0/16"
  tags       = { Name = each.key }
}

resource "aws_subnet" "plain" {
  for_each          = { for i, name in lookup(var.cases, "aws_subnet.plain", []) : name => i }
  vpc_id            = aws_vpc.shared.id
  cidr_block        = "10.0.${100 + each.value}.0/24"
  availability_zone = "${var.region}a"
  tags              = { Name = each.key, environment = "prod" }
}

resource "aws_security_group" "inline" {
  for_each    = toset(lookup(var.cases, "aws_security_group.inline", []))
  name        = each.key
  description = "inline rules"
  vpc_id      = aws_vpc.shared.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# Its rules are resources of their own: after a refresh they stand in both.
resource "aws_security_group" "separate" {
  for_each    = toset(lookup(var.cases, "aws_security_group.separate", []))
  name        = each.key
  description = "separate rules"
  vpc_id      = aws_vpc.shared.id
}

resource "aws_security_group_rule" "separate" {
  for_each          = toset(lookup(var.cases, "aws_security_group.separate", []))
  security_group_id = aws_security_group.separate[each.key].id
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_route_table" "inline" {
  for_each = toset(lookup(var.cases, "aws_route_table.inline", []))
  vpc_id   = aws_vpc.shared.id
  tags     = { Name = each.key }
  route {
    cidr_block = "172.16.0.0/16"
    gateway_id = aws_internet_gateway.shared.id
  }
}

resource "aws_internet_gateway" "shared" {
  vpc_id = aws_vpc.shared.id
}

resource "aws_route_table" "separate" {
  for_each = toset(lookup(var.cases, "aws_route_table.separate", []))
  vpc_id   = aws_vpc.shared.id
  tags     = { Name = each.key }
}

resource "aws_route" "separate" {
  for_each               = toset(lookup(var.cases, "aws_route_table.separate", []))
  route_table_id         = aws_route_table.separate[each.key].id
  destination_cidr_block = "172.17.0.0/16"
  gateway_id             = aws_internet_gateway.shared.id
}

resource "aws_network_acl" "plain" {
  for_each = toset(lookup(var.cases, "aws_network_acl.plain", []))
  vpc_id   = aws_vpc.shared.id
  tags     = { Name = each.key }
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 443
    to_port    = 443
    cidr_block = "10.0.0.0/8"
  }
}

resource "aws_ebs_volume" "plain" {
  for_each          = toset(lookup(var.cases, "aws_ebs_volume.plain", []))
  availability_zone = "${var.region}a"
  size              = 10
  encrypted         = true
  tags              = { Name = each.key }
}

resource "aws_eip" "plain" {
  for_each = toset(lookup(var.cases, "aws_eip.plain", []))
  vpc      = true
  tags     = { Name = each.key }
}

resource "aws_instance" "plain" {
  for_each      = toset(lookup(var.cases, "aws_instance.plain", []))
  ami           = "ami-12c6146b"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.shared["a"].id
  tags          = { Name = each.key, environment = "prod" }
}

resource "aws_launch_template" "plain" {
  for_each      = toset(lookup(var.cases, "aws_launch_template.plain", []))
  name          = each.key
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
}

resource "aws_lambda_function" "plain" {
  for_each      = toset(lookup(var.cases, "aws_lambda_function.plain", []))
  function_name = each.key
  role          = aws_iam_role.shared.arn
  handler       = "app.handler"
  runtime       = "python3.8"
  memory_size   = 128
  timeout       = 3
  filename      = "${path.module}/function.zip"
  environment {
    variables = { MODE = "safe" }
  }
}

resource "aws_ecr_repository" "plain" {
  for_each             = toset(lookup(var.cases, "aws_ecr_repository.plain", []))
  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecs_task_definition" "plain" {
  for_each              = toset(lookup(var.cases, "aws_ecs_service.plain", []))
  family                = each.key
  container_definitions = jsonencode([{ name = "app", image = "nginx", cpu = 10, memory = 512, essential = true }])
}

resource "aws_ecs_service" "plain" {
  for_each        = toset(lookup(var.cases, "aws_ecs_service.plain", []))
  name            = each.key
  cluster         = aws_ecs_cluster.shared.id
  task_definition = aws_ecs_task_definition.plain[each.key].arn
  desired_count   = 2
  network_configuration {
    subnets = [aws_subnet.shared["a"].id]
  }
}

resource "aws_route53_zone" "plain" {
  for_each = toset(lookup(var.cases, "aws_route53_zone.plain", []))
  name     = "${each.key}.example.com"
  comment  = "zone"
}

resource "aws_route53_zone" "shared" {
  name = "shared.example.com"
}

resource "aws_route53_record" "plain" {
  for_each = toset(lookup(var.cases, "aws_route53_record.plain", []))
  zone_id  = aws_route53_zone.shared.zone_id
  name     = "${each.key}.shared.example.com"
  type     = "CNAME"
  ttl      = 300
  records  = ["target.example.com"]
}

resource "aws_secretsmanager_secret" "plain" {
  for_each    = toset(lookup(var.cases, "aws_secretsmanager_secret.plain", []))
  name        = each.key
  description = "password"
}

resource "aws_ssm_parameter" "plain" {
  for_each = toset(lookup(var.cases, "aws_ssm_parameter.plain", []))
  name     = "/${each.key}"
  type     = "String"
  value    = "one"
}

resource "aws_ssm_parameter" "secret" {
  for_each = toset(lookup(var.cases, "aws_ssm_parameter.secret", []))
  name     = "/${each.key}"
  type     = "SecureString"
  value    = "planted-parameter"
}

resource "aws_db_instance" "plain" {
  for_each                = toset(lookup(var.cases, "aws_db_instance.plain", []))
  identifier              = each.key
  allocated_storage       = 20
  engine                  = "postgres"
  engine_version          = "13.4"
  instance_class          = "db.t3.micro"
  name                    = "app"
  username                = "app"
  password                = "planted-password"
  backup_retention_period = 7
  storage_encrypted       = true
  publicly_accessible     = false
  skip_final_snapshot     = true
  deletion_protection     = true
}

resource "aws_autoscaling_group" "plain" {
  for_each             = toset(lookup(var.cases, "aws_autoscaling_group.plain", []))
  name                 = each.key
  min_size             = 0
  max_size             = 4
  desired_capacity     = 0
  launch_configuration = aws_launch_configuration.shared.name
  vpc_zone_identifier  = [aws_subnet.shared["a"].id, aws_subnet.shared["b"].id]
}

# Its owner says that the number is not Terraform's business.
resource "aws_autoscaling_group" "ignoring" {
  for_each             = toset(lookup(var.cases, "aws_autoscaling_group.ignoring", []))
  name                 = each.key
  min_size             = 0
  max_size             = 4
  desired_capacity     = 0
  launch_configuration = aws_launch_configuration.shared.name
  vpc_zone_identifier  = [aws_subnet.shared["a"].id]
  lifecycle {
    ignore_changes = [desired_capacity, max_size]
  }
}

resource "aws_launch_configuration" "shared" {
  name          = "shared"
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
}

resource "aws_kinesis_stream" "plain" {
  for_each         = toset(lookup(var.cases, "aws_kinesis_stream.plain", []))
  name             = each.key
  shard_count      = 1
  retention_period = 24
}

resource "aws_sfn_state_machine" "plain" {
  for_each   = toset(lookup(var.cases, "aws_sfn_state_machine.plain", []))
  name       = each.key
  role_arn   = aws_iam_role.shared.arn
  definition = jsonencode({ StartAt = "Wait", States = { Wait = { Type = "Wait", Seconds = 1, End = true } } })
}

resource "aws_cloudtrail" "plain" {
  for_each                   = toset(lookup(var.cases, "aws_cloudtrail.plain", []))
  name                       = each.key
  s3_bucket_name             = aws_s3_bucket.trail[each.key].id
  enable_log_file_validation = true
  is_multi_region_trail      = true
}

resource "aws_s3_bucket" "trail" {
  for_each = toset(lookup(var.cases, "aws_cloudtrail.plain", []))
  bucket   = "trail-${each.key}"
}

resource "aws_cognito_user_pool" "plain" {
  for_each = toset(lookup(var.cases, "aws_cognito_user_pool.plain", []))
  name     = each.key
}

resource "aws_efs_file_system" "plain" {
  for_each       = toset(lookup(var.cases, "aws_efs_file_system.plain", []))
  creation_token = each.key
  encrypted      = true
}

resource "aws_key_pair" "plain" {
  for_each   = toset(lookup(var.cases, "aws_key_pair.plain", []))
  key_name   = each.key
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm2xyDlHrZ1hJ3xk5Yx0bJcXo0lS0c3n0f1cQ1b0a9E lab"
}
