#!/bin/bash
# All tests, one step after the other; a failed step does not keep the next from running. Closes with what each one did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

summary=()
steps=0
failures=0

# step NAME COMMAND...
step() {
	local name=$1 start=$SECONDS word=passed log
	shift
	steps=$((steps + 1))
	log=$(mktemp)
	echo "=== $name"
	if ! "$@" 2>&1 | tee "$log"; then
		word=FAILED
		failures=$((failures + 1))
	fi
	# Steps that count (the lab, a skipped one above all) close with a line of their own.
	summary+=("$(printf '%-8s %-22s %4d s  %s' "$word" "$name" $((SECONDS - start)) "$(grep -hE '^(lab: |servers: |vectors: |skipped: )' "$log" | xargs -d '\n' -r)")")
	# What failed is said once more where everybody looks: the end.
	mapfile -t -O ${#summary[@]} summary < <(grep -hE '^(FAILED in |(test|vector) .* \.\.\. FAILED)' "$log" | sed 's/^/         /')
	rm -f "$log"
}

step "format" cargo fmt --check
step "lints" cargo clippy --locked --all-targets -- -D warnings
step "tests" cargo test --locked
step "without features" cargo test --locked --no-default-features
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
step "release build" cargo build --locked --release --bins
step "random stories" env STORY_HOURS=10000 cargo test --locked --release --test stories random -- --nocapture
step "install" scripts/test-install.sh
step "demo" scripts/demo.sh
step "real servers" tests/servers/run.sh
step "lab, short form" tests/lab/run.sh --short

echo
echo "=== summary"
printf '%s\n' "${summary[@]}"
if [ "$failures" = 0 ]; then
	echo "all $steps steps passed"
else
	echo "$failures of $steps steps FAILED"
	exit 1
fi
