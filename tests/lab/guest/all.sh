# shellcheck shell=bash
# All that a scenario can use. main.sh has set $here to this folder.
# shellcheck disable=SC2154

. "$here/lib.sh"
. "$here/net.sh"
. "$here/servers.sh"
. "$here/client.sh"
. "$here/table.sh"
. "$here/director.sh"
