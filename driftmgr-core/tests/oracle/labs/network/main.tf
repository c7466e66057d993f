terraform {
  required_providers {
    cloudfive = {
      source = "registry.terraform.io/driftmgr/cloudfive"
    }
  }
}

resource "cloudfive_bucket" "flow_logs" {
  name = "flow-logs"
}
