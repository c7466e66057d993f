// A test provider on terraform-plugin-sdk v2 (plugin protocol 5).
package main

import (
	"flag"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"
)

func main() {
	debug := flag.Bool("debug", false, "print TF_REATTACH_PROVIDERS and wait for a client")
	flag.Parse()
	cloud.StrikeAtStart()
	plugin.Serve(&plugin.ServeOpts{
		ProviderFunc: provider,
		ProviderAddr: "registry.terraform.io/driftmgr/cloudfive",
		Debug:        *debug,
	})
}
