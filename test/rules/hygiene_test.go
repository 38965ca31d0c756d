package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository's top folder, seen from this package.
const root = "../.."

// maxLines keeps a file something that is read in one sitting.
const maxLines = 400

// longFiles may be longer, each for its reason.
var longFiles = map[string]string{}

func TestFilesStayShort(t *testing.T) {
	for path, f := range sources(t) {
		lines := f.set.File(f.ast.FileStart).LineCount()
		if lines > maxLines && longFiles[path] == "" && !ast.IsGenerated(f.ast) {
			t.Errorf("%s has %d lines, more than %d: split it by responsibility", path, lines, maxLines)
		}
	}
}

func TestNothingRunsBeforeMain(t *testing.T) {
	for path, f := range sources(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init(): it costs every command its time and cannot fail properly; call it from main", path)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for path, f := range sources(t) {
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || f.ast.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment: say what it is for and what it leaves to others", dir)
		}
	}
}

func TestNoCheckIsSwitchedOff(t *testing.T) {
	quiet := regexp.MustCompile(`\|\| *(true|:)(\s|$)`)
	for _, path := range tracked(t, "Makefile", ".ci/*", "*.sh", "tools/*.mk") {
		data, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(data), "\n") {
			if quiet.MatchString(line) {
				t.Errorf("%s:%d: %s\n\ta failure that nobody sees is not a check", path, n+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestNoPrivateKeyIsCommittedOutsideTestdata(t *testing.T) {
	for _, path := range tracked(t) {
		if strings.Contains(path, "testdata/") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue // deleted in the working tree
		}
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{40}`).Match(data) {
			t.Errorf("%s holds a private key", path)
		}
	}
}

type source struct {
	set *token.FileSet
	ast *ast.File
}

// sources parses the module's Go files that are not tests, by their path from the top, whatever their build tags.
func sources(t *testing.T) map[string]source {
	t.Helper()
	files := map[string]source{}
	for _, path := range tracked(t, "*.go") {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") {
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join(root, path), nil, parser.ParseComments|parser.SkipObjectResolution)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		files[path] = source{set, f}
	}
	return files
}

// tracked lists the files that git tracks or would, by their path from the top; all, or those that fit one of the patterns.
func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	list := []string{"-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}
	out, err := exec.Command("git", append(list, patterns...)...).Output()
	if err != nil {
		t.Skipf("these rules are about the repository, and this is not a git clone: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}
