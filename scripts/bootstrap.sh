#!/bin/bash
# bootstrap.sh [--servers|--lab|--fuzz|--bench]: installs what a build and its tests need and this machine lacks, and says so;
# with --servers also what makes the root of the real servers, with --lab what boots the lab's guests, with --fuzz what builds
# and runs the fuzz targets, with --bench what is measured beside us. For Debian 12 and 13 and their kin. Where nothing is missing it changes nothing, at once.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)

build_packages="gcc libc6-dev make pkg-config libssl-dev git curl ca-certificates"
test_packages="dbus-daemon iproute2 ipvsadm"
fuzz_packages="g++"
bench_packages="haproxy"
servers_packages="mmdebstrap debian-archive-keyring"
lab_packages="user-mode-linux mmdebstrap e2fsprogs debian-archive-keyring"

say() {
	echo "bootstrap: $*" >&2
}

die() {
	say "$*"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to run '$*', and there is no sudo: run this script as root once"
	fi
}

# Debian's name for what is not installed, of the packages given.
missing_packages() {
	local package
	for package; do
		case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) echo "$package" ;;
		esac
	done
}

install_packages() {
	local missing
	command -v dpkg-query >/dev/null || die "knows Debian and its kin only; install by hand what stands for: $*"
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2
}

# at_least WANTED VERSION
at_least() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# rust_serves: there is a cargo, new enough, with what `make check` calls.
rust_serves() {
	local version
	version=$(cd "$repo" && rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
	at_least "$rust_wanted" "${version:-0}" && command -v cargo cargo-fmt cargo-clippy >/dev/null
}

install_rust() {
	rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
	PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
	! rust_serves || return 0
	say "installing a Rust toolchain through rustup (cargo is missing, older than $rust_wanted, or has no fmt or clippy)"
	if ! command -v rustup >/dev/null; then
		if apt-cache show rustup >/dev/null 2>&1; then
			install_packages rustup
		else
			curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
				sh -s -- -y --quiet --no-modify-path --default-toolchain none >&2
		fi
	fi
	rustup toolchain install stable --profile minimal --component rustfmt --component clippy >&2
	rustup default >/dev/null 2>&1 || rustup default stable >&2
	rust_serves || die "your default toolchain is $(rustc --version 2>&1), Rust $rust_wanted is needed: try 'rustup default stable'"
}

packages="$build_packages $test_packages"
case ${1:-} in
'') ;;
--servers) packages+=" $servers_packages" ;;
--lab) packages+=" $lab_packages" ;;
--fuzz) packages+=" $fuzz_packages" ;;
--bench) packages+=" $bench_packages" ;;
*) die "usage: bootstrap.sh [--servers|--lab|--fuzz|--bench]" ;;
esac
# shellcheck disable=SC2086 # lists of words
install_packages $packages
install_rust
if [ "${1:-}" = --fuzz ] && ! command -v cargo-fuzz >/dev/null; then
	say "installing cargo-fuzz"
	cargo install --quiet --locked cargo-fuzz >&2
fi
