package rehearse

import (
	"strings"
)

// namespaceAdvice says what to do where the kernel refuses a user namespace or what it is needed for. setting reads a file
// of /proc/sys and returns "" where there is none.
func namespaceAdvice(setting func(path string) string) string {
	switch {
	case is(setting, "kernel/apparmor_restrict_unprivileged_userns", "1"):
		return "AppArmor restricts user namespaces here (the default on Ubuntu since 24.04). Run it as root (sudo), or allow them:\n" +
			"  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
	case is(setting, "kernel/unprivileged_userns_clone", "0"):
		return "User namespaces are for root only here. Run it as root (sudo), or allow them:\n" +
			"  sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case is(setting, "user/max_user_namespaces", "0"):
		return "User namespaces are switched off here. Allow them:\n" +
			"  sudo sysctl -w user.max_user_namespaces=10000"
	default:
		return "If this is a container, its runtime forbids namespaces. Run it on the host, or give it more rights, for example:\n" +
			"  docker run --privileged …"
	}
}

func is(setting func(string) string, path, value string) bool {
	return strings.TrimSpace(setting(path)) == value
}
