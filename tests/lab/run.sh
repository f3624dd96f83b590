#!/bin/bash
# run.sh [--short|--full] [--only SCENARIO]... [SUITE]...: the lab, one guest after the other (bookworm and trixie where
# none is named). What the guests said and logged stays in target/lab/SUITE.
set -euo pipefail
. "$(dirname "$0")/host.sh"

# The short form leaves out what takes long.
full="guide outage quiescent fallback edit drift restart stop bus journal watchdog many bus-restart"
short="guide outage fallback edit drift restart stop bus journal watchdog"

scenarios=$short
only=
suites=()
while [ $# -gt 0 ]; do
	case $1 in
	--short) scenarios=$short ;;
	--full) scenarios=$full ;;
	--only) only+=" ${2:?--only SCENARIO}" && shift ;;
	-*) die "unknown option $1; usage: run.sh [--short|--full] [--only SCENARIO]... [SUITE]..." ;;
	*) suites+=("$1") ;;
	esac
	shift
done
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
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
	make --silent --no-print-directory -C "$repo" install PREBUILT="$binaries" DESTDIR="$folder/install" PREFIX=/usr
}

[ "$(uname -m)" = x86_64 ] || skip "user-mode-linux exists for x86 only, and this is $(uname -m)"
"$repo/scripts/bootstrap.sh" --lab || skip "the packages it needs cannot be installed (see above)"

for suite in "${suites[@]}"; do
	echo "== $suite (load of this machine: $(cut -d' ' -f1-3 /proc/loadavg))"
	folder=$repo/target/lab/$suite
	image=$("$lab/build-root.sh" "$suite")
	stage "$suite" "$folder"
	status=0
	"$lab/boot.sh" "$image" "$folder" guest/main.sh 1200 || status=$?
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
done
finish
