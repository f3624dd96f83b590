# shellcheck shell=bash
# What the lab's host-side scripts share: where things are, and how to speak.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
repo=$(cd "$lab/../.." && pwd)
# shellcheck disable=SC2034
cache=${LDIRECTORD_LAB_CACHE:-${XDG_CACHE_HOME:+$XDG_CACHE_HOME/ldirectord}}
cache=${cache:-$repo/.cache}/lab

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# as_root COMMAND...: runs it as root, through sudo where we are not.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to run '$1', and there is no sudo"
	fi
}

# The Debian mirror that this machine's apt uses, or Debian's own.
debian_mirror() {
	local uri label
	while read -r uri label; do
		if [ "$label" = Debian ]; then
			echo "$uri"
			return
		fi
	done < <(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 2>/dev/null)
	echo http://deb.debian.org/debian
}

# debian_keyring SUITE: a keyring that vouches for SUITE. A Debian 12 older than the keys of 13 gets them from its own
# debian-archive-keyring package, which the keys it already trusts have signed.
debian_keyring() {
	local keys=/usr/share/keyrings
	if [ ! -e "$keys/debian-archive-$1-stable.gpg" ]; then
		echo "installing debian-archive-keyring: this machine has no keys for $1 yet" >&2
		as_root apt-get install -qq -y debian-archive-keyring >&2
	fi
	[ -e "$keys/debian-archive-$1-stable.gpg" ] || die "no keys to verify $1 with in $keys"
	echo "$keys/debian-archive-keyring.gpg"
}
