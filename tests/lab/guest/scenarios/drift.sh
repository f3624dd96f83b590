# shellcheck shell=bash
# Somebody else changes the kernel's table: healed within resyncinterval, but a weight set by hand is kept.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
resyncinterval = 4
virtual = $vip_http:80
	real = 192.168.0.1:80 gate 5
	real = 192.168.0.2:80 gate 10
	service = http
	scheduler = wrr
	request = "/.testpage"
	receive = "test page"
END
whole() {
	[ "$(listing)" = "$wanted" ]
}

# heals WHAT IPVSADM-OPTION...: done by hand early in the interval, after a resync has healed what was before; what it is
# late by is left of the bound for a slow machine.
heals() {
	local what=$1 start
	shift
	nap 1.5
	start=$(now_ms)
	ipvsadm "$@"
	check_within_since "$start" 4000 "$what is healed" whole
}

check "start" systemctl start $unit
wanted=$(listing)
heals "ipvsadm -C" -C
heals "ipvsadm -C, once more" -C
heals "a deleted server" -d -t $vip_http:80 -r 192.168.0.2:80
heals "another scheduler" -E -t $vip_http:80 -s rr
heals "another forwarding" -e -t $vip_http:80 -r 192.168.0.2:80 -m -w 10
ipvsadm -e -t $vip_http:80 -r 192.168.0.2:80 -g -w 3
check_stays 6000 "a weight set by hand is kept" serves $vip_http:80 192.168.0.2:80 3
check_equal "and told of once" 1 \
	"$(journal --output=cat --unit=$unit | grep -c '^Somebody set the weight of real server 192\.168\.0\.2:80')"
check "a reload" systemctl reload $unit
check_within 1000 "sets it right" whole
check_equal "traffic is split as the weights say" "real1=10 real2=20" "$(requests 30 http://$vip_http)"
