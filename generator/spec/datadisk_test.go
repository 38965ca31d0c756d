package spec

import "testing"

func TestADataDiskIsOneThatStaysTheSame(t *testing.T) {
	run(t, []badCase{
		{"one line", with("data_disk: {device: /dev/disk/by-id/google-etcd}"), nil},
		{"everything", with("data_disk: {device: '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1', filesystem: xfs, label: etcd-data_1}"), nil},
		{"no device", with("data_disk: {filesystem: xfs}"), []string{
			"6:12: warning: data_disk has no device, so the data are on the root file system (add device: /dev/disk/by-id/..., or remove data_disk)",
		}},
		{"no path", with("data_disk: {device: google-etcd}"), []string{
			`6:21: data_disk.device: "google-etcd" is not the path of a device (write it like /dev/disk/by-id/google-etcd)`,
		}},
		{"out of /dev", with("data_disk: {device: /dev/../etc/passwd}"), []string{
			`6:21: data_disk.device: "/dev/../etc/passwd" is not the path of a device (write it like /dev/disk/by-id/google-etcd)`,
		}},
		{"a shell's word", with("data_disk: {device: '/dev/$(reboot)'}"), []string{
			`6:21: data_disk.device: "/dev/$(reboot)" is not the path of a device (write it like /dev/disk/by-id/google-etcd)`,
		}},
		{"by number", with("data_disk: {device: /dev/nvme1n1}"), []string{
			"6:21: warning: data_disk.device: /dev/nvme1n1 may be another disk after a reboot (name it by /dev/disk/by-id/...)",
		}},
		{"by label", with("data_disk: {device: /dev/disk/by-label/etcd}"), []string{
			"6:21: warning: data_disk.device: a blank disk has no label and no UUID, so /dev/disk/by-label/etcd is waited for until it " +
				"has one (name it by /dev/disk/by-id/..., or make the file system yourself)",
		}},
		{"too long for xfs", with("data_disk: {device: /dev/disk/by-id/a, filesystem: xfs, label: thirteen-char}"), []string{
			`6:64: data_disk.label: "thirteen-char" has 13 characters, and xfs takes 12 (choose a shorter one)`,
		}},
		{"too long for ext4", with("data_disk: {device: /dev/disk/by-id/a, label: seventeen-letters}"), []string{
			`6:47: data_disk.label: "seventeen-letters" has 17 characters, and ext4 takes 16 (choose a shorter one)`,
		}},
		{"no label", with("data_disk: {device: /dev/disk/by-id/a, label: 'my disk'}"), []string{
			`6:47: data_disk.label: "my disk" cannot be a label (use letters, digits, dots, dashes and underscores)`,
		}},
		{"our own label", with("data_disk: {device: /dev/disk/by-id/a, label: etcdbake-new}"), []string{
			`6:47: data_disk.label: "etcdbake-new" marks a file system that is being made (choose another)`,
		}},
		{"btrfs", with("data_disk: {device: /dev/disk/by-id/a, filesystem: btrfs}"), []string{
			`6:52: data_disk.filesystem must be ext4 or xfs, not "btrfs" (choose one of: ext4, xfs)`,
		}},
	})
}
