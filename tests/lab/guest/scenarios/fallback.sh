# shellcheck shell=bash
# All servers dead: the fallback answers; one is back: the fallback is out again.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
virtual = $vip_http:80
	real = 192.168.0.1:80 gate
	real = 192.168.0.2:80 gate
	fallback = 127.0.0.1:80 gate
	service = http
	scheduler = rr
	request = "/.testpage"
	receive = "test page"
END
start_web fallback
check_within 10000 "a server on the director itself" listens web-fallback
check "start" systemctl start $unit
check "no fallback while servers serve" gone $vip_http:80 127.0.0.1:80
after_next_check web-real2
start=$(now_ms)
die_at_once web-real1
die_at_once web-real2
check_within_since "$start" 4000 "all dead: the fallback is in" serves $vip_http:80 127.0.0.1:80
check_within_since "$start" 4000 "and the first is out" gone $vip_http:80 192.168.0.1:80
check_within_since "$start" 4000 "and the second" gone $vip_http:80 192.168.0.2:80
check_equal "the fallback answers" "fallback=20" "$(requests 20 http://$vip_http)"
start_traffic http://$vip_http
heal web-real2
check_within 4000 "one is back: it serves" serves $vip_http:80 192.168.0.2:80
check_within 1000 "the fallback is out" gone $vip_http:80 127.0.0.1:80
check "no request is lost in the change" none_lost "$(stop_traffic)"
check_equal "the server answers" "real2=20" "$(requests 20 http://$vip_http)"
