# shellcheck shell=bash
# The sample of the guide of 2000, as printed, with its own addresses; an ftp service beside it.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

cp /mnt/host/guide-www.cf /etc/ha.d/conf/www
start=$(now_ms)
check "systemctl start ldirectord@www" systemctl start $unit
took=$(($(now_ms) - start))
check_equal "the table is whole as the start returns (after $took ms)" \
	"$(sort <<-END
		-A -t 204.202.136.32:80 -s wrr
		-a -t 204.202.136.32:80 -r 192.168.0.1:80 -g -w 5
		-a -t 204.202.136.32:80 -r 192.168.0.2:80 -g -w 10
		-A -t 204.202.136.33:443 -s wlc -p 1800
		-a -t 204.202.136.33:443 -r 192.168.0.3:443 -m -w 1
		-a -t 204.202.136.33:443 -r 192.168.0.4:443 -m -w 1
	END
	)" "$(listing)"
ipvsadm -Ln | sed 's/^/        | /'
check_equal "300 requests are split as the weights say" "real1=100 real2=200" "$(requests 300 http://$vip_http)"
check_match "all https requests of a client go to one server" '^real[34]=20$' "$(requests 20 https://$vip_https)"
check "the deprecated timeout= is told of" said $unit 'timeout.*deprecated'
check_match "the status line counts" '2 virtual.*4/4 real' "$(systemctl show --property=StatusText --value $unit)"
check "ldirectord www status" ldirectord www status

save ftp <<'END'
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
virtual = 204.202.136.34:21
	real = 192.168.0.3:21 masq
	real = 192.168.0.4:21 masq
	service = ftp
	scheduler = rr
	login = "anonymous"
	passwd = "ldirectord@lab"
	request = ".testpage"
	receive = "test page"
END
check "an ftp service beside it, by a director of its own" systemctl start ldirectord@ftp
check "the first ftp server serves" serves $vip_ftp:21 192.168.0.3:21
check "the second ftp server serves" serves $vip_ftp:21 192.168.0.4:21
check_equal "a client fetches the page by ftp" "test page" \
	"$(in_ns client curl --silent --max-time 10 "ftp://$vip_ftp/.testpage")"
start=$(now_ms)
die_at_once ftp-real3
check_within_since "$start" 4000 "a killed ftp server goes out" gone $vip_ftp:21 192.168.0.3:21
heal ftp-real3
check_within 4000 "and comes back" serves $vip_ftp:21 192.168.0.3:21
echo 'no page' >$realm/ftp-real4/pages/.testpage
check_within 4000 "an ftp server with a wrong page goes out" gone $vip_ftp:21 192.168.0.4:21
echo 'test page' >$realm/ftp-real4/pages/.testpage
check "stopping the ftp director" systemctl stop ldirectord@ftp
check "takes its service away" not_in_table $vip_ftp:21
check "and leaves the others'" in_table $vip_http:80
