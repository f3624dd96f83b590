# shellcheck shell=bash
# The journal: the reference's sentences as messages, with fields and a stable MESSAGE_ID for each kind of fact.
. "${here:?run by main.sh}/all.sh"
unit=ldirectord@www

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

# entry REGEX FIELD: of the last entry whose message matches.
entry() {
	entries $unit ".MESSAGE | test(\"$1\")" "$2" | tail -n 1
}

check "start" systemctl start $unit
check "the service was added" said $unit '^Added virtual server: 204\.202\.136\.32:80'
check "the server was added" said $unit \
	'^Added real server: 192\.168\.0\.1:80 \(204\.202\.136\.32:80\) \(Weight set to 5\)'
id=$(entry '^Added real server: 192.168.0.1:80' .MESSAGE_ID)
check_match "with a MESSAGE_ID" '^[0-9a-f]{32}$' "$id"
check_equal "the same for another server" "$id" "$(entry '^Added real server: 192.168.0.2:80' .MESSAGE_ID)"
check_match "with the virtual service as a field" '204\.202\.136\.32:80' "$(entry '^Added real server' .LDIRECTORD_VIRTUAL)"
check_match "with the real server as a field" '192\.168\.0\.1:80' "$(entry '^Added real server: 192.168.0.1:80' .LDIRECTORD_REAL)"
answer_500 web-real1
deleted() { said $unit '^Deleted real server: 192\.168\.0\.1:80 \(204\.202\.136\.32:80\)'; }
check_within 6000 "the server was deleted" deleted
went_down() {
	entries $unit '.LDIRECTORD_OLD_STATE == "up" and .LDIRECTORD_NEW_STATE == "down"' | grep -q .
}
check "a change from up to down, with a field for either state" went_down
entries $unit '.LDIRECTORD_REAL != null' 'with_entries(select(.key | test("^(LDIRECTORD_|MESSAGE|PRIORITY)")))' |
	tail -n 3 | sed 's/^/        | /'
heal web-real1
