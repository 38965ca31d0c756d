// Package compress makes content smaller in the one way that all user-data are. It decides nothing about where that is of use.
package compress

import (
	"bytes"
	"compress/gzip"
)

// Gzip returns content as gzip (RFC 1952) without a name or a time in its header, so that it depends on content alone.
func Gzip(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
