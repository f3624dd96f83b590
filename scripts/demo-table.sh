# shellcheck shell=bash
# The live table of the demonstration: what each server does, what weight it has in the table, what a client gets.
# Drawn over and over on a terminal; elsewhere printed when it changes.
# shellcheck disable=SC2154 # names, addresses, virtual, work and dry_run are those of demo.sh

doing=(starting starting starting)
weights=(- - -)
red='' green='' yellow='' dim='' plain=''
if [ -t 1 ]; then
	red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' dim=$'\e[2m' plain=$'\e[0m'
fi

say() {
	printf '%s\n' "$*"
}

# look: sets weights from the kernel's table, or from the ipvsadm lines that --dry-run printed so far.
look() {
	local words number word
	local -A weight=()
	while read -ra words; do
		local verb='' real='' value=1
		for ((word = 0; word < ${#words[@]}; word++)); do
			case ${words[word]} in
			-[AEDadeC]) verb=${words[word]} ;;
			-r) real=${words[word + 1]} ;;
			-w) value=${words[word + 1]} ;;
			esac
		done
		case $verb in
		-a | -e) weight[$real]=$value ;;
		-d) unset "weight[$real]" ;;
		-D | -C) weight=() ;;
		esac
	done < <(if [ -n "$dry_run" ]; then cat "$work/lines"; else ipvsadm -Sn; fi)
	for number in 0 1 2; do weights[number]=${weight[${addresses[number]}]:--}; done
}

# draw TITLE
draw() {
	local number colour shown
	printf '  %-8s %-16s %-10s %s\n' server address does 'weight in the table'
	for number in 0 1 2; do
		case ${doing[number]} in
		good) colour=$green ;;
		wrong) colour=$yellow ;;
		*) colour=$red ;;
		esac
		shown=${weights[number]}
		[ "$shown" != - ] || shown="${dim}not in there${plain}"
		printf '  %-8s %-16s %s%-10s%s %s\n' "${names[number]}" "${addresses[number]}" "$colour" "${doing[number]}" "$plain" "$shown"
	done
}

# clients: in the kernel's table, who answers twelve requests.
clients() {
	[ -z "$dry_run" ] || return 0
	printf '  twelve requests to %s were answered by: ' "$virtual"
	{ curl --silent --max-time 2 --header 'Connection: close' "http://$virtual/name?[1-12]" || true; } |
		sort | uniq -c | awk '{ printf "%s%s x %d", separator, $2, $1; separator = ", " } END { print NR ? "" : "nobody" }'
}

# scene TITLE WEIGHT WEIGHT WEIGHT: tells what happened and shows the table until it is as the director must make it.
scene() {
	local title=$1 wanted="$2 $3 $4" start=${EPOCHREALTIME/./} shown='' took
	printf '\n%s\n' "$title"
	while :; do
		look
		took=$(((${EPOCHREALTIME/./} - start) / 1000))
		if [ "$shown" != "${weights[*]}" ]; then
			# On a terminal the table is drawn in place.
			if [ -n "$shown" ] && [ -t 1 ]; then printf '\e[4A\e[J'; fi
			draw
			shown=${weights[*]}
		fi
		if [ "$shown" = "$wanted" ]; then break; fi
		if [ "$took" -gt 10000 ]; then
			say "  the table should be: $wanted. The director's log:"
			tail -n 20 "$work/log"
			exit 1
		fi
		sleep 0.1
	done
	printf '  %sin the table %d.%03d s later%s\n' "$dim" $((took / 1000)) $((took % 1000)) "$plain"
	clients
	# Time to read.
	if [ -t 1 ]; then sleep 2; fi
}
