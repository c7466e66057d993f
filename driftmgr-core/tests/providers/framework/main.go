// A test provider on terraform-plugin-framework (plugin protocol 6).
package main

import (
	"context"
	"flag"
	"log"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	debug := flag.Bool("debug", false, "print TF_REATTACH_PROVIDERS and wait for a client")
	flag.Parse()
	cloud.StrikeAtStart()
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/driftmgr/cloudsix",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
