# shellcheck shell=bash
# Somebody else changes the kernel's table: healed within resyncinterval, but a weight set by hand is kept.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
resyncinterval = 3
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

check "start" systemctl start $unit
wanted=$(listing)
ipvsadm -C
check_within 3000 "ipvsadm -C is healed" whole
# Nearly the worst moment: just after the resync that healed.
nap 0.5
ipvsadm -C
check_within 3000 "and again" whole
ipvsadm -d -t $vip_http:80 -r 192.168.0.2:80
check_within 3000 "a deleted server is healed" whole
ipvsadm -E -t $vip_http:80 -s rr
check_within 3000 "another scheduler is healed" whole
ipvsadm -e -t $vip_http:80 -r 192.168.0.2:80 -m -w 10
check_within 3000 "another forwarding is healed" whole
ipvsadm -e -t $vip_http:80 -r 192.168.0.2:80 -g -w 3
check_stays 7000 "a weight set by hand is kept" serves $vip_http:80 192.168.0.2:80 3
check "and told of once" [ "$(journalctl --quiet --output=cat --unit=$unit | grep -c 'weight.*by hand\|by hand.*weight')" = 1 ]
check "a reload" systemctl reload $unit
check_within 1000 "sets it right" whole
check_equal "traffic is split as the weights say" "real1=10 real2=20" "$(requests 30 http://$vip_http)"
