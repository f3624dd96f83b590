#!/bin/bash
# build-binary.sh SUITE: prints a folder with release binaries that run in a guest of this suite. This machine's own build
# serves where its C library and OpenSSL are no newer than the guest's; else it is built in a root of that suite, with
# this machine's Rust toolchain.
set -euo pipefail
. "$(dirname "$0")/host.sh"

suite=${1:?usage: build-binary.sh SUITE}

# guest_version PACKAGE...: the version of the first of them that the guest has.
guest_version() {
	local image packages package
	image=$("$lab/build-root.sh" "$suite")
	packages=${image%.ext4}.packages
	for package; do
		awk -v name="$package" '{ sub(/:.*/, "", $1) } $1 == name { print $2 }' "$packages"
	done | sed 's/^[0-9]*://; s/[-+~].*//' | head -n 1
}

# not_newer A B: version A is B or older.
not_newer() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

own_build_serves() {
	local libc openssl
	libc=$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)
	openssl=$(pkg-config --modversion openssl)
	not_newer "$libc" "$(guest_version libc6)" && not_newer "${openssl%.*}" "$(guest_version libssl3t64 libssl3)"
}

# The root to build in: what bootstrap.sh installs here for a build, of that suite.
build_chroot() {
	local root=$1
	[ ! -e "$root/complete" ] || return 0
	echo "building a root to compile for $suite in (once; about a minute)" >&2
	as_root rm -rf "$root"
	mkdir -p "$(dirname "$root")"
	as_root mmdebstrap --quiet --mode=root --variant=minbase --include=gcc,libc6-dev,libssl-dev,make,pkg-config \
		--aptopt='Acquire::Retries "3"' --keyring="$(debian_keyring "$suite")" \
		--dpkgopt='path-exclude=/usr/share/{doc,man,locale,info}/*' \
		"$suite" "$root" "$(debian_mirror)" >&2
	as_root touch "$root/complete"
}

# compile_in ROOT TARGET: the mounts are those of a mount namespace, and vanish with it. cargo has fetched all before.
compile_in() {
	local root=$1 target=$2 toolchain
	toolchain=$(rustc --print sysroot)
	cargo fetch --quiet --locked --manifest-path "$repo/Cargo.toml"
	mkdir -p "$target"
	as_root env root="$root" target="$target" repo="$repo" toolchain="$toolchain" \
		cargo_home="${CARGO_HOME:-$HOME/.cargo}" unshare --mount bash -euo pipefail -c '
			cd "$root"
			mkdir -p src target toolchain cargo/registry proc
			mount --bind -o ro "$repo" src
			mount --bind "$target" target
			mount --bind -o ro "$toolchain" toolchain
			mount --bind "$cargo_home/registry" cargo/registry
			mount -t proc proc proc
			exec chroot . env -i PATH=/toolchain/bin:/usr/bin:/bin HOME=/root CARGO_HOME=/cargo \
				CARGO_TARGET_DIR=/target cargo build --release --locked --offline --bins --manifest-path /src/Cargo.toml
		' >&2
	as_root chown -R "$(id -u):$(id -g)" "$target"
}

if own_build_serves; then
	(cd "$repo" && cargo build --release --locked --bins) >&2
	echo "${CARGO_TARGET_DIR:-$repo/target}/release"
else
	root=$cache/build-$suite
	target=$repo/target/lab-$suite
	build_chroot "$root"
	compile_in "$root" "$target"
	echo "$target/release"
fi
