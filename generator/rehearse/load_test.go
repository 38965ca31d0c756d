package rehearse_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/rehearse"
)

func TestAMembersOneFileIsFoundWhateverItsFormat(t *testing.T) {
	dir := t.TempDir()
	o := generator.Options{
		Spec: filepath.Join(dir, "cluster.yaml"), PKI: filepath.Join(dir, "pki"), Out: filepath.Join(dir, "out"), Clock: time.Now,
	}
	if err := os.WriteFile(o.Spec, []byte("name: c\nmembers: [{name: m, address: 10.0.0.2}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := generator.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	current := "user-data/m.yaml"
	move := func(name string) {
		t.Helper()
		path := filepath.Join(o.Out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(o.Out, current), path); err != nil {
			t.Fatal(err)
		}
		current = name
	}
	for _, name := range []string{"user-data/m.yaml.gz.b64", "script/m.sh", "script/m.sh.gz", "x/m.ign", "nocloud/m.iso"} {
		move(name)
		if _, err := rehearse.Load(o.Out, o.PKI); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"user-data/m2.yaml": "the user-data of member m: find OUT/user-data/m.yaml: file does not exist",
		"user-data/m":       "the user-data of member m: find OUT/user-data/m.yaml: file does not exist",
		"rootfs/m.tar":      "the user-data of member m: find OUT/user-data/m.yaml: file does not exist",
	} {
		move(name)
		_, err := rehearse.Load(o.Out, o.PKI)
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), o.Out, "OUT"), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	move("script/m.sh")
	if err := os.WriteFile(filepath.Join(o.Out, "user-data", "m.yaml.gz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := rehearse.Load(o.Out, o.PKI)
	want := "the user-data of member m: there are OUT/script/m.sh and OUT/user-data/m.yaml.gz: remove what is out of date"
	if err == nil || strings.ReplaceAll(err.Error(), o.Out, "OUT") != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
