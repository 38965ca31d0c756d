package generator

import (
	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/format/cloudconfig"
	"github.com/etcdbake/etcdbake/generator/format/ignition"
	"github.com/etcdbake/etcdbake/generator/format/nocloud"
	"github.com/etcdbake/etcdbake/generator/format/script"
	"github.com/etcdbake/etcdbake/generator/plan"
)

// hostFormat is one of the formats that a host is given its plan in: a row for each package below format/ that writes one.
type hostFormat struct {
	name Format
	// Every member's artefact is folder/<member>extension below out, with the extension of its encoding after that.
	folder, extension string
	// forms encode the plan, each smaller and less readable than the one before; a host is the same by all of them. Equal
	// plans give equal bytes.
	forms []encoder
	// parts are further files that come along, by their names in folder/<member>/; encodeParts returns the content of each,
	// in that order.
	parts       []string
	encodeParts func(plan.Host) ([][]byte, error)
}

type encoder func(plan.Host) ([]byte, error)

func hostFormats() []hostFormat {
	return []hostFormat{
		{
			name: CloudConfig, folder: "user-data", extension: ".yaml",
			forms: []encoder{cloudConfig(cloudconfig.Readable), cloudConfig(cloudconfig.Compact)},
		},
		{
			name: Script, folder: "script", extension: ".sh",
			forms: []encoder{shellScript(script.Readable), shellScript(script.Compact)},
		},
		{
			name: Ignition, folder: "ignition", extension: ".ign",
			forms: []encoder{ignitionConfig(ignition.Readable), ignitionConfig(ignition.Compact)},
		},
		{
			name: NoCloud, folder: "nocloud", extension: ".iso", forms: []encoder{nocloud.Image},
			parts: nocloud.Names(), encodeParts: nocloud.Files,
		},
	}
}

// hostFormatOf returns the row of a format; ok is false for those that are not for hosts.
func hostFormatOf(name Format) (f hostFormat, ok bool) {
	for _, f := range hostFormats() {
		if f.name == name {
			return f, true
		}
	}
	return hostFormat{}, false
}

// file is where below out a member's artefact is.
func (f hostFormat) file(member string, e cloud.Encoding) string {
	return f.folder + "/" + member + f.extension + e.Extension()
}

// files are all that the format may have written for a member in any run.
func (f hostFormat) files(member string) []string {
	var all []string
	for _, e := range cloud.Encodings() {
		all = append(all, f.file(member, e))
	}
	for _, part := range f.parts {
		all = append(all, f.part(member, part))
	}
	return all
}

func (f hostFormat) part(member, name string) string { return f.folder + "/" + member + "/" + name }

// memberParts returns the further files of a host as artefacts, which are as secret as the plan is.
func (f hostFormat) memberParts(host plan.Host) ([]artefact, error) {
	if len(f.parts) == 0 {
		return nil, nil
	}
	contents, err := f.encodeParts(host)
	if err != nil {
		return nil, err
	}
	var all []artefact
	for i, content := range contents {
		all = append(all, artefact{path: f.part(host.Name, f.parts[i]), content: content, mode: 0o600})
	}
	return all, nil
}

func shellScript(form script.Form) encoder {
	return func(host plan.Host) ([]byte, error) { return script.Encode(host, form) }
}

func ignitionConfig(form ignition.Form) encoder {
	return func(host plan.Host) ([]byte, error) { return ignition.Encode(host, form) }
}

func cloudConfig(form cloudconfig.Form) encoder {
	return func(host plan.Host) ([]byte, error) { return cloudconfig.Encode(host, form) }
}
