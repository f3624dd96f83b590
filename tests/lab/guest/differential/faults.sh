# shellcheck shell=bash
# What happens to both programs. Every choice is drawn from RANDOM, which the seed sets, and nowhere in a subshell, which
# would draw from a copy. Each happening says in $happened what it was.

# draw WORD...: sets drawn to one of them.
draw() {
	shift $((RANDOM % $#))
	drawn=$1
}

# happen: something does.
happen() {
	local kinds='server server server server server server edit edit broken by_hand by_hand reload crash restart'
	if grep -q ^maintenancedir $configuration; then kinds+=' maintenance maintenance maintenance'; fi
	# shellcheck disable=SC2086 # a list of words
	draw $kinds
	"happens_$drawn"
}

# A server that is ill gets well, one that is well gets ill.
happens_server() {
	local unit
	# shellcheck disable=SC2086
	draw $units
	unit=$drawn
	if [ -n "${ill[$unit]:-}" ]; then
		unset "ill[$unit]"
		heal "$unit"
		happened="heal $unit"
		return
	fi
	case $unit in
	ftp-*) draw die_at_once freeze answer_wrongly ;;
	web-real[34]) draw die_at_once freeze answer_wrongly answer_500 expire_certificate ;;
	*) draw die_at_once freeze answer_wrongly answer_500 ;;
	esac
	$drawn "$unit"
	ill[$unit]=$drawn
	happened="$drawn $unit"
}

# write: standard input becomes the configuration, and where it is not taken by itself, a HUP is sent.
write() {
	cat >$field/new
	mv $field/new $configuration
	grep -q '^autoreload = yes' $configuration || signal_both HUP
}

# A change of one line: a weight, a server, the scheduler, quiescent. The beacon's lines are the last, and stay.
happens_edit() {
	local lines line=0 change
	lines=$(grep -cE '^	#?real' $configuration)
	draw weight weight away scheduler quiescent
	case $drawn in
	weight)
		line=$((RANDOM % (lines - 1) + 1))
		change="s/ (gate|masq|ipip)( [0-9]+)?/ \\1 $((RANDOM % 9 + 1))/"
		;;
	away)
		line=$((RANDOM % (lines - 1) + 1))
		change='s/^	real/	XXreal/; s/^	#real/	real/; s/^	XX/	#/'
		;;
	scheduler)
		line=
		draw rr wrr lc wlc
		change="0,/^	scheduler/ s/(scheduler = )[a-z]+/\\1$drawn/"
		drawn="scheduler $drawn"
		;;
	quiescent)
		line=
		change='s/^quiescent = yes/quiescent = XX/; s/^quiescent = no/quiescent = yes/; s/^quiescent = XX/quiescent = no/'
		;;
	esac
	happened="edit: $drawn ${line:+of server $line}"
	if [ -n "$line" ]; then
		awk -v nth="$line" '/^	#?real/ && ++n == nth { print "@" $0; next } { print }' $configuration |
			sed -E "/^@/ { s/^@//; $change }" | write
	else
		sed -E "$change" $configuration | write
	fi
}

# A broken edit, which changes nothing, and the mended file. No server is touched between: the older program's checks
# have no effect while its file is broken ("a reload with a broken file").
happens_broken() {
	local good
	good=$(<$configuration)
	{ echo "$good" && echo '	schedular = wrr'; } | write
	happened='a broken edit'
	check_rest || return
	echo "$good" | write
	happened='the edit is mended'
}

# What somebody does with ipvsadm, where the two agree: a weight that is kept, a server that is purged by the next reload,
# a service of others. What ours puts right by itself ("a table that somebody flushed or changed") is left out.
happens_by_hand() {
	local entries entry kind service
	happened='nothing to do by hand'
	draw weight weight server service
	case $drawn in
	weight)
		mapfile -t entries < <(grep -E '^-a' <<<"${table[ours]}" | grep -vE ' -r 127| -w 0$|204.202.136.40')
		[ ${#entries[@]} -gt 0 ] || return 0
		entry=${entries[RANDOM % ${#entries[@]}]}
		entry=${entry#-a}
		by_hand "-e${entry% -w *} $(limits_of "$entry") -w $((RANDOM % 9 + 1))"
		;;
	server)
		mapfile -t entries < <(grep -E '^-A' <<<"${table[ours]}" | grep -v '204.202.136.40')
		read -r _ kind service _ <<<"${entries[RANDOM % ${#entries[@]}]}"
		case $service in \[*) entry='[fd00:5::9]' ;; *) entry=192.168.0.9 ;; esac
		by_hand "-a $kind $service -r $entry:80 -m -w 1"
		;;
	service)
		by_hand "-A -t 10.9.9.$((RANDOM % 200 + 1)):80 -s rr"
		;;
	esac
}

# limits_of ENTRY: the thresholds of a server in the table, which `ipvsadm -e` would take away where they are not named:
# more than a weight would be changed, and ours puts that right.
limits_of() {
	local kind service server
	read -r kind service _ server _ <<<"$1"
	case $kind in -t) kind=TCP ;; -u) kind=UDP ;; -f) kind=FWM ;; esac
	awk -v service="$kind $service" -v server="$server" \
		'/^thresholds/ && $2 " " $3 == service && $4 == server { print "-x", $5, "-y", $6; exit }' <<<"${table[ours]}"
}

# by_hand LINE: a line of ipvsadm, in both tables.
by_hand() {
	local name
	for name in $both; do in_ns "$name" ipvsadm -R <<<"$1" 2>/dev/null; done
	happened="by hand: $1"
}

happens_reload() {
	signal_both HUP
	happened='HUP'
}

happens_crash() {
	local one
	signal_both KILL
	for one in $both; do wait_until 5000 ended "$one"; done
	happened='kill -9, and a start'
	tell_both start || failed "$name $number: $happened"
}

happens_restart() {
	happened='restart'
	tell_both restart || failed "$name $number: $happened"
}

# A server's file in the maintenance directory comes or goes.
happens_maintenance() {
	local number file
	number=$((RANDOM % 4 + 1))
	draw 192.168.0.$number real$number
	file=$maintenance/$drawn
	if [ -e "$file" ]; then
		rm "$file"
		happened="maintenance ends: $drawn"
	else
		: >"$file"
		happened="maintenance: $drawn"
	fi
}
