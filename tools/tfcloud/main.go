// Command tfcloud is a Terraform provider with the resources that examples/terraform uses, and no cloud behind it: what is
// created is in Terraform's state alone. So a real terraform can validate, plan and apply the examples on a machine that
// cannot have the real providers. Their arguments are written down from the providers' documentation, so it cannot tell a
// mistake in that. Called terraform-provider-google it has Google's, else Amazon's.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"
)

func main() {
	provider := aws
	if filepath.Base(os.Args[0]) == "terraform-provider-google" {
		provider = google
	}
	plugin.Serve(&plugin.ServeOpts{ProviderFunc: provider})
}

// arguments are a resource's or a block's.
type arguments map[string]*schema.Schema

// option changes an argument.
type option func(*schema.Schema)

func required(s *schema.Schema) { s.Required, s.Optional = true, false }
func computed(s *schema.Schema) { s.Computed = true }
func replaces(s *schema.Schema) { s.ForceNew = true }

func argument(kind schema.ValueType, options []option) *schema.Schema {
	s := &schema.Schema{Type: kind, Optional: true}
	for _, o := range options {
		o(s)
	}
	return s
}

func text(options ...option) *schema.Schema   { return argument(schema.TypeString, options) }
func number(options ...option) *schema.Schema { return argument(schema.TypeInt, options) }
func truth(options ...option) *schema.Schema  { return argument(schema.TypeBool, options) }

func texts(options ...option) *schema.Schema {
	s := argument(schema.TypeSet, options)
	s.Elem = &schema.Schema{Type: schema.TypeString}
	return s
}

func textByName(options ...option) *schema.Schema {
	s := argument(schema.TypeMap, options)
	s.Elem = &schema.Schema{Type: schema.TypeString}
	return s
}

// block is one that may be there any number of times; once and it may be there one time.
func block(a arguments, options ...option) *schema.Schema {
	s := argument(schema.TypeList, options)
	s.Elem = &schema.Resource{Schema: a}
	return s
}

func once(s *schema.Schema) { s.MaxItems = 1 }

// resource is in the state alone. Its ID tells its type, and is another one for each that is created.
func resource(kind string, a arguments) *schema.Resource {
	nothing := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	r := &schema.Resource{
		Schema: a,
		CreateContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			file, err := os.CreateTemp("", "id-*")
			if err != nil {
				return diag.FromErr(err)
			}
			defer os.Remove(file.Name())
			defer file.Close()
			d.SetId(fmt.Sprintf("%s-%s", kind, filepath.Base(file.Name())))
			return nil
		},
		ReadContext:   nothing,
		DeleteContext: nothing,
	}
	for _, s := range a {
		if !s.ForceNew {
			r.UpdateContext = nothing
		}
	}
	return r
}

// data is a data source that finds what these values say.
func data(a arguments, found map[string]string) *schema.Resource {
	return &schema.Resource{
		Schema: a,
		ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			for name, value := range found {
				if err := d.Set(name, value); err != nil {
					return diag.FromErr(err)
				}
			}
			d.SetId("found")
			return nil
		},
	}
}
