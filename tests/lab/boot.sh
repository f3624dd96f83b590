#!/bin/bash
# boot.sh IMAGE FOLDER SCRIPT [SECONDS]: boots a fresh guest from IMAGE, with FOLDER of this machine as its /mnt/host,
# runs FOLDER/SCRIPT in it and exits with that script's status; 124 where the guest had not ended after SECONDS (600).
# What the guest prints comes out as it comes, and is kept in FOLDER/console. The image stays as it was.
set -euo pipefail
. "$(dirname "$0")/host.sh"

image=$(realpath "${1:?usage: boot.sh IMAGE FOLDER SCRIPT [SECONDS]}")
folder=$(realpath "${2:?a folder to share}")
script=${3:?a script to run}
limit=${4:-600}

work=$(mktemp -d "${TMPDIR:-/tmp}/ldirectord-boot.XXXXXX")
guest='' watch=''
# The guest is a process group of its own, and all of it ends with us.
clean_up() {
	if [ -n "$watch" ]; then kill "$watch" 2>/dev/null || true; fi
	if [ -n "$guest" ]; then
		kill -KILL -- "-$guest" 2>/dev/null || true
		wait "$guest" 2>/dev/null || true
	fi
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

rm -f "$folder/status"
mkfifo "$work/console"
sed -u 's/\r*$//' <"$work/console" | tee "$folder/console" &
printer=$!

# con0 is the console that the script prints on. uml_dir keeps what User-Mode Linux would leave in the home directory.
# shellcheck disable=SC2054 # the commas are the kernel's
options=("ubd0=$work/cow,$image" root=/dev/ubda rw mem=1536M "uml_dir=$work" umid=guest con=null con0=null,fd:1 con1=null
	ssl=null selinux=0 apparmor=0 quiet loglevel=3 systemd.show_status=0 panic=-1 TERM=dumb "lab.share=$folder" "lab.run=$script")

# The guest measures time by this machine's clock: where we may, it goes before what else is running here. Most kernels
# weigh sessions (autogroup) and not processes.
run_first() {
	renice -n -10 -p $$ >/dev/null 2>&1
	echo -10 2>/dev/null >/proc/self/autogroup
	exec "$@"
}
export -f run_first
setsid bash -c 'run_first "$@"' bash linux.uml "${options[@]}" </dev/null >"$work/console" 2>&1 &
guest=$!

# In the background, since a shell that waits for a child of the foreground heeds no signal meanwhile.
timeout "$limit" tail --pid="$guest" -f /dev/null >/dev/null &
watch=$!
if ! wait "$watch"; then
	echo "boot.sh: the guest had not ended after $limit s" >&2
	exit 124
fi
wait "$guest" || true
guest=
wait "$printer" || true
[ -s "$folder/status" ] || die "the guest ended before its script did; see $folder/console"
exit "$(cat "$folder/status")"
