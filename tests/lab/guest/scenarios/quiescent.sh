# shellcheck shell=bash
# quiescent=yes: a failed server stays with weight 0, and gets no new connection.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
quiescent = yes
virtual = $vip_http:80
	real = 192.168.0.1:80 gate 5
	real = 192.168.0.2:80 gate 5
	service = http
	scheduler = wrr
	request = "/.testpage"
	receive = "test page"
END
check "start" systemctl start $unit
after_next_check web-real1
start=$(now_ms)
die_at_once web-real1
check_within_since "$start" 4000 "weight 0 after a failure" serves $vip_http:80 192.168.0.1:80 0
check_equal "no new connection goes there" "real2=20" "$(requests 20 http://$vip_http)"
check "the reference's sentence is in the journal" said $unit '^Quiescent real server: 192\.168\.0\.1:80 '
heal web-real1
check_within 4000 "its weight comes back" serves $vip_http:80 192.168.0.1:80 5
