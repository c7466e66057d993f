# `copies` objects of each of ten types, against a server at PORT that pretends to be AWS.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "copies" {
  type = number
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_force_path_style         = true

  endpoints {
    cloudwatch = "http://127.0.0.1:PORT"
    ec2        = "http://127.0.0.1:PORT"
    iam        = "http://127.0.0.1:PORT"
    kms        = "http://127.0.0.1:PORT"
    s3         = "http://127.0.0.1:PORT"
    sns        = "http://127.0.0.1:PORT"
    sqs        = "http://127.0.0.1:PORT"
    sts        = "http://127.0.0.1:PORT"
  }
}

locals {
  trust = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }] })
  read  = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["s3:GetObject"], Effect = "Allow", Resource = "*" }] })
}

resource "aws_vpc" "each" {
  count      = var.copies
  cidr_block = "10.${count.index}.0.0/16"
}

resource "aws_subnet" "each" {
  count      = var.copies
  vpc_id     = aws_vpc.each[count.index].id
  cidr_block = "10.${count.index}.1.0/24"
}

resource "aws_security_group" "each" {
  count       = var.copies
  name        = "group-${count.index}"
  description = "group ${count.index}"
  vpc_id      = aws_vpc.each[count.index].id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_iam_role" "each" {
  count              = var.copies
  name               = "role-${count.index}"
  assume_role_policy = local.trust
}

resource "aws_iam_policy" "each" {
  count  = var.copies
  name   = "policy-${count.index}"
  policy = local.read
}

resource "aws_sqs_queue" "each" {
  count = var.copies
  name  = "queue-${count.index}"
}

resource "aws_sns_topic" "each" {
  count = var.copies
  name  = "topic-${count.index}"
}

resource "aws_s3_bucket" "each" {
  count  = var.copies
  bucket = "bench-${count.index}"
}

resource "aws_kms_key" "each" {
  count       = var.copies
  description = "key ${count.index}"
}

resource "aws_cloudwatch_metric_alarm" "each" {
  count               = var.copies
  alarm_name          = "alarm-${count.index}"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 60
  statistic           = "Average"
  threshold           = 80
}
