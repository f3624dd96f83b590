# shellcheck shell=bash
# D-Bus: the tree, the interfaces, one PropertiesChanged for what changed together, who may do what.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www
name=org.linuxvirtualserver.Ldirectord1.www
root=/org/linuxvirtualserver/Ldirectord1

save www <<END
checkinterval = 2
checktimeout = 2
negotiatetimeout = 2
virtual = $vip_http:80
	real = 192.168.0.1:80 gate 5
	real = 192.168.0.2:80 gate 10
	service = http
	scheduler = wrr
	request = "/.testpage"
	receive = "test page"
END
check "start" systemctl start $unit
on_the_bus() { busctl status $name; }
check_within 5000 "the name is on the bus" on_the_bus
tree=$(busctl tree --list $name)
sed 's/^/        | /' <<<"$tree"
virtual=$(grep -E '204_202_136_32_80$' <<<"$tree")
real=$(grep -E '204_202_136_32_80/.*192_168_0_1_80$' <<<"$tree")
check_match "an object for the virtual service" "^$root/" "$virtual"
check_match "an object for the real server below it" "^$virtual/" "$real"

property() { busctl get-property "$name" "$@"; }
shows() { busctl introspect --no-legend "$name" "$1" | grep -q "^$2 *interface"; }
check "the root is a Manager" shows $root org.linuxvirtualserver.Ldirectord1.Manager
check "the root is an ObjectManager" shows $root org.freedesktop.DBus.ObjectManager
check "the virtual is a VirtualServer" shows "$virtual" org.linuxvirtualserver.Ldirectord1.VirtualServer
check "the real is a RealServer" shows "$real" org.linuxvirtualserver.Ldirectord1.RealServer
busctl introspect --no-legend $name "$real" org.linuxvirtualserver.Ldirectord1.RealServer | sed 's/^/        | /'
check_equal "its state" 's "up"' "$(property "$real" org.linuxvirtualserver.Ldirectord1.RealServer State)"
check_match "its weight" ' 5$' "$(property "$real" org.linuxvirtualserver.Ldirectord1.RealServer Weight)"
check_equal "the instance" 's "www"' "$(property $root org.linuxvirtualserver.Ldirectord1.Manager Instance)"

# changes OBJECT: the PropertiesChanged of it that were captured, one JSON object a line: what changed.
changes() {
	jq -c --arg path "$1" 'select(.member == "PropertiesChanged" and .path == $path) | .payload.data[1] | map_values(.data)' \
		/run/lab/signals
}
state_changed() { changes "$1" | grep -q '"State"'; }

(exec stdbuf -oL busctl --json=short monitor \
	--match="type='signal',interface='org.freedesktop.DBus.Properties',path_namespace='$root'" \
	>/run/lab/signals 2>/run/lab/monitor) &
monitor=$!
wait_until 5000 grep -q Monitoring /run/lab/monitor
answer_500 web-real1
check_within 6000 "PropertiesChanged as the server fails" state_changed "$real"
changes "$real" | sed 's/^/        | /'
check_equal "state and weight in one signal" '{"State":"down","Weight":0}' \
	"$(changes "$real" | jq -c 'select(.State != null) | {State, Weight}' | head -n 1)"
kill $monitor
heal web-real1
check_not "a user may not reload" setpriv --reuid=nobody --regid=nogroup --clear-groups \
	busctl call $name $root org.linuxvirtualserver.Ldirectord1.Manager Reload
check "a user may look" setpriv --reuid=nobody --regid=nogroup --clear-groups \
	busctl get-property $name $root org.linuxvirtualserver.Ldirectord1.Manager Version
check "root may reload" busctl call $name $root org.linuxvirtualserver.Ldirectord1.Manager Reload
