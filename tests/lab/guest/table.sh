# shellcheck shell=bash
# The kernel's table, read from /proc/net/ip_vs without starting a process, since this is asked some thirty times a second.

# hex_endpoint VARIABLE ADDRESS:PORT: sets VARIABLE to it as /proc/net/ip_vs writes it, C0A80001:0050.
hex_endpoint() {
	local parts
	IFS=.: read -ra parts <<<"$2"
	printf -v "$1" '%02X%02X%02X%02X:%04X' "${parts[@]}"
}

# look_up VIRTUAL REAL: sets weight to the one in the table; to nothing where it is not in there.
look_up() {
	local virtual real lines line words inside=''
	hex_endpoint virtual "$1"
	hex_endpoint real "$2"
	weight=
	mapfile -t lines </proc/net/ip_vs
	for line in "${lines[@]}"; do
		case $line in
		TCP*" $virtual "*) inside=yes ;;
		TCP* | UDP* | FWM*) inside='' ;;
		*"-> $real "*)
			if [ -n "$inside" ]; then
				read -ra words <<<"$line"
				weight=${words[3]}
			fi
			;;
		esac
	done
}

# serves VIRTUAL REAL [WEIGHT]: it is in the table with this weight, or with any but 0.
serves() {
	local weight
	look_up "$1" "$2"
	if [ -n "${3:-}" ]; then [ "$weight" = "$3" ]; else [ "${weight:-0}" != 0 ]; fi
}

serves_not() {
	! serves "$@"
}

# gone VIRTUAL REAL: it is not in the table at all.
gone() {
	local weight
	look_up "$1" "$2"
	[ -z "$weight" ]
}

# in_table VIRTUAL: the virtual service is there.
in_table() {
	local virtual lines
	hex_endpoint virtual "$1"
	mapfile -t lines </proc/net/ip_vs
	[[ "${lines[*]}" == *"TCP  $virtual "* ]]
}

not_in_table() {
	! in_table "$1"
}

# listing: the table for comparing, without the counters: one line a service or server, sorted.
listing() {
	ipvsadm -Sn | sort
}
