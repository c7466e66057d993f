package main

import (
	"context"
	"fmt"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type cloudsix struct{}

func newProvider() provider.Provider { return cloudsix{} }

func (cloudsix) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "cloudsix"
	resp.Version = "1.0.0"
}

func (cloudsix) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"cloud": schema.StringAttribute{
				Required: true, Description: "Path of the JSON file that is the cloud.",
			},
			"fault": schema.StringAttribute{
				Optional: true, Description: "Fault that strikes at every operation it names.",
			},
			"log": schema.StringAttribute{
				Optional: true, Description: "File that gets a line at the begin and end of each operation.",
			},
			"login": schema.SingleNestedAttribute{
				Optional: true, Description: "Used for nothing; holds a secret that must not leak.",
				Attributes: map[string]schema.Attribute{
					"user":  schema.StringAttribute{Required: true},
					"token": schema.StringAttribute{Optional: true, Sensitive: true},
				},
			},
		},
		Blocks: map[string]schema.Block{
			"retry": schema.SingleNestedBlock{
				Description: "Used for nothing; nested blocks have to be encoded as well.",
				Attributes:  map[string]schema.Attribute{"attempts": schema.Int64Attribute{Optional: true}},
			},
		},
	}
}

type configuration struct {
	Cloud types.String `tfsdk:"cloud"`
	Fault types.String `tfsdk:"fault"`
	Log   types.String `tfsdk:"log"`
	Login types.Object `tfsdk:"login"`
	Retry types.Object `tfsdk:"retry"`
}

func (cloudsix) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var given configuration
	resp.Diagnostics.Append(req.Config.Get(ctx, &given)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c := cloud.New(given.Cloud.ValueString(), given.Fault.ValueString(), given.Log.ValueString())
	defer c.Trace(cloud.OpConfigure, "-", "-")()
	if err := c.Strike(ctx, cloud.OpConfigure, nil); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.ResourceData = c
	resp.ListResourceData = c
}

func (cloudsix) Resources(context.Context) []func() resource.Resource {
	all := []func() resource.Resource{newWidget, newNote}
	if size := cloud.SchemaPadding(); size > 0 {
		all = append(all, func() resource.Resource { return &padding{size: size} })
	}
	return all
}

func (cloudsix) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		func() list.ListResource { return &lister{kind: widgets} },
		func() list.ListResource { return &lister{kind: notes} },
	}
}

func (cloudsix) DataSources(context.Context) []func() datasource.DataSource { return nil }

// padding is a resource type that exists only to make the schema heavy.
type padding struct{ size int }

func (p *padding) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "cloudsix_padding"
}

func (p *padding) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]resourceschema.Attribute{}
	for left := p.size; left > 0; left -= 1 << 20 {
		attributes[fmt.Sprintf("padding_%d", len(attributes))] = resourceschema.StringAttribute{
			Computed: true, Description: cloud.PaddingChunk(left),
		}
	}
	resp.Schema = resourceschema.Schema{Attributes: attributes}
}

func (p *padding) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (p *padding) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (p *padding) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (p *padding) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
