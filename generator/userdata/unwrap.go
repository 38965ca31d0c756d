package userdata

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Bounds of wrapping: real user-data has at most three layers, and parts by the dozen.
const (
	maxLayers = 8
	maxParts  = 256
)

// A part is one document of user-data, out of all that it was wrapped in.
type part struct {
	place   string // for errors: "part 2, "; empty where there is only one
	content []byte
	kind    string // a MIME type that says more than the content does; empty for none
	merges  bool   // it says how it is to be merged with others
}

// unwrapper takes layers off. It knows how much it may still unpack, over all parts.
type unwrapper struct {
	room   int
	layers []string // of the wrapping, outermost first, each once
	parts  []part
	seed   *seed // where it is a seed ISO
	// document is what is in gzip and base64 around all: what may be wrapped in another way for another cloud.
	document []byte
}

// unwrap splits user-data into its documents.
func (u *unwrapper) unwrap(p part, depth int) error {
	if depth > maxLayers {
		return fmt.Errorf("%sit is wrapped in more than %d layers", p.place, maxLayers)
	}
	layer, inner, err := u.peel(p.content)
	if err != nil {
		return fmt.Errorf("%s%w", p.place, err)
	}
	if u.document == nil && (layer == "" || layer == ISO) {
		u.document = p.content
	}
	switch {
	case layer != "":
		u.note(layer)
		p.content = inner
		return u.unwrap(p, depth+1)
	case isMIME(p.content):
		u.note("MIME")
		return u.message(p, depth+1)
	case bytes.HasPrefix(p.content, []byte("#cloud-config-archive")):
		u.note("cloud-config-archive")
		return u.archive(p, depth+1)
	case len(u.parts) == maxParts:
		return fmt.Errorf("it has more than %d parts", maxParts)
	}
	u.parts = append(u.parts, p)
	return nil
}

func (u *unwrapper) note(layer string) {
	for _, known := range u.layers {
		if known == layer {
			return
		}
	}
	u.layers = append(u.layers, layer)
}

// peel takes off a layer that is around the whole document; layer is empty where there is none.
func (u *unwrapper) peel(content []byte) (layer string, inner []byte, err error) {
	switch {
	case bytes.HasPrefix(content, []byte("\x1f\x8b")):
		layer = "gzip"
		inner, err = gunzip(content, u.room)
	case isISO(content):
		layer = ISO
		inner, err = u.openSeed(content)
	default:
		if inner, ok := wholeBase64(content); ok {
			u.room -= len(inner)
			return "base64", inner, nil
		}
		return "", nil, nil
	}
	u.room -= len(inner)
	return layer, inner, err
}

// openSeed returns the user-data in a seed ISO, and keeps the rest.
func (u *unwrapper) openSeed(image []byte) ([]byte, error) {
	s, err := readSeed(image)
	if err != nil {
		return nil, err
	}
	inner, ok := s.files["user-data"]
	if !ok {
		names := slices.Sorted(maps.Keys(s.files))
		return nil, fmt.Errorf("the ISO image has no user-data in its root folder, but %q", names[:min(len(names), 8)])
	}
	if u.seed != nil {
		return nil, errors.New("the ISO image has another one for its user-data")
	}
	u.seed = &s
	return inner, nil
}

// wholeBase64 decodes a document that is base64 as a whole, as for a cloud that takes text only: what is in it is known.
func wholeBase64(content []byte) ([]byte, bool) {
	packed := bytes.Join(bytes.Fields(content), nil)
	if len(packed) < 8 || len(packed)%4 != 0 {
		return nil, false
	}
	inner := make([]byte, base64.StdEncoding.DecodedLen(len(packed)))
	n, err := base64.StdEncoding.Decode(inner, packed)
	if err != nil {
		return nil, false
	}
	inner = inner[:n]
	begins := func(prefix string) bool { return bytes.HasPrefix(inner, []byte(prefix)) }
	return inner, begins("\x1f\x8b") || begins("#") || begins("{") || isMIME(inner)
}

// isMIME tells whether a document is a message to cloud-init, which looks no further than that (convert_string in
// cloudinit/user_data.py), and begins as one.
func isMIME(content []byte) bool {
	head := bytes.ToLower(content[:min(len(content), 4096)])
	return bytes.Contains(head, []byte("mime-version:")) && head[0] >= 'a' && head[0] <= 'z'
}

// message reads a MIME message: one part, or many.
func (u *unwrapper) message(p part, depth int) error {
	m, err := mail.ReadMessage(bytes.NewReader(p.content))
	if err != nil { // which quotes the line: it may hold a key
		return fmt.Errorf("%sa MIME message whose header cannot be read", p.place)
	}
	return u.body(p, textproto.MIMEHeader(m.Header), m.Body, depth)
}

// body reads what follows a MIME header; p is what it is part of.
func (u *unwrapper) body(p part, header textproto.MIMEHeader, body io.Reader, depth int) error {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "" // cloud-init looks at the content then
	}
	if strings.HasPrefix(kind, "multipart/") {
		return u.multipart(p, multipart.NewReader(body, parameters["boundary"]), depth)
	}
	content, err := u.transferred(header.Get("Content-Transfer-Encoding"), body)
	if err != nil {
		return fmt.Errorf("%s%w", p.place, err)
	}
	p.content, p.kind = content, kind
	p.merges = header.Get("Merge-Type") != "" || header.Get("X-Merge-Type") != ""
	return u.unwrap(p, depth+1)
}

func (u *unwrapper) multipart(p part, parts *multipart.Reader, depth int) error {
	for n := 1; ; n++ {
		inner, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil { // which may quote a line
			return fmt.Errorf("%sMIME part %d cannot be read: is the message whole?", p.place, n)
		}
		if n > maxParts || depth > maxLayers {
			return fmt.Errorf("%sit has more than %d parts or %d layers of them", p.place, maxParts, maxLayers)
		}
		place := fmt.Sprintf("%spart %d, ", p.place, n)
		if err := u.body(part{place: place}, inner.Header, inner, depth+1); err != nil {
			return err
		}
	}
}

// transferred undoes a Content-Transfer-Encoding.
func (u *unwrapper) transferred(encoding string, body io.Reader) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(io.LimitReader(body, int64(u.room)+1))
	if err != nil {
		return nil, fmt.Errorf("the transfer encoding %s: %w", encoding, err)
	}
	if u.room -= len(content); u.room < 0 {
		return nil, errTooLarge
	}
	return content, nil
}

// archive reads a cloud-config-archive, which is a list of documents
// (https://docs.cloud-init.io/en/latest/explanation/format/cloud-config-archive.html).
func (u *unwrapper) archive(p part, depth int) error {
	var tree yaml.Node
	if err := yaml.Unmarshal(p.content, &tree); err != nil {
		return fmt.Errorf("%sthe cloud-config-archive is not YAML: %w", p.place, err)
	}
	if len(tree.Content) == 0 || tree.Content[0].Kind != yaml.SequenceNode {
		return fmt.Errorf("%sthe cloud-config-archive is no list", p.place)
	}
	for i, item := range tree.Content[0].Content {
		item = follow(item)
		inner := part{place: fmt.Sprintf("%spart %d, ", p.place, i+1), content: []byte(item.Value)}
		for j := 0; j+1 < len(item.Content) && item.Kind == yaml.MappingNode; j += 2 {
			switch value := follow(item.Content[j+1]).Value; item.Content[j].Value {
			case "content":
				inner.content = []byte(value)
			case "type":
				inner.kind = value
			}
		}
		if u.room -= len(inner.content); u.room < 0 {
			return fmt.Errorf("%s%w", inner.place, errTooLarge)
		}
		if err := u.unwrap(inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}
