package cloud

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
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
	packed, err := gzipped(content)
	if e == GzipBase64 {
		packed = base64.StdEncoding.AppendEncode(nil, packed)
	}
	return packed, err
}

// gzipped has no name and no time in its header, so that it depends on content alone.
func gzipped(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
