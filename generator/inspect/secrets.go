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
	"iter"
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
	if bytes.Contains(content, []byte(`"kty"`)) && bytes.Contains(content, []byte(`"d"`)) { // a JSON web key (RFC 7517)
		return true
	}
	_, err := parseKey(content)
	return err == nil
}

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
	for text := range base64Texts(content) {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if inner, err := encoding.DecodeString(text); err == nil && found(inner) {
				return true
			}
		}
	}
	return false
}

// shortest is the least length of base64 that is looked into: no key is shorter, and most words are.
const shortest = 24

// inBase64 finds words of base64, and what is between them.
var inBase64 = regexp.MustCompile(`[A-Za-z0-9+/_-]+`)

// base64Texts returns what may be something in base64, without its padding: every word that is long enough, and those on lines of
// equal length as one, without and with a last one that is shorter.
func base64Texts(content []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		words := inBase64.FindAllIndex(content, -1)
		word := func(i int) []byte { return content[words[i][0]:words[i][1]] }
		follows := func(i int) bool { // only space is between it and the word before
			return i < len(words) && len(bytes.TrimSpace(content[words[i-1][1]:words[i][0]])) == 0
		}
		for i := 0; i < len(words); i++ {
			length := len(word(i))
			if length < shortest {
				continue
			}
			lines := bytes.Clone(word(i))
			for ; follows(i+1) && len(word(i+1)) == length; i++ {
				if !yield(string(word(i))) {
					return
				}
				lines = append(lines, word(i+1)...)
			}
			if !yield(string(word(i))) || !yield(string(lines)) {
				return
			}
			if follows(i+1) && len(word(i+1)) < length && !yield(string(append(lines, word(i+1)...))) {
				return
			}
		}
	}
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
