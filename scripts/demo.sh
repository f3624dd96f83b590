#!/bin/bash
# A minute with the director: three HTTP servers on loopback, of which one is killed, one answers wrongly, both come back,
# and an edit of the configuration; the table is shown as it changes. On the kernel's IPVS, in a network namespace of its
# own, where the kernel has it; else the checks are real and the table is the director's own (--dry-run).
set -euo pipefail
cd "$(dirname "$0")/.."
self=$PWD/scripts/demo.sh

virtual=127.0.0.1:8080
names=(one two three)
addresses=(127.0.0.2:8080 127.0.0.3:8080 127.0.0.4:8080)

if [ "${1:-}" != inside ]; then
	echo "building the director and the servers of the demonstration"
	cargo build --quiet --locked --release --bins
	binaries=${CARGO_TARGET_DIR:-$PWD/target}/release
	# Not through cargo, which would build the director's dependencies once more, with what its tests want of them.
	rustc --edition 2024 -O -o "$binaries/demo_server" examples/demo_server.rs
	export binaries
	[ "$(id -u)" != 0 ] || modprobe --quiet ip_vs 2>/dev/null || true
	for unshare in "unshare --net" "unshare --map-root-user --net"; do
		if $unshare true 2>/dev/null; then own_network=yes exec $unshare "$self" inside; fi
	done
	own_network='' exec "$self" inside
fi

. scripts/demo-table.sh
: "${binaries:?}" "${own_network?}"

work=$(mktemp -d)
director=
servers=()
clean_up() {
	kill "${servers[@]}" $director 2>/dev/null || true
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start_server() {
	"$binaries/demo_server" "${addresses[$1]}" "${names[$1]}" "$work/page-${names[$1]}" 2>>"$work/log" &
	servers[$1]=$!
}

# The configuration as shipped, with a log of our own. No bus: the demonstration has no business on the system's.
[ -z "$own_network" ] || ip link set lo up
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/no-bus
{
	echo "logfile = \"$work/log\""
	cat packaging/examples/demo.cf
} >"$work/demo.cf"
: >"$work/log" && : >"$work/lines"

dry_run=--dry-run
if [ -n "$own_network" ] && ipvsadm -Ln >/dev/null 2>&1; then
	dry_run=
	say "the table is the kernel's IPVS, in a network namespace of this demonstration's own"
else
	say "this kernel has no IPVS for us, so the table is the memory one (--dry-run): real checks, no traffic"
fi

for number in 0 1 2; do
	echo 'test page' >"$work/page-${names[number]}"
	start_server $number
	doing[number]=good
done
"$binaries/ldirectord" $dry_run "$work/demo.cf" run >"$work/lines" 2>>"$work/log" &
director=$!
scene "the director starts" 1 1 2

kill "${servers[1]}" && wait "${servers[1]}" 2>/dev/null || true
doing[1]=dead
scene "server two is killed" 1 - 2

echo 'another page' >"$work/page-three"
doing[2]=wrong
scene "server three answers wrongly" 1 - -

start_server 1
doing[1]=good
scene "server two comes back" 1 1 -

echo 'test page' >"$work/page-three"
doing[2]=good
scene "server three answers rightly again" 1 1 2

sed 's/127.0.0.2:8080 masq 1/127.0.0.2:8080 masq 5/' "$work/demo.cf" >"$work/edited"
mv "$work/edited" "$work/demo.cf"
scene "the configuration is edited: weight 5 for server one" 5 1 2

kill "$director"
scene "the director is stopped" - - -
say "that was all; nothing is left behind"
