# shellcheck shell=bash
# The configuration is edited: in force within a second; a broken one is told of and changes nothing; callback is called.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

cat >/usr/local/bin/lab-callback <<'END'
#!/bin/sh
exec logger -t lab-callback "path=$1 name=$LDIRECTORD_CONFIG_NAME"
END
chmod +x /usr/local/bin/lab-callback

called_more_than() {
	[ "$(called)" -gt "$1" ]
}

called() {
	journal --output=cat --identifier=lab-callback | grep -c '^path=/etc/ha.d/conf/www name='
}

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
autoreload = yes
callback = "/usr/local/bin/lab-callback"
virtual = $vip_http:80
	real = 192.168.0.1:80 gate 5
	real = 192.168.0.2:80 gate 5
	service = http
	scheduler = wrr
	request = "/.testpage"
	receive = "test page"
END
check "start" systemctl start $unit
pid=$(main_pid $unit)
start_traffic http://$vip_http

edit www 's/0.1:80 gate 5/0.1:80 gate 7/'
check_within 1000 "a file renamed into place" serves $vip_http:80 192.168.0.1:80 7
check_within 3000 "callback is called" called_more_than 0
sed -i 's/0.1:80 gate 7/0.1:80 gate 8/' /etc/ha.d/conf/www
check_within 1000 "sed -i" serves $vip_http:80 192.168.0.1:80 8
text=$(sed 's/0.1:80 gate 8/0.1:80 gate 9/' /etc/ha.d/conf/www)
printf '%s\n' "$text" >/etc/ha.d/conf/www
check_within 1000 "a file written in place" serves $vip_http:80 192.168.0.1:80 9
mkdir -p /etc/ha.d/versions
sed 's/0.1:80 gate 9/0.1:80 gate 6/' /etc/ha.d/conf/www >/etc/ha.d/versions/www-2
ln -s ../versions/www-2 /etc/ha.d/conf/.link
mv /etc/ha.d/conf/.link /etc/ha.d/conf/www
check_within 1000 "a symlink swapped in" serves $vip_http:80 192.168.0.1:80 6

since=@$EPOCHREALTIME
broken_line=$(grep -n 'scheduler' /etc/ha.d/conf/www | cut -d: -f1)
edit www 's/scheduler = wrr/schedular = wrr/; s/0.1:80 gate 6/0.1:80 gate 1/'
check_within 3000 "a broken edit is told of, with its line" said $unit "conf/www:$broken_line"
check "with a caret" said $unit '^[^a-z]*\^'
check "with a suggestion" said $unit '[^=] *scheduler'
check_within 3000 "callback is called for that too" called_more_than 0
check_equal "the unit stays active" active "$(systemctl is-active $unit)"
check_equal "it is the same process" "$pid" "$(main_pid $unit)"
check "the table is as it was" serves $vip_http:80 192.168.0.1:80 6
check "traffic flows" traffic_goes_on
check_within 5000 "checks go on" asked_more_than web-real1 "$(asked web-real1)"
since=@$EPOCHREALTIME
check_not "systemctl reload fails" systemctl reload $unit
check "and says why" said $unit "conf/www:$broken_line"
check_equal "and leaves the unit active" active "$(systemctl is-active $unit)"
check "no request was lost" none_lost "$(stop_traffic)"
answer_500 web-real1
check_within 5000 "verdicts still count" gone $vip_http:80 192.168.0.1:80
heal web-real1
check_within 5000 "both ways" serves $vip_http:80 192.168.0.1:80 6
since=
edit www 's/schedular = wrr/scheduler = wrr/'
check_within 1000 "the mended file is in force" serves $vip_http:80 192.168.0.1:80 1
check "systemctl reload succeeds" systemctl reload $unit
