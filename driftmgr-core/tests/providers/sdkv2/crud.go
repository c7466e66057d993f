package main

import (
	"context"
	"fmt"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// kind is a resource type kept in the cloud file. Attributes go there under their schema names.
type kind struct {
	name       string                              // key below "objects"
	attributes map[string]*schema.Schema           // those kept in the cloud file
	id         func(d *schema.ResourceData) string // the id a new object would like to have
	finish     func(id string, o cloud.Object)     // fills computed attributes of a new or changed object
	after      func(d *schema.ResourceData) error  // runs after each read
}

func (k kind) resource() *schema.Resource {
	return &schema.Resource{
		Schema:        k.attributes,
		CreateContext: k.create,
		ReadContext:   k.read,
		UpdateContext: k.update,
		DeleteContext: k.delete,
		CustomizeDiff: k.plan,
		Importer:      &schema.ResourceImporter{StateContext: k.importState},
	}
}

func (k kind) create(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	c := meta.(*cloud.Cloud)
	if err := c.Strike(ctx, cloud.OpCreate, nil); err != nil {
		return diag.FromErr(err)
	}
	id, err := c.Create(k.name, k.id(d), func(id string) cloud.Object { return k.object(id, d) })
	if err != nil {
		return diag.FromErr(err)
	}
	d.SetId(id)
	return k.read(ctx, d, meta)
}

func (k kind) read(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	c := meta.(*cloud.Cloud)
	defer c.Trace(cloud.OpRead, k.name, d.Id())()
	object, err := c.Get(k.name, d.Id())
	if err != nil {
		return diag.FromErr(err)
	}
	if err := c.Strike(ctx, cloud.OpRead, object); err != nil {
		return diag.FromErr(err)
	}
	if object == nil {
		d.SetId("")
		return nil
	}
	return diag.FromErr(k.show(d, object))
}

func (k kind) update(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	c := meta.(*cloud.Cloud)
	if err := c.Strike(ctx, cloud.OpUpdate, nil); err != nil {
		return diag.FromErr(err)
	}
	if err := c.Update(k.name, d.Id(), k.object(d.Id(), d)); err != nil {
		return diag.FromErr(err)
	}
	return k.read(ctx, d, meta)
}

func (k kind) delete(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	c := meta.(*cloud.Cloud)
	if err := c.Strike(ctx, cloud.OpDelete, nil); err != nil {
		return diag.FromErr(err)
	}
	return diag.FromErr(c.Delete(k.name, d.Id()))
}

// plan exists to give faults a place: the schema alone decides what a plan says.
func (k kind) plan(ctx context.Context, d *schema.ResourceDiff, meta any) error {
	c, ok := meta.(*cloud.Cloud)
	if !ok || d.Id() == "" {
		return nil
	}
	object, err := c.Get(k.name, d.Id())
	if err != nil {
		return err
	}
	return c.Strike(ctx, cloud.OpPlan, object)
}

func (k kind) importState(ctx context.Context, d *schema.ResourceData, meta any) ([]*schema.ResourceData, error) {
	if err := meta.(*cloud.Cloud).Strike(ctx, cloud.OpImport, nil); err != nil {
		return nil, err
	}
	return schema.ImportStatePassthroughWithIdentity("name")(ctx, d, meta)
}

// object takes what the configuration sets; what it leaves out stays absent, as null.
func (k kind) object(id string, d *schema.ResourceData) cloud.Object {
	object := cloud.Object{}
	plan := d.GetRawPlan()
	for name := range k.attributes {
		value := plan.GetAttr(name)
		if value.IsNull() || !value.IsWhollyKnown() {
			continue
		}
		object[name] = plain(d.Get(name))
	}
	k.finish(id, object)
	return object
}

// show copies an object into the resource data, null where the object has nothing.
func (k kind) show(d *schema.ResourceData, object cloud.Object) error {
	for name := range k.attributes {
		if err := d.Set(name, object[name]); err != nil {
			return fmt.Errorf("%s %s: attribute %s in the cloud file: %w", k.name, d.Id(), name, err)
		}
	}
	if k.after != nil {
		return k.after(d)
	}
	return nil
}

// plain turns what ResourceData returns into what encoding/json writes.
func plain(value any) any {
	switch v := value.(type) {
	case *schema.Set:
		return plain(v.List())
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = plain(element)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, element := range v {
			out[key] = plain(element)
		}
		return out
	default:
		return v
	}
}
