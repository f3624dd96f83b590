# shellcheck shell=bash
# The bus ends and comes back: the director goes on, and comes back to it.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www
name=org.linuxvirtualserver.Ldirectord1.www

cp /mnt/host/guide-www.cf /etc/ha.d/conf/www
sed -i 's/^checkinterval = 10/checkinterval = 2/' /etc/ha.d/conf/www
check "start" systemctl start $unit
pid=$(main_pid $unit)
on_the_bus() { busctl status $name; }
check_within 5000 "on the bus" on_the_bus
start_traffic http://$vip_http
systemctl stop dbus.socket dbus.service
check_within 5000 "checks go on without a bus" asked_more_than web-real1 "$(asked web-real1)"
answer_wrongly web-real1
check_within 35000 "and count" gone $vip_http:80 192.168.0.1:80
heal web-real1
systemctl start dbus.socket dbus.service
check_within 30000 "back on the bus" on_the_bus
check_equal "the same process" "$pid" "$(main_pid $unit)"
check "no request was lost" none_lost "$(stop_traffic)"
