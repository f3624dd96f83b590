# shellcheck shell=bash
# A director whose configuration executes another one: the units start, reload and stop together.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www
other=ldirectord@sorry

sed 's/204\.202\.136\.3/204.202.136.4/' /mnt/host/guide-www.cf | grep -v '^#' | save sorry
{ echo 'execute = sorry' && cat /mnt/host/guide-www.cf; } | save www

both_shown() {
	[ "$(ldirectord www status 2>&1 | grep -c 'is running with pid')" = 2 ]
}

unit_stopped() {
	[ "$(systemctl is-active $other)" = inactive ]
}

check "start" systemctl start $unit
check_within 15000 "the other unit starts too" systemctl -q is-active $other
check_within 5000 "which is told" said $unit '^Executed ldirectord sorry start'
pid=$(main_pid $other)
check "status shows both" both_shown
check "reload" systemctl reload $unit
check_within 5000 "is passed on" said $unit '^Executed ldirectord sorry reload'
check_within 5000 "to the same process" said $other '^Configuration is in force'
check "restart" systemctl restart $unit
check_equal "leaves the other one alone" "$pid" "$(main_pid $other)"
check "stop" systemctl stop $unit
check_within 15000 "stops the other one too" unit_stopped
check_equal "and the table is empty" '' "$(ipvsadm -Sn)"
