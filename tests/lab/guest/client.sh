# shellcheck shell=bash
# The client: one curl, which opens a new connection for each request.

ask=(curl --silent --max-time 5 --header 'Connection: close' --write-out '%{http_code} curl-%{exitcode}\n')

# Reads what curl printed, tells who answered how often, "real1=100 real2=200"; for what went wrong the HTTP status and
# curl's own, "lost(000,curl-28)=1".
tally() {
	awk '/^[a-z]/ { who[$1]++ } /^[0-9]/ && $1 != 200 { who["lost(" $1 "," $2 ")"]++ }
		END { for (name in who) print name "=" who[name] }' | sort | xargs
}

# requests N URL: N requests one after the other, and their tally.
requests() {
	in_ns client "${ask[@]}" "$2/name?[1-$1]" | tally
}

# start_traffic URL: some twenty requests a second in the background, until stop_traffic.
start_traffic() {
	(exec ip netns exec client stdbuf -oL "${ask[@]}" --rate 1200/m "$1/name?[1-1000000]" >/run/lab/traffic) &
	traffic=$!
	wait_until 5000 grep -q 200 /run/lab/traffic
}

# stop_traffic: ends it, and prints its tally.
stop_traffic() {
	kill "$traffic"
	wait "$traffic" 2>/dev/null
	tally </run/lab/traffic
}

# traffic_goes_on: a request that was not yet there has been answered.
traffic_goes_on() {
	local before
	before=$(grep -c '^200' /run/lab/traffic)
	wait_until 3000 traffic_beyond "$before"
}

traffic_beyond() {
	[ "$(grep -c '^200' /run/lab/traffic)" -gt "$1" ]
}

# none_lost TALLY
none_lost() {
	echo "$1"
	[ -n "$1" ] && [[ $1 != *lost* ]]
}
