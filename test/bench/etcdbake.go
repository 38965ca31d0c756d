package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const clusterYAML = `name: bench
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
`

// etcdbake runs the binary at path.
type etcdbake struct{ path string }

func (e etcdbake) writeSpec(dir string) error {
	return os.WriteFile(filepath.Join(dir, "cluster.yaml"), []byte(clusterYAML), 0o600)
}

func (e etcdbake) generateOnce(dir string) error {
	if err := e.writeSpec(dir); err != nil {
		return err
	}
	return e.generate(dir)
}

func (e etcdbake) generate(dir string) error { return e.command(dir, "generate") }

func (e etcdbake) version(dir string) error { return e.command(dir, "version") }

// command runs etcdbake in dir and shows what it said only where it failed.
func (e etcdbake) command(dir string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.Command(e.path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	return nil
}
