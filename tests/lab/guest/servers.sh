# shellcheck shell=bash
# The real servers: nginx and vsftpd, one unit each (web-real1, ftp-real3), and every way they can go wrong.
# http://ADDRESS/name answers with the server's own name, /.testpage with "test page".

realm=/run/lab/servers
all_units='web-real1 web-real2 web-real3 web-real4 ftp-real3 ftp-real4'
certificates=/usr/local/lib/lab/ca

# unit_in NAMESPACE UNIT COMMAND...: runs a command as a unit in a namespace; "" is the director's own.
unit_in() {
	local namespace=$1 unit=$2
	shift 2
	systemd-run --quiet --no-block --unit="$unit" ${namespace:+--property=NetworkNamespacePath="/run/netns/$namespace"} -- "$@"
}

# describe_web NAME LISTEN [tls]: writes the folder of a web server.
describe_web() {
	local name=$1 listen=$2 tls=${3:-} dir=$realm/web-$1
	mkdir -p "$dir/pages"
	echo 'test page' >"$dir/pages/.testpage"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		user root;
		pid $dir/pid;
		error_log $dir/error.log;
		worker_processes 1;
		events { worker_connections 4096; }
		http {
			access_log $dir/access.log;
			keepalive_timeout 0;
			default_type text/plain;
			server {
				listen $listen${tls:+ ssl};
				listen [::]:$listen${tls:+ ssl};
				${tls:+ssl_certificate $dir/tls.crt; ssl_certificate_key $dir/tls.key;}
				root $dir/pages;
				if (-e $dir/broken) { return 500; }
				location = /name { return 200 "$name\n"; }
			}
		}
	END
}

# start_web NAME: an nginx of NAME's folder; the fallback (started by who wants it) runs on the director, the others in
# namespaces of their own.
start_web() {
	unit_in "${1#fallback}" "web-$1" /usr/sbin/nginx -e "$realm/web-$1/error.log" -c "$realm/web-$1/nginx.conf"
}

describe_ftp() {
	local name=$1 dir=$realm/ftp-$1
	mkdir -p "$dir/pages" /var/run/vsftpd/empty
	echo 'test page' >"$dir/pages/.testpage"
	cat >"$dir/vsftpd.conf" <<-END
		listen=YES
		background=NO
		anonymous_enable=YES
		anon_root=$dir/pages
		no_anon_password=YES
		seccomp_sandbox=NO
		xferlog_enable=YES
		vsftpd_log_file=$dir/log
	END
}

start_ftp() {
	unit_in "$1" "ftp-$1" /usr/sbin/vsftpd "$realm/ftp-$1/vsftpd.conf"
}

build_servers() {
	local name
	describe_web fallback 80
	for name in real1 real2; do
		describe_web $name 80
		start_web $name
	done
	for name in real3 real4; do
		describe_web $name 443 tls
		cp $certificates/$name.key $realm/web-$name/tls.key
		cp $certificates/$name.crt $realm/web-$name/tls.crt
		start_web $name
		describe_ftp $name
		start_ftp $name
	done
	for name in $all_units; do wait_until 20000 listens "$name"; done
}

# signal_all UNIT SIGNAL: to every process of the unit, at once (systemctl would take its time).
signal_all() {
	local pids
	mapfile -t pids <"/sys/fs/cgroup/system.slice/$1.service/cgroup.procs"
	kill "-$2" "${pids[@]}"
}

reload_web() {
	kill -HUP "$(<"$realm/$1/pid")"
}

# --- ways to go wrong: each takes UNIT, as in web-real1 ---

die_at_once() { signal_all "$1" KILL; }
freeze() { signal_all "$1" STOP; }
answer_wrongly() { echo 'another page' >"$realm/$1/pages/.testpage"; }
answer_500() { : >"$realm/$1/broken"; }
expire_certificate() {
	cp "$certificates/${1#web-}-expired.crt" "$realm/$1/tls.crt"
	reload_web "$1"
}

# heal UNIT: whatever was done to it, it is a good server again.
heal() {
	local dir=$realm/$1
	if systemctl -q is-active "$1"; then
		signal_all "$1" CONT
	else
		systemctl reset-failed "$1" 2>/dev/null
		case $1 in
		web-*) start_web "${1#web-}" ;;
		ftp-*) start_ftp "${1#ftp-}" ;;
		esac
	fi
	rm -f "$dir/broken"
	echo 'test page' >"$dir/pages/.testpage"
	wait_until 10000 listens "$1"
	if [ -e "$dir/tls.crt" ] && ! cmp -s "$certificates/${1#web-}.crt" "$dir/tls.crt"; then
		cp "$certificates/${1#web-}.crt" "$dir/tls.crt"
		reload_web "$1"
	fi
}

heal_all() {
	local unit
	for unit in $all_units; do heal "$unit"; done
}

# listens UNIT: it has a socket on its port.
listens() {
	local namespace=${1#*-}
	case $1 in
	web-fallback) ss -Hltn 'sport = 80' | grep -q . ;;
	web-real[12] | web-beacon) ss -N "$namespace" -Hltn 'sport = 80' | grep -q . ;;
	web-*) ss -N "$namespace" -Hltn 'sport = 443' | grep -q . ;;
	ftp-*) ss -N "$namespace" -Hltn 'sport = 21' | grep -q . ;;
	esac
}

# asked UNIT: how often its test page was asked for so far.
asked() {
	grep -c testpage "$realm/$1/access.log"
}

asked_more_than() {
	[ "$(asked "$1")" -gt "$2" ]
}

# after_next_check UNIT: returns a moment after the next check of this web server. What is broken then is broken early in
# the interval, and in each run alike. The moment is what is left of a bound for a machine that is slow or stands still:
# without it the bound would be the time that all of this takes by itself.
after_next_check() {
	wait_until 60000 asked_more_than "$1" "$(asked "$1")"
	nap 1
}
