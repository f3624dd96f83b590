# shellcheck shell=bash
# The older program and ours, each in a network namespace with an IPVS table of its own, on the same file, asking the same
# real servers. Each sees a /run and a /var/log of its own; all else is the guest's.
#
# The last virtual service of each configuration is the beacon: nothing ever happens to its real server, and its access log
# tells who has made how many rounds. The older program asks one server after the other, so that its beacon is asked when
# all else has been.

both='reference ours'
field=/srv/differential # not below /run, which each of the two has for itself
configuration=$field/farm.cf
maintenance=$field/maintenance
declare -A address=([reference]=192.168.0.251 [ours]=192.168.0.252)
declare -A program=([reference]=/opt/reference/ldirectord [ours]='/usr/sbin/ldirectord --direct')

build_both() {
	local name
	mkdir -p $field $maintenance
	for name in $both; do
		add_real "$name" "${address[$name]}" 192.168.0.253
		mkdir -p "$field/$name/run" "$field/$name/log"
	done
	add_real beacon 192.168.0.5 192.168.0.253
	describe_web beacon 80
	start_web beacon
	wait_until 20000 listens web-beacon
}

remove_both() {
	systemctl stop web-beacon
	local name
	for name in $both beacon; do ip netns delete "$name"; done
}

# seen_by NAME COMMAND...: runs a command where this one of the two lives.
seen_by() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # for the shell in there
	in_ns "$name" bash -c 'mount --bind "$0/run" /run && mount --bind "$0/log" /var/log && exec "$@"' "$field/$name" "$@"
}

# tell NAME COMMAND: start, stop, restart, as an operator would.
tell() {
	# shellcheck disable=SC2086 # the program's words
	seen_by "$1" ${program[$1]} $configuration "$2" >>"$field/$1/told" 2>&1
}

# tell_both COMMAND: at the same time.
tell_both() {
	local name waiting=() status=0
	for name in $both; do
		tell "$name" "$1" &
		waiting+=($!)
	done
	for name in "${waiting[@]}"; do wait "$name" || status=1; done
	return $status
}

# pid_of NAME
pid_of() {
	cat "$field/$1"/run/ldirectord.*.pid
}

signal_both() {
	local name
	for name in $both; do kill "-$1" "$(pid_of "$name")"; done
}

# ended NAME: no process of it is left.
ended() {
	! ls "$field/$1"/run/ldirectord.*.pid >/dev/null 2>&1 || ! kill -0 "$(pid_of "$1")" 2>/dev/null
}

# rounds NAME: how often it has asked the beacon.
rounds() {
	grep -c "^${address[$1]} " $realm/web-beacon/access.log
}

# after_rounds COUNT: returns when both have made so many rounds more. Each look costs a process, and there is one processor
# for all: not more often than needed.
after_rounds() {
	local name tries
	local -A goal
	for name in $both; do goal[$name]=$(($(rounds "$name") + $1)); done
	for name in $both; do
		for tries in {1..300}; do
			if [ "$(rounds "$name")" -ge "${goal[$name]}" ]; then continue 2; fi
			nap 0.2
		done
		unrest="$name makes no more rounds"
		return 1
	done
}

# table_of NAME: all of its table that is not a counter, sorted.
table_of() {
	in_ns "$1" ipvsadm -Sn | sort
	in_ns "$1" ipvsadm -Ln --thresholds | awk '
		/^(TCP|UDP|FWM)/ { service = $1 " " $2; print "thresholds " $0 }
		service && $1 == "->" { print "thresholds", service, $2, $3, $4 }' | sed 's/ *$//' | sort
}

# rest COUNT SINCE: waits for a quiet moment: COUNT rounds of both, and not before SINCE (of now_ms); then a round in which
# neither table has changed. Leaves the tables in $table, and what went wrong in $unrest.
declare -A table=([reference]="" [ours]="")
rest() {
	local tries before
	after_rounds "$1" || return
	while [ "$(now_ms)" -lt "$2" ]; do nap 0.1; done
	table=([reference]=$(table_of reference) [ours]=$(table_of ours))
	for tries in {1..12}; do
		before="${table[reference]} ${table[ours]}"
		after_rounds 1 || return
		table=([reference]=$(table_of reference) [ours]=$(table_of ours))
		if [ "$before" = "${table[reference]} ${table[ours]}" ]; then return; fi
	done
	unrest="no rest in $tries rounds"
	return 1
}

# differences: of the two tables, and what each said last.
differences() {
	diff --label reference --label ours -U0 <(echo "${table[reference]}") <(echo "${table[ours]}") | tail -n +3
	local name
	for name in $both; do
		echo "--- $name"
		tail -n 3 "$field/$name/told"
		tail -n 12 "$field/$name/log/ldirectord.log"
	done
}
