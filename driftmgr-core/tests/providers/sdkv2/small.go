package main

import (
	"time"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// bucket is small and has an identity.
func bucket() *schema.Resource {
	k := kind{
		name:       "cloudfive_bucket",
		attributes: bucketSchema(),
		id:         func(d *schema.ResourceData) string { return d.Get("name").(string) },
		finish: func(id string, o cloud.Object) {
			o["arn"] = "arn:cloudfive:bucket/" + id
			if _, set := o["region"]; !set {
				o["region"] = "north"
			}
			if _, set := o["versioned"]; !set {
				o["versioned"] = false
			}
		},
		after: func(d *schema.ResourceData) error {
			identity, err := d.Identity()
			if err != nil {
				return err
			}
			if err := identity.Set("name", d.Get("name")); err != nil {
				return err
			}
			return identity.Set("region", d.Get("region"))
		},
	}
	r := k.resource()
	r.Identity = &schema.ResourceIdentity{
		SchemaFunc: func() map[string]*schema.Schema {
			return map[string]*schema.Schema{
				"name":   {Type: schema.TypeString, RequiredForImport: true},
				"region": {Type: schema.TypeString, OptionalForImport: true},
			}
		},
	}
	return r
}

func bucketSchema() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"name":      {Type: schema.TypeString, Required: true, ForceNew: true},
		"region":    {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true},
		"versioned": {Type: schema.TypeBool, Optional: true, Computed: true},
		"tags":      {Type: schema.TypeMap, Optional: true, Elem: &schema.Schema{Type: schema.TypeString}},
		"arn":       {Type: schema.TypeString, Computed: true},
	}
}

// clock is never the same twice: its computed time moves at each read.
func clock() *schema.Resource {
	k := kind{
		name:       "cloudfive_clock",
		attributes: clockSchema(),
		id:         func(d *schema.ResourceData) string { return d.Get("name").(string) },
		finish:     func(string, cloud.Object) {},
		after: func(d *schema.ResourceData) error {
			return d.Set("now", time.Now().UTC().Format(time.RFC3339Nano))
		},
	}
	return k.resource()
}

func clockSchema() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"name": {Type: schema.TypeString, Required: true, ForceNew: true},
		"note": {Type: schema.TypeString, Optional: true},
		"now":  {Type: schema.TypeString, Computed: true},
	}
}
