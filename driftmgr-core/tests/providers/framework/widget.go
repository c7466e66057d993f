package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

var widgets = kind{
	name:   "cloudsix_widget",
	prefix: "wid-",
	schema: widgetSchema,
	finish: func(o cloud.Object) {
		delete(o, "etag")
		o["etag"] = digest(o)
	},
	shown: turnSets,
}

// widget has one attribute of every sort the framework knows.
type widget struct{ crud }

func newWidget() resource.Resource { return &widget{crud{kind: widgets}} }

func keepUnlessChanged() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
}

func widgetSchema() schema.Schema {
	return schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":   schema.StringAttribute{Computed: true, PlanModifiers: keepUnlessChanged()},
			"name": schema.StringAttribute{Required: true},
			"kind": schema.StringAttribute{
				Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"region":  schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: keepUnlessChanged()},
			"etag":    schema.StringAttribute{Computed: true},
			"enabled": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
			"size":    schema.Int64Attribute{Optional: true},
			"ratio":   schema.Float64Attribute{Optional: true},
			"exact": schema.NumberAttribute{
				Optional: true, Description: "Any number, also beyond 64 bits.",
			},
			"labels":   schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"aliases":  schema.ListAttribute{Optional: true, ElementType: types.StringType},
			"zones":    schema.SetAttribute{Optional: true, ElementType: types.StringType},
			"document": schema.DynamicAttribute{Optional: true},
			"policy":   schema.StringAttribute{Optional: true, CustomType: jsontypes.NormalizedType{}},
			"secret":   schema.StringAttribute{Optional: true, WriteOnly: true},
			"secret_version": schema.Int64Attribute{
				Optional: true, Description: "Raise it to have a new secret written.",
			},
			"password": schema.StringAttribute{Optional: true, Sensitive: true},
			"endpoint": schema.SingleNestedAttribute{
				Optional: true,
				Attributes: map[string]schema.Attribute{
					"host":  schema.StringAttribute{Required: true},
					"port":  schema.Int64Attribute{Optional: true},
					"token": schema.StringAttribute{Optional: true, Sensitive: true},
				},
			},
			"volumes": schema.ListNestedAttribute{
				Optional: true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{Required: true},
					"gb":   schema.NumberAttribute{Optional: true},
					"key":  schema.StringAttribute{Optional: true, Sensitive: true},
				}},
			},
			"rules": schema.SetNestedAttribute{
				Optional: true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"port":     schema.Int64Attribute{Required: true},
					"protocol": schema.StringAttribute{Optional: true},
					"cidrs":    schema.SetAttribute{Optional: true, ElementType: types.StringType},
				}},
			},
			"limits": schema.MapNestedAttribute{
				Optional: true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"max":  schema.NumberAttribute{Required: true},
					"note": schema.StringAttribute{Optional: true},
				}},
			},
		},
		Blocks: map[string]schema.Block{
			"setting": schema.ListNestedBlock{
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"key":   schema.StringAttribute{Required: true},
					"value": schema.StringAttribute{Optional: true},
				}},
			},
			"network": schema.SetNestedBlock{
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"cidr":   schema.StringAttribute{Required: true},
					"public": schema.BoolAttribute{Optional: true},
				}},
			},
			"logging": schema.SingleNestedBlock{
				Attributes: map[string]schema.Attribute{
					"bucket": schema.StringAttribute{Optional: true},
					"prefix": schema.StringAttribute{Optional: true},
				},
			},
		},
	}
}

// turnSets rotates what the n-th read answers for sets, whose order means nothing.
func turnSets(o cloud.Object, n uint) {
	for _, name := range []string{"zones", "rules", "network"} {
		if set, ok := o[name].([]any); ok && len(set) > 1 {
			first := int(n) % len(set)
			o[name] = append(append([]any{}, set[first:]...), set[:first]...)
		}
	}
}

func digest(o cloud.Object) string {
	text, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// UpgradeState reads version 0, which had `title` for `name` and `size` as text.
func (r *widget) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: r.upgrade0}}
}

func (r *widget) upgrade0(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	upgraded, err := upgradeWidget0(req.RawState)
	if err == nil {
		resp.State.Raw, err = fromObject(upgraded, r.terraformType(ctx))
	}
	if err != nil {
		resp.Diagnostics.AddError("The state of version 0 cannot be upgraded", err.Error())
	}
}

func upgradeWidget0(raw *tfprotov6.RawState) (cloud.Object, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw.JSON))
	decoder.UseNumber()
	var old cloud.Object
	if err := decoder.Decode(&old); err != nil {
		return nil, err
	}
	if title, ok := old["title"]; ok {
		old["name"] = title
		delete(old, "title")
	}
	if text, ok := old["size"].(string); ok {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("size: %w", err)
		}
		old["size"] = size
	}
	delete(old, "legacy")
	return old, nil
}
