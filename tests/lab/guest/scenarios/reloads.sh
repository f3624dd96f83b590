# shellcheck shell=bash
# A thousand reloads under traffic: no request is lost, nothing is left behind, and what did not change is not written.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www
rounds=25 each=40 # one of each round with an edit, the others with the same file again

# The ipvsadm that PATH finds first counts the writes; the unit's sandbox must let it.
printf '#!/bin/sh\ncase $1 in -L*) ;; *) echo >>/run/lab/writes ;; esac\nexec /usr/sbin/ipvsadm "$@"\n' >/usr/local/sbin/ipvsadm
chmod +x /usr/local/sbin/ipvsadm
mkdir -p /run/systemd/system/ldirectord@.service.d
printf '[Service]\nReadWritePaths=/run/lab\n' >/run/systemd/system/ldirectord@.service.d/lab.conf
systemctl daemon-reload

# held: descriptors, threads and KiB of memory of the director. Checks under way have a descriptor each, and come and go:
# the least of some looks.
held() {
	local try now least=
	for try in {1..40}; do
		now=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
		if [ -z "$least" ] || [ "$now" -lt "$least" ]; then least=$now; fi
		nap 0.05
	done
	echo "$least $(awk '/^VmRSS/ { memory = $2 } /^Threads/ { print $2, memory }' "/proc/$pid/status")"
}

sed 's/^autoreload.*/autoreload = no/' /mnt/host/guide-www.cf >/etc/ha.d/conf/www
check "start" systemctl start $unit
pid=$(main_pid $unit)
start_traffic http://$vip_http
: >/run/lab/writes
refused=0 needless=0
for ((round = 1; round <= rounds; round++)); do
	weight=$((round % 2 ? 7 : 5))
	edit www "s/192.168.0.1:80 gate [0-9]*/192.168.0.1:80 gate $weight/"
	ldirectord --direct www reload || refused=$((refused + 1))
	[ "$(awk '/C0A80001:0050/ { print $4; exit }' /proc/net/ip_vs)" = $weight ] || failed "round $round: the edit is in force"
	written=$(wc -l </run/lab/writes)
	for ((again = 1; again < each; again++)); do ldirectord --direct www reload || refused=$((refused + 1)); done
	needless=$((needless + $(wc -l </run/lab/writes) - written))
	[ $round != 5 ] || before=$(held)
done
check_equal "each of $((rounds * each)) reloads is in force when it returns" 0 "$refused"
check_equal "an edit is one write" $rounds "$(($(wc -l </run/lab/writes) - needless))"
check_equal "what did not change is not written" 0 "$needless"
read -r descriptors threads memory <<<"$(held)"
read -r descriptors_before threads_before memory_before <<<"${before:-0 0 0}"
check_below "descriptors" $((descriptors_before + 1)) "$descriptors" "(before: $descriptors_before)"
check_below "threads" $((threads_before + 1)) "$threads" "(before: $threads_before)"
check_below "memory" $((memory_before + 2048)) "$memory" "KiB (before: $memory_before)"
check_equal "by one process" "$pid" "$(main_pid $unit)"
tally=$(stop_traffic)
check "no request was lost ($tally)" none_lost "$tally"
rm /usr/local/sbin/ipvsadm
