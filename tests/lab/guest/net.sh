# shellcheck shell=bash
# The network, all of it in namespaces of this guest; the director is the guest itself.
#
#   client ---- router ----+---- director (the guest; the virtual addresses are on it)
#   198.51.100.2           |     lan0 192.168.0.254, 204.202.136.2
#            198.51.100.1  +---- real1  192.168.0.1   gate: answers the client through the router,
#            204.202.136.1 +---- real2  192.168.0.2         has the virtual address on lo, silent about it in ARP
#            192.168.0.253 +---- real3  192.168.0.3   masq: answers through the director
#                          +---- real4  192.168.0.4
#
# All on the right hang on one switch, a namespace that holds nothing but a bridge.

client=198.51.100.2
vip_http=204.202.136.32
vip_https=204.202.136.33
vip_ftp=204.202.136.34

# in_ns NAMESPACE COMMAND...
in_ns() {
	ip netns exec "$@"
}

# plug NAMESPACE: a port of the switch in NAMESPACE ("" is the guest itself), called lan0 there.
plug() {
	local namespace=$1 port="port-${1:-director}"
	ip link add "$port" netns switch type veth peer name lan0 ${namespace:+netns "$namespace"}
	ip -n switch link set "$port" master bridge up
	ip ${namespace:+-n "$namespace"} link set lan0 up
}

# add_real NAME ADDRESS GATEWAY [VIRTUAL]: a real server; with VIRTUAL, one that answers for that address itself. Its IPv6
# address ends as the other one does: 192.168.0.3, fd00:5::3.
add_real() {
	local name=$1 address=$2 gateway=$3 virtual=${4:-}
	ip netns add "$name"
	ip -n "$name" link set lo up
	plug "$name"
	in_ns "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n "$name" address add "$address/24" dev lan0
	ip -n "$name" address add "fd00:5::${address##*.}/64" dev lan0 nodad
	ip -n "$name" route add default via "$gateway"
	if [ -n "$virtual" ]; then ip -n "$name" address add "$virtual/32" dev lo; fi
}

build_network() {
	ip netns add switch
	ip -n switch link add bridge type bridge forward_delay 0
	ip -n switch link set bridge up

	ip netns add client
	ip netns add router
	ip -n client link set lo up
	ip link add out0 netns router type veth peer name eth0 netns client
	ip -n client link set eth0 up
	ip -n client address add $client/24 dev eth0
	ip -n client route add default via 198.51.100.1
	plug router
	in_ns router sysctl -qw net.ipv4.ip_forward=1
	ip -n router link set out0 up
	ip -n router address add 198.51.100.1/24 dev out0
	ip -n router address add 204.202.136.1/24 dev lan0
	ip -n router address add 192.168.0.253/24 dev lan0

	plug ""
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.lan0.send_redirects=0
	# A client that happens to use a port again whose connection went to a server that is no more: forget it, else the
	# kernel drops what it sends for two minutes.
	sysctl -qw net.ipv4.vs.expire_nodest_conn=1
	# One that uses a port again whose last connection is closing: schedule it anew, else it goes where the last one went
	# and what a scenario counts is a matter of luck. Behind gate the kernel sees one side only and calls that FIN_WAIT (2).
	sysctl -qw net.ipv4.vs.conn_reuse_mode=3
	ip address add 192.168.0.254/24 dev lan0
	ip address add 204.202.136.2/24 dev lan0
	ip route add default via 204.202.136.1
	local virtual
	for virtual in $vip_http $vip_https $vip_ftp; do ip address add "$virtual/32" dev lan0; done

	add_real real1 192.168.0.1 192.168.0.253 $vip_http
	add_real real2 192.168.0.2 192.168.0.253 $vip_http
	add_real real3 192.168.0.3 192.168.0.254
	add_real real4 192.168.0.4 192.168.0.254
}
