package membership

import (
	"net"
	"os"
	"strings"
)

// Instance names the process that listens at an address of this machine, for Config.Instance: the boot and the
// network namespace in which it does, and the address, for only one process at a time can. It is empty where that is
// not known. A container that is started again has another network namespace, and so another name.
func Instance(addr net.Addr) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return ""
	}
	at := strings.TrimSpace(string(boot)) + "-" + namespace + "-" + addr.String()
	return strings.Map(func(r rune) rune { // a name's characters are those of a topic's
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_", r) {
			return r
		}
		return '_'
	}, at)
}
