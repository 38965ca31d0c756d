package packer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// farewell is how long a cancelled build waits until the guest is tidy: it may be gone.
const farewell = 10 * time.Second

// guest is the machine that becomes an image.
type guest struct {
	ui        packersdk.Ui
	comm      packersdk.Communicator
	config    *Config
	generated map[string]any // what Packer knows of the build, for execute_command
	arch      string         // by Go's name
	sudo      bool           // the communicator's user is not root
	folder    string         // our private folder on the guest, after open
}

// probe asks the guest what it is.
func probe(
	ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, config *Config, generated map[string]any,
) (*guest, error) {
	g := &guest{ui: ui, comm: comm, config: config, generated: generated}
	var answer []string
	err := g.exec(ctx, "uname -s && uname -m && id -u", nil, func(line string) { answer = append(answer, line) })
	if err != nil {
		return nil, fmt.Errorf("asking the guest what it is, with uname and id: %w", err)
	}
	if len(answer) != 3 || answer[0] != "Linux" {
		return nil, fmt.Errorf("the guest says that it is %q: only Linux becomes an image of members", answer)
	}
	g.arch = map[string]string{"x86_64": "amd64", "aarch64": "arm64"}[answer[1]]
	g.sudo = answer[2] != "0"
	if !slices.Contains(arches(), g.arch) {
		return nil, fmt.Errorf("the guest is %s, which is neither amd64 nor arm64", answer[1])
	}
	if config.Arch != "" && config.Arch != g.arch {
		return nil, fmt.Errorf("the guest is %s, but arch is %s\nhint: remove arch, or use another source image", g.arch, config.Arch)
	}
	return g, nil
}

// open makes the private folder.
func (g *guest) open(ctx context.Context) error {
	g.folder = path.Join(g.config.RemoteFolder, "etcdbake-"+strings.ToLower(rand.Text()))
	if err := g.exec(ctx, "umask 077 && mkdir "+shellescape.Quote(g.folder), nil, nil); err != nil {
		return fmt.Errorf("making a folder in remote_folder, %s: %w", g.config.RemoteFolder, err)
	}
	return nil
}

// close removes the folder and returns what the provisioner ends with, given what it would end with otherwise.
func (g *guest) close(ctx context.Context, err error) error {
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer stop()
	if removal := g.exec(last, "rm -rf "+shellescape.Quote(g.folder), nil, nil); removal != nil && err == nil {
		err = fmt.Errorf("removing %s from the guest: %w", g.folder, removal)
	}
	return err
}

// run runs a script of ours in the folder as root, given its name; say gets each line that it prints.
func (g *guest) run(ctx context.Context, name string, say func(line string)) error {
	command, err := g.config.command(path.Join(g.folder, name), g.sudo, g.generated)
	if err != nil {
		return fmt.Errorf("execute_command: %w", err)
	}
	line := newLifeline()
	defer line.Close()
	return g.exec(ctx, command, line, say)
}

// exec runs a command as the communicator's user. in may be nil. Lines of the command's stdout go to say, which may be nil,
// those of its stderr to the UI. It returns as soon as the context is cancelled, although the command may go on then.
func (g *guest) exec(ctx context.Context, command string, in io.Reader, say func(line string)) error {
	out, errs := &lines{say: say}, &lines{say: g.ui.Error}
	defer out.end()
	defer errs.end()
	cmd := &packersdk.RemoteCmd{Command: command, Stdin: in, Stdout: out, Stderr: errs}
	ended := make(chan error, 1)
	go func() {
		err := g.comm.Start(ctx, cmd)
		if err == nil {
			err = exitError(cmd.Wait())
		}
		ended <- err
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-ended:
		return err
	}
}

// exitError is nil for the status 0.
func exitError(status int) error {
	switch status {
	case 0:
		return nil
	case packersdk.CmdDisconnect:
		return errors.New("the guest closed the connection")
	}
	return fmt.Errorf("exit status %d", status)
}

// indent shows a line of a script, set off from Packer's own.
func (g *guest) indent(line string) { g.ui.Say("    " + line) }

// sudoHint says what to do where the default command may have asked for a password in vain.
func (g *guest) sudoHint() string {
	if g.sudo && g.config.ExecuteCommand == defaultExecuteCommand {
		return "\nhint: the communicator's user is not root; where sudo asks for a password, set execute_command"
	}
	return ""
}
