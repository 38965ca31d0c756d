package inspect

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// Kind is what is in a file.
type Kind string

// The kinds of files. A Text or Certificates file can be shown; of the others only its size is.
const (
	Text         Kind = "text"
	Certificates Kind = "certificate"
	Binary       Kind = "binary"
	PrivateKey   Kind = "private key"
	Secret       Kind = "secret" // a key that is hidden in something else
)

// kindOf looks into a file.
func kindOf(content []byte) Kind {
	switch {
	case holdsKey(content):
		if len(keysOf(content)) > 0 {
			return PrivateKey
		}
		return Secret
	case hidesKey(content, 3):
		return Secret
	case !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0:
		return Binary
	case bytes.Contains(content, []byte("-----BEGIN CERTIFICATE-----")):
		return Certificates
	}
	return Text
}

// holdsKey tells whether content has a private key that can be seen.
func holdsKey(content []byte) bool {
	upper := bytes.ToUpper(content)
	for _, mark := range []string{"PRIVATE KEY", "AGE-SECRET-KEY-", "PRIVATE-LINES"} {
		if bytes.Contains(upper, []byte(mark)) {
			return true
		}
	}
	_, err := parseKey(content)
	return err == nil
}

// inBase64 finds what may be something in base64, over many lines too.
var inBase64 = regexp.MustCompile(`[A-Za-z0-9+/]{16,}(?:\s*[A-Za-z0-9+/]+)*={0,2}`)

// hidesKey tells whether a key is in what content is packed into, so many layers deep.
func hidesKey(content []byte, depth int) bool {
	if depth == 0 {
		return false
	}
	found := func(inner []byte) bool { return holdsKey(inner) || hidesKey(inner, depth-1) }
	if r, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
		inner, _ := io.ReadAll(io.LimitReader(r, userdata.MaxSize)) // as much of it as there is
		return found(inner)
	}
	for _, text := range inBase64.FindAll(content, -1) {
		packed := bytes.Join(bytes.Fields(text), nil)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			if inner, err := encoding.DecodeString(string(packed)); err == nil && found(inner) {
				return true
			}
		}
	}
	return false
}

// keysOf returns the private keys in PEM or DER.
func keysOf(content []byte) []privateKey {
	var keys []privateKey
	if key, err := parseKey(content); err == nil {
		return []privateKey{key}
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if key, err := parseKey(block.Bytes); err == nil && strings.HasSuffix(block.Type, "PRIVATE KEY") {
			keys = append(keys, key)
		}
	}
	return keys
}

var errNoKey = errors.New("not a private key")

// parseKey reads a key in DER, in any of its forms.
func parseKey(der []byte) (privateKey, error) {
	if len(der) < 2 || der[0] != 0x30 { // a SEQUENCE, as all of them are
		return nil, errNoKey
	}
	var key any
	var err error
	if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if key, err = x509.ParseECPrivateKey(der); err != nil {
			if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
				return nil, errNoKey
			}
		}
	}
	if k, ok := key.(privateKey); ok {
		return k, nil
	}
	return nil, errNoKey
}

// privateKey is what the standard library's private keys have in common.
type privateKey interface{ Public() crypto.PublicKey }

// publicKeyOf returns the SHA-256 of the first key's public half.
func publicKeyOf(content []byte) string {
	for _, key := range keysOf(content) {
		if digest, ok := publicDigest(key.Public()); ok {
			return digest
		}
	}
	return ""
}

func publicDigest(public any) (string, bool) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", false
	}
	digest := sha256.Sum256(der)
	return hex.EncodeToString(digest[:]), true
}

// What in a text is a secret: the value of a setting with such a name, a password in a URL, a header that lets somebody in.
// etcd's cluster token is none: it tells clusters apart.
var (
	setting   = regexp.MustCompile(`(?i)([\w.-]*(?:passw|passphrase|secret|token|credential|api[_-]?key|private[_-]?key)[\w.-]*["']?\s*[:=]\s*)(\S.*)`)
	noSecret  = regexp.MustCompile(`(?i)(INITIAL_CLUSTER_TOKEN|initial-cluster-token)["']?\s*[:=]\s*$`)
	inURL     = regexp.MustCompile(`(://)[^/\s"'@]+@`)
	authorize = regexp.MustCompile(`(?i)\b(authorization:?\s*|bearer\s+|basic\s+)[^\s"']+(\s+[A-Za-z0-9+/._=-]{8,})?`)
)

// redactText takes the secrets out of a text, and what a terminal would act upon.
func redactText(text string) string {
	if k := kindOf([]byte(text)); k == PrivateKey || k == Secret {
		return fmt.Sprintf("(redacted: %s)", k)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = inURL.ReplaceAllString(line, "$1"+userdata.Redacted+"@")
		line = authorize.ReplaceAllString(line, "$1"+userdata.Redacted)
		line = setting.ReplaceAllStringFunc(line, func(found string) string {
			parts := setting.FindStringSubmatch(found)
			if noSecret.MatchString(parts[1]) || strings.HasPrefix(parts[2], userdata.Redacted) {
				return found
			}
			return parts[1] + userdata.Redacted
		})
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// printable replaces what is no character to be seen: a file's name must not move the cursor of a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}
