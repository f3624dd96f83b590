#!/bin/bash
# fuzz.sh [TARGET ...]: feeds each fuzz target (fuzz/targets) for FUZZ_SECONDS, 600 if nothing else is said. What it begins
# with are the configurations and listings of the tests. Closes with what each one did, and fails if one found something:
# the input lies in fuzz/artifacts then. What was learned is kept in fuzz/corpus, for the next time.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds=${FUZZ_SECONDS:-600}
targets=("$@")
[ $# -gt 0 ] || targets=(classic native convert listing answer dialogue dns grpc ldap lines mysql pgsql radius sip tns)
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
mkdir "$seeds"/{classic,native,convert,listing,answer,dialogue,dns,grpc,ldap,lines,mysql,pgsql,radius,sip,tns}

# seed TARGET FILE...: each under a name of its own.
seed() {
	local to=$seeds/$1 file
	shift
	for file; do
		[ ! -f "$file" ] || cp "$file" "$to/$(tr / - <<<"$file")"
	done
}
shopt -s nullglob globstar
seed classic tests/**/*.cf packaging/examples/*.cf
seed native tests/**/*.toml packaging/examples/*.toml
seed convert tests/**/*.cf packaging/examples/*.cf tests/config/**/*.toml packaging/examples/*.toml
seed listing src/ipvs/ipvsadm/*.txt tests/**/*.listing
for target in answer dialogue dns grpc ldap lines mysql pgsql radius sip tns; do seed "$target" "fuzz/seeds/$target"/*; done
sed -n 's/^| `\([a-z0-9-]*\)` |.*/"\1"/p' src/config/classic/GRAMMAR.md | sort -u >"$seeds/words"

summary=()
failures=0
for target in "${targets[@]}"; do
	echo "=== $target, $seconds s"
	mkdir -p "fuzz/corpus/$target"
	log=$(mktemp)
	word=good
	# Nothing here is unsafe, so that no sanitizer is needed, and with none the toolchain that builds us will do.
	if ! cargo fuzz run --sanitizer none --target-dir target/fuzz "$target" "fuzz/corpus/$target" "$seeds/$target" -- \
		-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -dict="$seeds/words" \
		-print_final_stats=1 2>&1 | tee "$log" | grep -E --line-buffered 'error|panicked|ERROR|SUMMARY|artifact|stat::'; then
		word=FINDING
	fi
	grep -q '^stat::number_of_executed_units' "$log" || word=FINDING
	[ "$word" = good ] || failures=$((failures + 1))
	summary+=("$(printf '%-8s %-8s %12s executions, %6s inputs kept' "$word" "$target" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(find "fuzz/corpus/$target" -type f | wc -l)")")
	rm -f "$log"
done

echo
printf '%s\n' "${summary[@]}"
[ "$failures" = 0 ] || { echo "$failures of ${#targets[@]} targets found something: see fuzz/artifacts"; exit 1; }
