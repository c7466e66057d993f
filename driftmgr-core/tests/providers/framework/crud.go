package main

import (
	"context"
	"fmt"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// kind is a resource type kept in the cloud file. Attributes go there under their schema names.
type kind struct {
	name   string                       // key below "objects"
	prefix string                       // of the ids
	schema func() schema.Schema         // with id, name and region
	finish func(o cloud.Object)         // fills computed attributes of a new or changed object
	shown  func(o cloud.Object, n uint) // what the n-th read does to the object before it answers
}

// crud is the resource of a kind. Every kind has the attributes id, name and region, and the identity (id, region).
type crud struct {
	kind
	cloud *cloud.Cloud
	reads counter
}

func (r *crud) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *crud) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema()
}

func (r *crud) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id":     identityschema.StringAttribute{RequiredForImport: true},
			"region": identityschema.StringAttribute{OptionalForImport: true},
		},
	}
}

func (r *crud) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.cloud, _ = req.ProviderData.(*cloud.Cloud)
}

func (r *crud) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	if err := r.cloud.Strike(ctx, cloud.OpCreate, nil); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	object, err := toObject(req.Plan.Raw, r.terraformType(ctx))
	if err != nil {
		resp.Diagnostics.AddError("The plan cannot be stored", err.Error())
		return
	}
	_, err = r.cloud.Create(r.name, fmt.Sprint(r.prefix, object["name"]), func(id string) cloud.Object {
		object["id"] = id
		return r.finished(object)
	})
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	r.answer(ctx, object, &resp.State, resp.Identity, &resp.Diagnostics)
}

func (r *crud) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	id := stringAt(ctx, req.State, "id", &resp.Diagnostics)
	defer r.cloud.Trace(cloud.OpRead, r.name, id)()
	object, err := r.cloud.Get(r.name, id)
	if err == nil {
		err = r.cloud.Strike(ctx, cloud.OpRead, object)
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	if object == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	if r.shown != nil {
		r.shown(object, r.reads.next())
	}
	r.answer(ctx, object, &resp.State, resp.Identity, &resp.Diagnostics)
}

func (r *crud) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	object, err := toObject(req.Plan.Raw, r.terraformType(ctx))
	if err == nil {
		err = r.cloud.Strike(ctx, cloud.OpUpdate, nil)
	}
	if err == nil {
		err = r.cloud.Update(r.name, fmt.Sprint(object["id"]), r.finished(object))
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	r.answer(ctx, object, &resp.State, resp.Identity, &resp.Diagnostics)
}

func (r *crud) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	err := r.cloud.Strike(ctx, cloud.OpDelete, nil)
	if err == nil {
		err = r.cloud.Delete(r.name, stringAt(ctx, req.State, "id", &resp.Diagnostics))
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
}

// ModifyPlan exists to give faults a place: the schema alone decides what a plan says.
func (r *crud) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cloud == nil || req.State.Raw.IsNull() {
		return
	}
	object, err := r.cloud.Get(r.name, stringAt(ctx, req.State, "id", &resp.Diagnostics))
	if err == nil {
		err = r.cloud.Strike(ctx, cloud.OpPlan, object)
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
}

func (r *crud) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if err := r.cloud.Strike(ctx, cloud.OpImport, nil); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
}

func (k kind) terraformType(ctx context.Context) tftypes.Type {
	return k.schema().Type().TerraformType(ctx)
}

func (k kind) finished(object cloud.Object) cloud.Object {
	if _, set := object["region"]; !set {
		object["region"] = "north"
	}
	if k.finish != nil {
		k.finish(object)
	}
	return object
}

// answer puts an object and its identity into a response.
func (k kind) answer(ctx context.Context, object cloud.Object, state *tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	value, err := fromObject(object, k.terraformType(ctx))
	if err != nil {
		diags.AddError(fmt.Sprintf("%s %v does not fit the schema", k.name, object["id"]), err.Error())
		return
	}
	state.Raw = value
	identify(ctx, object, identity, diags)
}

func identify(ctx context.Context, object cloud.Object, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	if identity == nil {
		return
	}
	for _, name := range []string{"id", "region"} {
		text, _ := object[name].(string)
		diags.Append(identity.SetAttribute(ctx, path.Root(name), types.StringValue(text))...)
	}
}

func stringAt(ctx context.Context, state tfsdk.State, name string, diags *diag.Diagnostics) string {
	var text types.String
	diags.Append(state.GetAttribute(ctx, path.Root(name), &text)...)
	return text.ValueString()
}
