#!/bin/bash
# Installs into an empty folder and looks at what is there; then uninstalls, and nothing may be left but folders.
set -euo pipefail
cd "$(dirname "$0")/.."

dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
binaries=${CARGO_TARGET_DIR:-target}/release
failures=0

# expect WHAT COMMAND...
expect() {
	local what=$1
	shift
	if "$@" >"$dest.out" 2>&1; then
		echo "  ok    $what"
	else
		echo "  FAIL  $what"
		sed 's/^/        | /' "$dest.out"
		failures=$((failures + 1))
	fi
	rm -f "$dest.out"
}

no_files() {
	[ -z "$(find "$dest" ! -type d -print -quit)" ]
}

# COMMAND... succeeds and says nothing.
no_words() {
	local said
	said=$("$@" 2>&1) && [ -z "$said" ] || { echo "$said"; return 1; }
}

expect "make install" make --no-print-directory install PREBUILT="$binaries" DESTDIR="$dest" PREFIX=/usr
expect "/usr/sbin/ldirectord runs" "$dest/usr/sbin/ldirectord" --version
for file in lib/systemd/system/ldirectord.service lib/systemd/system/ldirectord@.service \
	share/dbus-1/system.d/org.linuxvirtualserver.Ldirectord1.conf \
	share/doc/ldirectord/examples/guide-www.cf share/doc/ldirectord/examples/demo.cf \
	share/doc/ldirectord/examples/web-tls.toml share/man/man5/ldirectord.cf.5 share/man/man8/ldirectord.8; do
	expect "/usr/$file" test -f "$dest/usr/$file"
done
if [ -x "$(command -v groff)" ]; then
	for page in man5/ldirectord.cf.5 man8/ldirectord.8; do
		expect "$page is read without a complaint" no_words groff -man -ww -z -Tutf8 "$dest/usr/share/man/$page"
	done
else
	echo "  skipped: whether the manual pages are well-formed: there is no groff here"
fi
expect "/etc/ldirectord" test -d "$dest/etc/ldirectord"
expect "heartbeat finds it" test -L "$dest/etc/ha.d/resource.d/ldirectord"
expect "make uninstall" make --no-print-directory uninstall DESTDIR="$dest" PREFIX=/usr
expect "leaves no file" no_files
[ "$failures" = 0 ]
