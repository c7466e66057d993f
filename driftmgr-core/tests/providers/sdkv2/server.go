package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

var servers = kind{
	name:       "cloudfive_server",
	attributes: serverSchema(),
	id:         func(d *schema.ResourceData) string { return "srv-" + d.Get("name").(string) },
	finish: func(id string, o cloud.Object) {
		o["arn"] = "arn:cloudfive:server/" + id
		if _, set := o["zone"]; !set {
			o["zone"] = "zone-a"
		}
	},
}

// server has one attribute of every sort the SDK knows.
func server() *schema.Resource {
	r := servers.resource()
	r.SchemaVersion = 1
	r.StateUpgraders = []schema.StateUpgrader{{
		Version: 0,
		Type:    serverVersion0().CoreConfigSchema().ImpliedType(),
		Upgrade: upgradeServer0,
	}}
	r.Timeouts = &schema.ResourceTimeout{
		Create: schema.DefaultTimeout(5 * time.Minute),
		Delete: schema.DefaultTimeout(5 * time.Minute),
	}
	return r
}

func serverSchema() map[string]*schema.Schema {
	text := func() *schema.Schema { return &schema.Schema{Type: schema.TypeString} }
	return map[string]*schema.Schema{
		"name":        {Type: schema.TypeString, Required: true},
		"image":       {Type: schema.TypeString, Required: true, ForceNew: true},
		"description": {Type: schema.TypeString, Optional: true},
		"cpus":        {Type: schema.TypeInt, Optional: true},
		"price":       {Type: schema.TypeFloat, Optional: true},
		"enabled":     {Type: schema.TypeBool, Optional: true, Default: true},
		"tags":        {Type: schema.TypeMap, Optional: true, Elem: text()},
		"aliases":     {Type: schema.TypeList, Optional: true, Elem: text()},
		"groups":      {Type: schema.TypeSet, Optional: true, Elem: text()},
		"policy": {
			Type: schema.TypeString, Optional: true,
			DiffSuppressFunc: func(_, old, new string, _ *schema.ResourceData) bool { return sameJSON(old, new) },
		},
		"password": {Type: schema.TypeString, Optional: true, Sensitive: true},
		"zone":     {Type: schema.TypeString, Optional: true, Computed: true},
		"arn":      {Type: schema.TypeString, Computed: true},
		"disk": {
			Type: schema.TypeList, Optional: true,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"name":      {Type: schema.TypeString, Required: true},
				"size_gb":   {Type: schema.TypeInt, Optional: true},
				"encrypted": {Type: schema.TypeBool, Optional: true},
				"key":       {Type: schema.TypeString, Optional: true, Sensitive: true},
			}},
		},
		"rule": {
			Type: schema.TypeSet, Optional: true,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"port":     {Type: schema.TypeInt, Required: true},
				"protocol": {Type: schema.TypeString, Optional: true, Default: "tcp"},
				"cidrs":    {Type: schema.TypeSet, Optional: true, Elem: text()},
			}},
		},
	}
}

func sameJSON(a, b string) bool {
	var left, right any
	if json.Unmarshal([]byte(a), &left) != nil || json.Unmarshal([]byte(b), &right) != nil {
		return a == b
	}
	return reflect.DeepEqual(left, right)
}

// serverVersion0 had the number of processors as text, and an attribute that is gone.
func serverVersion0() *schema.Resource {
	attributes := serverSchema()
	delete(attributes, "cpus")
	attributes["cpu_count"] = &schema.Schema{Type: schema.TypeString, Optional: true}
	attributes["legacy"] = &schema.Schema{Type: schema.TypeBool, Optional: true}
	return &schema.Resource{Schema: attributes}
}

func upgradeServer0(_ context.Context, raw map[string]any, _ any) (map[string]any, error) {
	if text, ok := raw["cpu_count"].(string); ok && text != "" {
		count, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("cpu_count: %w", err)
		}
		raw["cpus"] = count
	}
	delete(raw, "cpu_count")
	delete(raw, "legacy")
	return raw, nil
}

func serverData() *schema.Resource {
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"name":     {Type: schema.TypeString, Required: true},
			"arn":      {Type: schema.TypeString, Computed: true},
			"zone":     {Type: schema.TypeString, Computed: true},
			"password": {Type: schema.TypeString, Computed: true, Sensitive: true},
		},
		ReadContext: func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
			c := meta.(*cloud.Cloud)
			id := servers.id(d)
			object, err := c.Get(servers.name, id)
			if err != nil {
				return diag.FromErr(err)
			}
			if object == nil {
				return diag.Errorf("NotFound: no server is called %q", d.Get("name"))
			}
			d.SetId(id)
			for _, name := range []string{"arn", "zone", "password"} {
				if err := d.Set(name, object[name]); err != nil {
					return diag.FromErr(err)
				}
			}
			return nil
		},
	}
}
