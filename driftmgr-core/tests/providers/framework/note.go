package main

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
)

var notes = kind{name: "cloudsix_note", prefix: "note-", schema: noteSchema}

// note is small, for tests that need many objects.
type note struct{ crud }

func newNote() resource.Resource { return &note{crud{kind: notes}} }

func noteSchema() schema.Schema {
	return schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, PlanModifiers: keepUnlessChanged()},
			"name": schema.StringAttribute{
				Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"region": schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: keepUnlessChanged()},
			"text":   schema.StringAttribute{Optional: true},
		},
	}
}
