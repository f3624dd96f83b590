#!/bin/bash
# build-root.sh SUITE: prints the path of a disk image with the guest's root for this Debian suite, building it first
# where the cache has none. The name holds a hash of all that goes in, so an old image is never taken for a new one.
set -euo pipefail
. "$(dirname "$0")/host.sh"

suite=${1:?usage: build-root.sh SUITE}
modules=/usr/lib/uml/modules

inputs_hash() {
	{
		cat "$lab/build-root.sh" "$lab/packages"
		(cd "$lab/overlay" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
		ls "$modules"
	} | sha256sum | cut -c1-12
}

packages() {
	sed 's/#.*//' "$lab/packages" | xargs | tr ' ' ','
}

# Nothing starts by itself in a guest: the tests run servers where they want them, and no timer steals time.
settle_root() {
	local root=$1
	cp -r --preserve=mode "$lab/overlay/." "$root/"
	chroot "$root" /usr/local/lib/lab/make-certificates
	install -D "$root/usr/sbin/ldirectord" "$root/opt/reference/ldirectord"
	chroot "$root" dpkg --purge ldirectord
	mkdir -p "$root/usr/lib/modules" "$root/etc/ha.d/conf"
	cp -a "$modules/." "$root/usr/lib/modules/"
	echo lab >"$root/etc/hostname"
	echo '127.0.0.1 localhost lab' >"$root/etc/hosts"
	: >"$root/etc/fstab"
	echo 5f0c1e9a7d3b4c6e8a2f1b0d9c8e7f6a >"$root/etc/machine-id"
	local unit
	for unit in nginx.service vsftpd.service getty@.service console-getty.service serial-getty@.service \
		systemd-networkd.service systemd-update-utmp.service systemd-random-seed.service \
		modprobe@.service systemd-modules-load.service kmod-static-nodes.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
		fstrim.timer systemd-tmpfiles-clean.timer; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	ln -sf multi-user.target "$root/usr/lib/systemd/system/default.target"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -sf ../lab.service "$root/etc/systemd/system/multi-user.target.wants/lab.service"
}

image=$cache/$suite-$(inputs_hash).ext4
mkdir -p "$cache"
# One at a time: whoever comes second finds the image.
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -e "$image" ]; then
	echo "building the guest's root for $suite (once; about a minute)" >&2
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'as_root rm -rf "$work"' EXIT
	as_root mmdebstrap --quiet --mode=root --variant=minbase --include="$(packages)" \
		--aptopt='Acquire::Retries "3"' --keyring="$(debian_keyring "$suite")" \
		--dpkgopt='path-exclude=/usr/share/{doc,man,locale,info}/*' \
		"$suite" "$work/root" "$(debian_mirror)" >&2
	as_root bash -euo pipefail -c "$(declare -f settle_root); lab='$lab' modules='$modules'; settle_root '$work/root'" >&2
	# What a binary must get along with; build-binary.sh reads it.
	as_root dpkg-query --admindir="$work/root/var/lib/dpkg" -W >"$work/packages"
	truncate --size=3G "$work/image"
	as_root mke2fs -q -F -t ext4 -O ^has_journal -d "$work/root" "$work/image"
	rm -f "$cache/$suite-"*.ext4 "$cache/$suite-"*.packages
	mv "$work/packages" "${image%.ext4}.packages"
	mv "$work/image" "$image"
fi
echo "$image"
