# shellcheck shell=bash
# A stop takes our services away, and only ours, in under 3 s though every check hangs.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

save www <<END
checkinterval = 1
checktimeout = 60
negotiatetimeout = 60
virtual = $vip_http:80
	real = 192.168.0.1:80 gate
	real = 192.168.0.2:80 gate
	service = http
	request = "/.testpage"
	receive = "test page"
virtual = $vip_https:443
	real = 192.168.0.3:443 masq
	real = 192.168.0.4:443 masq
	service = https
	request = "/.testpage"
	receive = "test page"
END

# hangs ADDRESS: a check of this server is under way.
hangs() {
	ss -Htn state established dst "$1" | grep -q .
}

foreign='-A -t 204.202.136.99:80 -s rr
-a -t 204.202.136.99:80 -r 192.168.0.1:80 -g -w 1'
ipvsadm -R <<<"$foreign"
check "start" systemctl start $unit
for server in web-real1 web-real2 web-real3 web-real4; do freeze $server; done
for number in 1 2 3 4; do check_within 5000 "the check of real$number hangs" hangs 192.168.0.$number; done
start=$(now_ms)
check "systemctl stop" systemctl stop $unit
check_below "it took" 3000 $(($(now_ms) - start)) ms
check_equal "our services are gone, the foreign one stayed" "$foreign" "$(listing)"
check_equal "the unit ended well" success "$(systemctl show --property=Result --value $unit)"
