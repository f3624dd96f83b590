# shellcheck shell=bash
# Assertions and waiting. Every check is one line of output, "ok" or "FAIL", and one line of $results for the closing sum.

results=${results:-/run/lab/results}

# Milliseconds since boot or so; no process is started for it.
now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/./} / 1000))
}

# nap SECONDS: sleeps without starting a process (a read that nobody answers).
exec {never}<> <(:)
nap() {
	read -rt "$1" -u "$never" || true
}

# How slow this guest is at the moment, in percent of one that has a processor for itself: 100 there, and never less.
# Bounds are promises about the director, not about a machine that others use or that is slow: they are stretched by this,
# and say so. What is measured is what the director's work is made of, starting programs.
export pace=${pace:-100}
measure_pace() {
	local start=$EPOCHREALTIME end
	for _ in {1..20}; do /bin/true; done
	end=$EPOCHREALTIME
	pace=$(((${end/./} - ${start/./}) / 20 * 100 / nominal_us))
	[ "$pace" -gt 100 ] || pace=100
}
nominal_us=20000

# stretched MS: a bound on this guest.
stretched() {
	echo $(($1 * pace / 100))
}

passed() {
	echo "  ok    $1"
	echo "ok $1" >>"$results"
}

# failed WHAT [OUTPUT]
failed() {
	echo "  FAIL  $1"
	echo "FAIL $1" >>"$results"
	if [ -n "${2:-}" ]; then
		printf '%s\n' "$2" | head -n 40 | sed 's/^/        | /'
	fi
}

# check WHAT COMMAND...: the command succeeds.
check() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then passed "$what"; else failed "$what" "$output"; fi
}

# check_not WHAT COMMAND...: the command fails.
check_not() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then failed "$what" "$output"; else passed "$what"; fi
}

# check_equal WHAT WANTED GOT
check_equal() {
	if [ "$2" = "$3" ]; then passed "$1"; else failed "$1" "wanted: $2"$'\n'"got:    $3"; fi
}

# check_match WHAT REGEX TEXT
check_match() {
	if [[ $3 =~ $2 ]]; then passed "$1"; else failed "$1" "no match for $2 in:"$'\n'"$3"; fi
}

# check_below WHAT LIMIT VALUE UNIT
check_below() {
	local limit=$2
	[ "$4" != ms ] || limit=$(stretched "$2")
	if [ "$3" -lt "$limit" ]; then passed "$1: $3 $4 (limit $limit)"; else failed "$1: $3 $4 (limit $limit)"; fi
}

# wait_until MS COMMAND...: asks again and again until the command succeeds; fails after MS milliseconds.
wait_until() {
	local deadline=$(($(now_ms) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$deadline" ] || return 1
		nap 0.05
	done
}

# check_within MS WHAT COMMAND...: the command succeeds within MS milliseconds from now; tells when it did.
check_within() {
	check_within_since "$(now_ms)" "$@"
}

# check_within_since START MS WHAT COMMAND...: the same, counted from START (of now_ms).
check_within_since() {
	local start=$1 limit what=$3 took
	limit=$(stretched "$2")
	shift 3
	# Ask for a while longer than allowed: a late answer is told as late and by how much, not as missing.
	if wait_until $((start + 2 * limit + 1000 - $(now_ms))) "$@"; then
		took=$(($(now_ms) - start))
		if [ "$took" -le "$limit" ]; then passed "$what ($took of $limit ms)"; else failed "$what: $took ms, limit $limit ms"; fi
	else
		failed "$what: not after $(($(now_ms) - start)) ms, limit $limit ms" "$("$@" 2>&1)"
	fi
}

# check_stays MS WHAT COMMAND...: the command succeeds each time it is asked during MS milliseconds.
check_stays() {
	local deadline=$(($(now_ms) + $1)) what=$2
	shift 2
	while [ "$(now_ms)" -lt "$deadline" ]; do
		if ! "$@" >/dev/null 2>&1; then
			failed "$what" "$("$@" 2>&1)"
			return
		fi
		nap 0.1
	done
	passed "$what"
}
