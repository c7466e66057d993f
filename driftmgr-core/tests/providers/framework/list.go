package main

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// lister lists what the cloud has of a kind, managed or not.
type lister struct {
	kind
	cloud *cloud.Cloud
}

func (l *lister) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = l.name
}

func (l *lister) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{
		Attributes: map[string]listschema.Attribute{
			"name_prefix": listschema.StringAttribute{Optional: true, Description: "Only objects whose name begins so."},
		},
	}
}

func (l *lister) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.cloud, _ = req.ProviderData.(*cloud.Cloud)
}

func (l *lister) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var prefix types.String
	diags := req.Config.GetAttribute(ctx, path.Root("name_prefix"), &prefix)
	err := l.cloud.Strike(ctx, cloud.OpList, nil)
	var ids []string
	if err == nil {
		ids, err = l.cloud.IDs(l.name)
	}
	if err != nil {
		diags.AddError(err.Error(), "")
	}
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		sent := int64(0)
		for _, id := range ids {
			object, err := l.cloud.Get(l.name, id)
			name, _ := object["name"].(string)
			if err == nil && (object == nil || !strings.HasPrefix(name, prefix.ValueString())) {
				continue
			}
			if sent++; req.Limit > 0 && sent > req.Limit {
				return
			}
			if !push(l.result(ctx, req, object, err)) {
				return
			}
		}
	}
}

func (l *lister) result(ctx context.Context, req list.ListRequest, object cloud.Object, err error) list.ListResult {
	result := req.NewListResult(ctx)
	if err != nil {
		result.Diagnostics = diag.Diagnostics{diag.NewErrorDiagnostic(err.Error(), "")}
		return result
	}
	result.DisplayName, _ = object["name"].(string)
	if !req.IncludeResource {
		identify(ctx, object, result.Identity, &result.Diagnostics)
		return result
	}
	state := tfsdk.State{Schema: l.schema()}
	l.answer(ctx, object, &state, result.Identity, &result.Diagnostics)
	result.Resource.Raw = state.Raw
	return result
}

// counter counts the reads of a process from one on.
type counter struct{ n atomic.Uint32 }

func (c *counter) next() uint { return uint(c.n.Add(1)) }
