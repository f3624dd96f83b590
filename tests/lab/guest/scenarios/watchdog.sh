# shellcheck shell=bash
# A director whose loop stands still is killed by systemd's watchdog; the table serves all the while.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

cp /mnt/host/guide-www.cf /etc/ha.d/conf/www
mkdir -p /run/systemd/system/ldirectord@.service.d
printf '[Service]\nWatchdogSec=2s\n' >/run/systemd/system/ldirectord@.service.d/lab.conf
systemctl daemon-reload
check "start" systemctl start $unit
wanted=$(listing)
pid=$(main_pid $unit)
check_stays 4000 "a healthy loop feeds the watchdog" [ -d "/proc/$pid" ]
start_traffic http://$vip_http
kill -STOP "$pid"
check_within 20000 "another process runs" new_main_pid $unit "$pid"
check "systemd says why" said $unit 'Watchdog timeout'
tally=$(stop_traffic)
check "no request was lost meanwhile ($tally)" none_lost "$tally"
check_equal "the table is as it was" "$wanted" "$(listing)"
