# shellcheck shell=bash
# A crash, kill -9, systemctl restart: the table goes on serving, the next process adopts it, no request is lost.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

cp /mnt/host/guide-www.cf /etc/ha.d/conf/www
check "start" systemctl start $unit
wanted=$(listing)
start_traffic http://$vip_http

# survives WHAT COMMAND...
survives() {
	local what=$1 pid
	shift
	pid=$(main_pid $unit)
	"$@"
	check_equal "$what: the table stays" "$wanted" "$(listing)"
	check_within 15000 "$what: another process serves" new_main_pid $unit "$pid"
	check_equal "$what: with the same table" "$wanted" "$(listing)"
	check "$what: traffic flows" traffic_goes_on
}

survives "kill -9" signal_main KILL $unit
survives "systemctl restart" systemctl restart $unit
survives "ldirectord www restart" ldirectord www restart
check_not "the table was never taken down" said $unit '^Purged virtual server'
tally=$(stop_traffic)
check "no request was lost ($tally)" none_lost "$tally"
