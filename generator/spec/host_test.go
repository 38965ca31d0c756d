package spec

import "testing"

func TestShreddingIsForHostsOfCloudInit(t *testing.T) {
	run(t, []badCase{
		{"cloud-config", with("shred_user_data: true"), nil},
		{"script", with("shred_user_data: true\ntarget: {format: script}"), nil},
		{"ignition", with("shred_user_data: true\ntarget: {format: ignition}"), []string{
			"6:18: shred_user_data: hosts of Ignition have no cloud-init, whose copies are shredded " +
				"(remove it; the cloud itself still has the user-data: docs/first-boot.md)",
		}},
	})
}
