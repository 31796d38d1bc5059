package attack

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// localPorts are those that the kernel gives to connections of this network namespace
// (net.ipv4.ip_local_port_range less ip_local_reserved_ports, which are those of IPv6
// too).
func localPorts() []uint16 {
	first, last, ok := localPortRange()
	if !ok {
		return nil
	}
	reserved := reservedPorts(sysctl("ip_local_reserved_ports"))
	var ports []uint16
	for port := first; port <= last; port++ {
		if !reserved[port] {
			ports = append(ports, uint16(port))
		}
	}
	return ports
}

func localPortRange() (first, last int, ok bool) {
	n, err := fmt.Sscan(sysctl("ip_local_port_range"), &first, &last)
	return first, last, err == nil && n == 2 && 0 < first && first <= last && last < 1<<16
}

// reservedPorts reads a list such as 30000-32767,40123.
func reservedPorts(list string) map[int]bool {
	reserved := map[int]bool{}
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		last, err := strconv.Atoi(to)
		if err != nil {
			continue
		}
		for port := first; port <= min(last, 1<<16); port++ {
			reserved[port] = true
		}
	}
	return reserved
}

// binding has a socket take the port before it is connected, also where an earlier
// connection from it to somewhere else is in TIME_WAIT.
func binding(port uint16) func(network, address string, socket syscall.RawConn) error {
	return func(network, _ string, socket syscall.RawConn) error {
		var failed error
		err := socket.Control(func(fd uintptr) {
			if failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); failed == nil {
				failed = unix.Bind(int(fd), anyAddress(network, port))
			}
		})
		if err != nil {
			return err
		}
		return os.NewSyscallError(callBind, failed)
	}
}

// choosing has the kernel choose a port before the socket is connected, so that it is
// known of a dial that fails. Where no port is free of all connections the kernel may
// find one when it is connected; then it stays 0.
func choosing(port *uint16) func(network, address string, socket syscall.RawConn) error {
	return func(network, _ string, socket syscall.RawConn) error {
		return socket.Control(func(fd uintptr) {
			*port = 0
			if unix.Bind(int(fd), anyAddress(network, 0)) != nil {
				return
			}
			switch bound, _ := unix.Getsockname(int(fd)); bound := bound.(type) {
			case *unix.SockaddrInet4:
				*port = uint16(bound.Port)
			case *unix.SockaddrInet6:
				*port = uint16(bound.Port)
			}
		})
	}
}

func anyAddress(network string, port uint16) unix.Sockaddr {
	if network == "tcp6" {
		return &unix.SockaddrInet6{Port: int(port)}
	}
	return &unix.SockaddrInet4{Port: int(port)}
}
