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

// maxSize bounds user-data, each layer of its wrapping and all contents in it, in bytes. Clouds take at most a few hundred
// kilobytes; what grows beyond this is an attack or a mistake.
const maxSize = 16 << 20

var errTooLarge = errors.New("it unpacks to more than 16 MiB in all")

// unpack undoes an encoding of write_files (cloud-init's canonicalize_extraction). Where it cannot, it returns the content as
// it is, which is what cloud-init writes then. It unpacks room bytes at most, else the error is errTooLarge.
func unpack(content []byte, encoding string, room int) ([]byte, error) {
	var out []byte
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "text/plain":
		return content, nil
	case "b64", "base64":
		out, err = unbase64(content)
	case "gz", "gzip":
		out, err = gunzip(content, room)
	case "gz+b64", "gz+base64", "gzip+b64", "gzip+base64":
		if out, err = unbase64(content); err == nil {
			out, err = gunzip(out, room)
		}
	default:
		err = fmt.Errorf("unknown encoding %q: cloud-init would write the content as it is", encoding)
	}
	if err != nil {
		return content, err
	}
	return out, nil
}

func unbase64(content []byte) ([]byte, error) {
	out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(content)), ""))
	if err != nil {
		return nil, fmt.Errorf("the content is not base64: %w", err)
	}
	return out, nil
}

func gunzip(content []byte, room int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("the content is not gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(room)+1))
	if err != nil {
		return nil, fmt.Errorf("the content is damaged gzip: %w", err)
	}
	if len(out) > room {
		return nil, errTooLarge
	}
	return out, nil
}
