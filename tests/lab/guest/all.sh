# shellcheck shell=bash
# All that a scenario can use.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib net servers client table director; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done
