#!/bin/bash
# install-servers.sh ROOT: what build-root.sh has mmdebstrap do in the root it makes: installs the list in `packages`. One
# that the mirror lacks must not keep the others out; it is named in ROOT/unavailable.
set -euo pipefail
root=$1
export DEBIAN_FRONTEND=noninteractive

# Nothing starts by itself in there, and no cluster of PostgreSQL's is made: the tests make their own.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/etc/postgresql-common"
echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"

: >"$root/unavailable"
wanted=()
unpacked=()
while read -r package how; do
	if ! chroot "$root" apt-get install -qq --simulate "$package" >/dev/null 2>&1; then
		echo "$package" >>"$root/unavailable"
	elif [ "$how" = unpack ]; then
		unpacked+=("$package")
	else
		wanted+=("$package")
	fi
done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$(dirname "$0")/packages")

# Some want to know on what host they are, whatever this machine is called.
echo '127.0.0.1 localhost servers.example.com servers' >"$root/etc/hosts"
echo '::1 localhost servers.example.com servers' >>"$root/etc/hosts"
echo servers.example.com >"$root/etc/mailname"
unshare --uts sh -euc 'hostname servers.example.com; exec chroot "$@"' sh "$root" \
	apt-get install -qq -y --no-install-recommends "${wanted[@]}"
for package in "${unpacked[@]}"; do
	# /lib and its like are links here, and stay links.
	chroot "$root" sh -euc 'cd /tmp; apt-get download -qq "$1"
		dpkg --fsys-tarfile "$1"_*.deb | tar -x --keep-directory-symlink -C /; rm "$1"_*.deb' sh "$package"
done

# The lists of packages are large, and nothing more is installed here.
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*
