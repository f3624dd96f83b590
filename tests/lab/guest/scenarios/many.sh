# shellcheck shell=bash
# 2,000 real servers: all in the table after a start that runs fewer than 20 ipvsadm.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

# All of 10.9.0.0/16 is one nginx.
ip -n real1 route add local 10.9.0.0/16 dev lo
ip route add 10.9.0.0/16 via 192.168.0.1
# The ipvsadm that PATH finds first counts; the unit's sandbox must let it write.
printf '#!/bin/sh\necho "$*" >>/run/lab/ipvsadm-calls\nexec /usr/sbin/ipvsadm "$@"\n' >/usr/local/sbin/ipvsadm
chmod +x /usr/local/sbin/ipvsadm
mkdir -p /run/systemd/system/ldirectord@.service.d
printf '[Service]\nReadWritePaths=/run/lab\n' >/run/systemd/system/ldirectord@.service.d/lab.conf
systemctl daemon-reload

{
	printf 'checkinterval = 10\nchecktimeout = 5\nnegotiatetimeout = 5\n'
	for virtual in {1..20}; do
		printf 'virtual = 10.8.0.%d:80\n\tservice = http\n\tchecktype = connect\n\tscheduler = rr\n' "$virtual"
		for real in {1..100}; do printf '\treal = 10.9.%d.%d:80 masq\n' "$virtual" "$real"; done
	done
} | save www

servers_in_table() {
	grep -c -- '->.*Masq  *1 ' /proc/net/ip_vs
}
all_in_table() {
	[ "$(servers_in_table)" = 2000 ]
}

: >/run/lab/ipvsadm-calls
start=$(now_ms)
check "start" systemctl start $unit
echo "        | $(servers_in_table) of 2000 in the table after $(($(now_ms) - start)) ms, as systemctl start returns"
check_within_since "$start" 30000 "all 2,000 servers are in the table" all_in_table
check_below "processes to get there" 20 "$(wc -l </run/lab/ipvsadm-calls)" "of ipvsadm"
sort /run/lab/ipvsadm-calls | uniq -c | sed 's/^/        | /'
rm /usr/local/sbin/ipvsadm
ip route del 10.9.0.0/16
