package spec

import (
	"fmt"
	"strings"
)

// checkClients checks the names of client certificates, which become file names, and what goes into their subjects.
func (d *document) checkClients(clients []Client) {
	names := seen{}
	for i, c := range clients {
		n := d.node("clients", i, "name")
		d.checkName(n, fmt.Sprintf("clients[%d].name", i), c.Name)
		// Without regard to case: on some systems Admin.pem and admin.pem are one file.
		d.unique(names, n, strings.ToLower(c.Name), "the name %q is taken", c.Name)
		if strings.HasSuffix(strings.ToLower(c.Name), "-key") {
			d.errorf(n, "choose another name", "clients[%d].name: %q would be the file of another client's key", i, c.Name)
		}
		d.checkLength(c.CommonName, 64, "clients", i, "common_name")
		d.checkLength(c.Organization, 64, "clients", i, "organization")
	}
}
