#!/bin/bash
# run.sh [WORD]...: asks the real servers of Debian whose names contain one of these words, or all of them. Closes with a
# line that counts. What it needs is a root that build-root.sh makes once; without root's rights or mmdebstrap it says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/host.sh"

skip() {
	echo "skipped: real servers, because $*"
	exit 0
}

"$repo/scripts/bootstrap.sh" --servers || skip "the packages it needs cannot be installed (see above)"
root=$("$here/build-root.sh") || skip "their root cannot be made (see above)"

# Namespaces and mounts are root's; what is built stays ours.
as_user=()
[ "$(id -u)" = 0 ] || as_user=(--config 'target."cfg(unix)".runner = "sudo --preserve-env=LDIRECTORD_SERVERS_ROOT"')
cd "$repo"
LDIRECTORD_SERVERS_ROOT=$root cargo "${as_user[@]}" test --locked --quiet --test servers -- "$@"
