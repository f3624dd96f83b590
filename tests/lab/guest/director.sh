# shellcheck shell=bash
# The director: its configurations, its units, its words in the journal.

# save NAME: puts standard input in place as configuration NAME, as careful editors do: written beside it, renamed onto it.
save() {
	cat >"/etc/ha.d/conf/.$1.new"
	mv "/etc/ha.d/conf/.$1.new" "/etc/ha.d/conf/$1"
}

# edit NAME SED-SCRIPT: a change of a saved configuration.
edit() {
	sed "$2" "/etc/ha.d/conf/$1" | save "$1"
}

main_pid() {
	systemctl show --property=MainPID --value "$1"
}

# new_main_pid UNIT OLD: another process runs the unit, and says it serves.
new_main_pid() {
	local now
	now=$(main_pid "$1")
	[ "$now" != 0 ] && [ "$now" != "$2" ] && systemctl -q is-active "$1"
}

# journal OPTION...: what was logged since this scenario began, or since the time in $since (as "@$EPOCHREALTIME").
# Not by --after-cursor: with a filter that leaves out the first entry after the cursor as well.
journal() {
	journalctl --quiet --since="${since:-$scenario_began}" "$@"
}

# said UNIT REGEX: a message of the unit matches.
said() {
	journal --output=cat --unit="$1" | grep -qE "$2"
}

# entries UNIT JQ-CONDITION [JQ-FILTER]: of the entries that fulfil the condition, one a line.
entries() {
	journal --unit="$1" --output=json | jq -rc "select($2) | ${3:-.}"
}

# clean_slate: no director, an empty table, no configuration, good servers: how each scenario begins.
clean_slate() {
	systemctl stop 'ldirectord@*.service' ldirectord.service web-fallback.service 2>/dev/null
	systemctl reset-failed 'ldirectord@*.service' 2>/dev/null
	rm -rf /etc/ha.d/conf/* /run/systemd/system/ldirectord@.service.d
	systemctl daemon-reload
	ipvsadm -C
	heal_all
	scenario_began=@$EPOCHREALTIME
	export scenario_began
}

# signal_main SIGNAL UNIT
signal_main() {
	kill "-$1" "$(main_pid "$2")"
}
