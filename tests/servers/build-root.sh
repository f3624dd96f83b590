#!/bin/bash
# build-root.sh: prints the path of a folder with a Debian root that holds the servers which tests/servers asks, building
# it first where the cache has none. The name holds a hash of all that goes in, so an old root is never taken for a new
# one. In it, /unavailable names the packages that could not be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/host.sh"

suite=bookworm
cache=${cache%/lab}/servers

root=$cache/$suite-$(cat "$here/build-root.sh" "$here/install-servers.sh" "$here/packages" | sha256sum | cut -c1-12)
mkdir -p "$cache"
# One at a time: whoever comes second finds the root.
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -e "$root" ]; then
	echo "building the root of the real servers (once; about three minutes)" >&2
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'as_root rm -rf --one-file-system "$work"' EXIT
	as_root mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt='Acquire::Retries "3"' --keyring="$(debian_keyring "$suite")" \
		--dpkgopt='path-exclude=/usr/share/{doc,man,locale,info}/*' \
		--customize-hook="$here/install-servers.sh" "$suite" "$work/root" "$(debian_mirror)" >&2
	as_root rm -rf --one-file-system "$cache/$suite"-*
	as_root mv "$work/root" "$root"
fi
echo "$root"
