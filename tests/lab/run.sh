#!/bin/bash
# run.sh [--short|--full] [--only SCENARIO]... [SUITE]...: the lab, in guests of these suites (bookworm and trixie where
# none is named), at once where this machine has processors enough. What they said and logged stays in target/lab/SUITE.
# For the differential runs: SEED=N runs what was drawn from seed N again, with FAULTS=N faults each, on
# CONFIGURATIONS="web six".
set -euo pipefail
. "$(dirname "$0")/host.sh"

# The short form leaves out what takes long.
full="guide outage quiescent fallback edit drift restart stop bus journal watchdog execute many reloads bus-restart differential"
short="guide outage fallback edit drift restart stop bus journal watchdog execute differential"

# The configurations of guest/differential, which the guests share between them. The short form has a seed of its own, so
# that it is each time the same.
declare -A full_configurations=([bookworm]="web mark files off limits maintenance" [trixie]="six quiescent requests range families")
declare -A short_configurations=([bookworm]="web" [trixie]="six")

form=short
only=
suites=()
while [ $# -gt 0 ]; do
	case $1 in
	--short) form=short ;;
	--full) form=full ;;
	--only) only+=" ${2:?--only SCENARIO}" && shift ;;
	-*) die "unknown option $1; usage: run.sh [--short|--full] [--only SCENARIO]... [SUITE]..." ;;
	*) suites+=("$1") ;;
	esac
	shift
done
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
if [ $form = full ]; then
	scenarios=$full faults=${FAULTS:-30} seed=${SEED:-$RANDOM} limit=7200
else
	scenarios=$short faults=${FAULTS:-5} seed=${SEED:-1} limit=1200
fi
scenarios=${only:-$scenarios}

passed=0 failed=0 skipped=0
failures=()

# Closes with what failed, once more: in a long log nobody finds it.
finish() {
	[ ${#failures[@]} = 0 ] || printf '%s\n' "${failures[@]}"
	echo "lab: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

# skip WHY: nothing can be run here.
skip() {
	echo "skipped: the lab (${#suites[@]} guests), because $*"
	skipped=${#suites[@]}
	finish
}

# stage SUITE FOLDER: the folder that the guest sees as /mnt/host.
stage() {
	local suite=$1 folder=$2 binaries
	binaries=$("$lab/build-binary.sh" "$suite")
	rm -rf "$folder"
	mkdir -p "$folder"
	cp -r "$lab/guest" "$repo/packaging/examples/guide-www.cf" "$folder/"
	printf '%s\n' $scenarios >"$folder/scenarios"
	local -n shared=${form}_configurations
	printf '%s=%q\n' seed "$seed" faults "$faults" configurations "${CONFIGURATIONS:-${shared[$suite]}}" >"$folder/differential"
	make --silent --no-print-directory -C "$repo" install PREBUILT="$binaries" DESTDIR="$folder/install" PREFIX=/usr
}

[ "$(uname -m)" = x86_64 ] || skip "user-mode-linux exists for x86 only, and this is $(uname -m)"
"$repo/scripts/bootstrap.sh" --lab || skip "the packages it needs cannot be installed (see above)"

# room_for_all: there is memory and a processor for each guest, and one more: the guests measure time, and what this
# machine does besides must not be taken for slowness of the director's.
room_for_all() {
	local free
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$(nproc)" -gt ${#suites[@]} ] && [ "$free" -ge $((2048 * ${#suites[@]})) ]
}

declare -A guests=()
trap '[ ${#guests[@]} = 0 ] || kill "${guests[@]}" 2>/dev/null || true; wait' EXIT
trap 'exit 130' INT TERM HUP

# start SUITE: its guest, in the background.
start() {
	local folder=$repo/target/lab/$1
	"$lab/boot.sh" "${images[$1]}" "$folder" guest/main.sh $limit >"$folder/output" 2>&1 &
	guests[$1]=$!
}

# follow SUITE: shows what its guest says until it has ended, and counts.
follow() {
	local suite=$1 folder=$repo/target/lab/$1 status=0
	echo "== $suite (load of this machine: $(cut -d' ' -f1-3 /proc/loadavg))"
	tail -n +1 -f --pid="${guests[$suite]}" "$folder/output" &
	wait $!
	wait "${guests[$suite]}" || status=$?
	unset "guests[$suite]"
	if [ -e "$folder/results" ]; then
		passed=$((passed + $(grep -c ^ok "$folder/results" || true)))
		failed=$((failed + $(grep -c ^FAIL "$folder/results" || true)))
		mapfile -t -O ${#failures[@]} failures < <(sed -n "s/^FAIL /FAILED in $suite: /p" "$folder/results")
	fi
	# A guest that broke off is a failure of its own.
	if [ "$status" -gt 1 ] || [ ! -e "$folder/results" ]; then
		failures+=("FAILED in $suite: it did not come to its end (status $status); its console is in $folder/console")
		failed=$((failed + 1))
	fi
}

declare -A images=()
for suite in "${suites[@]}"; do
	images[$suite]=$("$lab/build-root.sh" "$suite")
	stage "$suite" "$repo/target/lab/$suite"
done
if room_for_all; then
	for suite in "${suites[@]}"; do start "$suite"; done
	for suite in "${suites[@]}"; do follow "$suite"; done
else
	for suite in "${suites[@]}"; do start "$suite" && follow "$suite"; done
fi
finish
