package cloud

import (
	"encoding/base64"

	"github.com/etcdbake/etcdbake/generator/compress"
)

// Encoding is what a whole file is wrapped in on its way to a host.
type Encoding string

// A Plain file is as its format has it.
const (
	Plain      Encoding = "plain"
	Gzip       Encoding = "gzip"
	GzipBase64 Encoding = "gzip+base64"
)

// Encodings are all values of Encoding.
func Encodings() []Encoding { return []Encoding{Plain, Gzip, GzipBase64} }

// Extension is what a file's name ends in for its encoding.
func (e Encoding) Extension() string {
	switch e {
	case Gzip:
		return ".gz"
	case GzipBase64:
		return ".gz.b64"
	}
	return ""
}

// Wrap encodes content. Equal content gives equal bytes.
func (e Encoding) Wrap(content []byte) ([]byte, error) {
	if e == Plain {
		return content, nil
	}
	packed, err := compress.Gzip(content)
	if e == GzipBase64 {
		packed = base64.StdEncoding.AppendEncode(nil, packed)
	}
	return packed, err
}
