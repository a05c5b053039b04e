#!/bin/sh
# The servers and the browser that the tests need: installed when this is Debian and we are root,
# named when not.
set -eu
missing=""
have() { command -v "$1" >/dev/null 2>&1; }
have initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
have redis-server || missing="$missing redis-server"
have chromium || missing="$missing chromium"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && have apt-get; then
    echo "Installing$missing ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The tests need these system packages:$missing" >&2
echo "Install them (Debian: apt-get install$missing) and run make test again." >&2
exit 1
