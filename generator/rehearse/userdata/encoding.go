package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxFile bounds a decompressed file. User-data has at most a few hundred kilobytes on any cloud; what grows beyond this
// is an attack or a mistake.
const maxFile = 16 << 20

// unpack undoes an encoding of write_files (cloud-init's canonicalize_extraction).
func unpack(content []byte, encoding string) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "text/plain":
		return content, nil
	case "b64", "base64":
		return unbase64(content)
	case "gz", "gzip":
		return gunzip(content)
	case "gz+b64", "gz+base64", "gzip+b64", "gzip+base64":
		packed, err := unbase64(content)
		if err != nil {
			return nil, err
		}
		return gunzip(packed)
	default:
		return nil, fmt.Errorf("unknown encoding %q: cloud-init would write the content as it is", encoding)
	}
}

func unbase64(content []byte) ([]byte, error) {
	out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(content)), ""))
	if err != nil {
		return nil, fmt.Errorf("the content is not base64: %w", err)
	}
	return out, nil
}

func gunzip(content []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("the content is not gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the content is damaged gzip: %w", err)
	}
	if len(out) > maxFile {
		return nil, errors.New("the content unpacks to more than 16 MiB")
	}
	return out, nil
}
