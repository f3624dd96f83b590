#!/bin/bash
# The guest's program: installs the director, builds the network and the servers, runs scenarios, closes with the sum.
# The host left beside this: install/ (what `make install` put there), scenarios (their names, one a line).
set -u
here=$(cd "$(dirname "$0")" && pwd)
export here
. "$here/all.sh"

mkdir -p /run/lab
: >"$results"
echo "$(. /etc/os-release && echo "$PRETTY_NAME"), $(systemctl --version | head -n 1), kernel $(uname -r)"

cp -r --no-dereference --preserve=mode /mnt/host/install/. /
systemctl daemon-reload
systemctl reload dbus
modprobe -a ip_vs ip_vs_ftp
started=$(now_ms)
build_network
build_servers
echo "the cluster stands after $(($(now_ms) - started)) ms"

while read -r scenario <&3; do
	echo "$scenario: $(sed -n '2s/^# //p' "$here/scenarios/$scenario.sh")"
	clean_slate
	measure_pace
	[ "$pace" = 100 ] || echo "  this guest is slow: its bounds are $pace % of what was promised"
	started=$(now_ms)
	before=$(wc -l <"$results")
	bash -u "$here/scenarios/$scenario.sh" </dev/null || failed "$scenario came to its end"
	if tail -n "+$((before + 1))" "$results" | grep -q ^FAIL; then
		echo "        | the journal since it began:"
		journal --output=short-precise --no-hostname | tail -n 60 | sed 's/^/        | /'
	fi
	echo "  took $(($(now_ms) - started)) ms"
done 3</mnt/host/scenarios

clean_slate
journalctl --quiet --output=short-precise --no-hostname >/mnt/host/journal
cp "$results" /mnt/host/results
failures=$(grep -c ^FAIL "$results")
echo "$(grep -c ^ok "$results") passed, $failures failed"
[ "$failures" = 0 ]
