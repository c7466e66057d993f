package main

import (
	"context"
	"fmt"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func provider() *schema.Provider {
	p := &schema.Provider{
		Schema: map[string]*schema.Schema{
			"cloud": {
				Type: schema.TypeString, Required: true,
				Description: "Path of the JSON file that is the cloud.",
			},
			"fault": {
				Type: schema.TypeString, Optional: true,
				Description: "Fault that strikes at every operation it names.",
			},
			"log": {
				Type: schema.TypeString, Optional: true,
				Description: "File that gets a line at the begin and end of each operation.",
			},
			"token": {
				Type: schema.TypeString, Optional: true, Sensitive: true,
				Description: "Used for nothing; a secret that must not leak.",
			},
			"endpoints": {
				Type: schema.TypeSet, Optional: true,
				Description: "Used for nothing; nested blocks have to be encoded as well.",
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"compute": {Type: schema.TypeString, Optional: true},
				}},
			},
		},
		ResourcesMap: map[string]*schema.Resource{
			"cloudfive_server": server(),
			"cloudfive_bucket": bucket(),
			"cloudfive_clock":  clock(),
		},
		DataSourcesMap: map[string]*schema.Resource{
			"cloudfive_server": serverData(),
		},
		ConfigureContextFunc: configure,
	}
	if size := cloud.SchemaPadding(); size > 0 {
		p.ResourcesMap["cloudfive_padding"] = padding(size)
	}
	return p
}

func configure(ctx context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
	c := cloud.New(d.Get("cloud").(string), d.Get("fault").(string), d.Get("log").(string))
	defer c.Trace(cloud.OpConfigure, "-", "-")()
	if err := c.Strike(ctx, cloud.OpConfigure, nil); err != nil {
		return nil, diag.FromErr(err)
	}
	return c, nil
}

// padding is a resource type that exists only to make the schema heavy.
func padding(size int) *schema.Resource {
	attributes := map[string]*schema.Schema{}
	for left := size; left > 0; left -= 1 << 20 {
		attributes[fmt.Sprintf("padding_%d", len(attributes))] = &schema.Schema{
			Type: schema.TypeString, Computed: true, Description: cloud.PaddingChunk(left),
		}
	}
	nothing := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	return &schema.Resource{
		Schema:        attributes,
		CreateContext: nothing, ReadContext: nothing, DeleteContext: nothing,
	}
}
