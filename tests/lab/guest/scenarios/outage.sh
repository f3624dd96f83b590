# shellcheck shell=bash
# One of two servers fails, in every way: out within interval x failurecount + timeout, and back; no request lost between.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www
interval=2 count=2 timeout=1
out_within=$(((interval * count + timeout) * 1000))
back_within=$(((interval + timeout) * 1000))

save www <<END
checkinterval = $interval
failurecount = $count
checktimeout = $timeout
negotiatetimeout = $timeout
virtual = $vip_http:80
	real = 192.168.0.1:80 gate
	real = 192.168.0.2:80 gate
	service = http
	scheduler = rr
	request = "/.testpage"
	receive = "test page"
virtual = $vip_https:443
	real = 192.168.0.3:443 masq
	real = 192.168.0.4:443 masq
	service = https
	scheduler = rr
	request = "/.testpage"
	receive = "test page"
END

# fails WHAT HOW SERVER URL VIRTUAL REAL OTHER
fails() {
	local what=$1 how=$2 server=$3 url=$4 virtual=$5 real=$6 other=$7 start
	after_next_check "$server"
	start=$(now_ms)
	$how "$server"
	check_within_since "$start" "$out_within" "$what: out" gone "$virtual" "$real"
	check_equal "$what: no request is lost" "$other=20" "$(requests 20 "$url")"
	start_traffic "$url"
	heal "$server"
	check_within "$back_within" "$what: back" serves "$virtual" "$real"
	check "$what: none is lost as it comes back" none_lost "$(stop_traffic)"
}

http=(web-real1 "http://$vip_http" "$vip_http:80" 192.168.0.1:80 real2)
https=(web-real3 "https://$vip_https" "$vip_https:443" 192.168.0.3:443 real4)

check "start" systemctl start $unit
fails "killed" die_at_once "${http[@]}"
fails "frozen" freeze "${http[@]}"
fails "wrong page" answer_wrongly "${http[@]}"
fails "500" answer_500 "${http[@]}"
fails "expired certificate" expire_certificate "${https[@]}"
check_match "both take part again" '^real1=10 real2=10$' "$(requests 20 http://$vip_http)"
