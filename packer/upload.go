package packer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// Names in our folder on the guest.
const (
	envName     = "install.env"
	tarballName = "etcd.tar.gz"
)

// rounds is how often the guest tries all mirrors: a build should fail while somebody is still looking at it.
const rounds = 3

// upload puts into the folder all that the guest needs: once a script has begun, nothing else has to come.
func (g *guest) upload(ctx context.Context, layout plan.Layout, tarball string) error {
	env, err := layout.Env(rounds)
	if err != nil {
		return err
	}
	contents := map[string][]byte{envName: env}
	for i, f := range layout.Files {
		contents[fileName(i)] = f.Content
	}
	for name, content := range contents {
		if err := g.put(ctx, name, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	if err := g.putScripts(ctx, layout, tarball != ""); err != nil {
		return err
	}
	if tarball == "" {
		return nil
	}
	return g.putTarball(ctx, tarball)
}

// fileName is the name in our folder of the layout's file i.
func fileName(i int) string { return fmt.Sprintf("file%d", i) }

// putScripts uploads what runs as root.
func (g *guest) putScripts(ctx context.Context, layout plan.Layout, uploaded bool) error {
	scripts, err := g.scripts(layout, uploaded)
	if err != nil {
		return err
	}
	command := "chmod 0700"
	for name, script := range scripts {
		if err := g.put(ctx, name, strings.NewReader(script)); err != nil {
			return err
		}
		command += " " + g.quoted(name)
	}
	return g.exec(ctx, command, nil, nil)
}

func (g *guest) putTarball(ctx context.Context, tarball string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	g.ui.Sayf("Uploading %s", tarball)
	body := g.ui.TrackProgress(tarball, 0, info.Size(), f)
	defer body.Close()
	return g.put(ctx, tarballName, body)
}

// put uploads a file into the folder. A communicator's uploads know no context: a cancelled one is starved and left alone.
func (g *guest) put(ctx context.Context, name string, content io.Reader) error {
	ended := make(chan error, 1)
	go func() { ended <- g.comm.Upload(path.Join(g.folder, name), contextReader{ctx, content}, nil) }()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("uploading %s to %s on the guest: %w", name, g.folder, err)
		}
		return nil
	}
}

// contextReader gives no more once the context is cancelled.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
