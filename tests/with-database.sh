#!/usr/bin/env bash
# Runs a command with a database server of its own, which ends with it.
#
#     with-database.sh postgres|mariadb|mysql COMMAND...
#
# Tests find it by OXFLOW_TEST_POSTGRES or OXFLOW_TEST_MARIADB (MySQL, too); without that, each process that runs tests
# starts one.
set -euo pipefail

kind=$1
shift
coproc SERVER { exec "$(dirname "$0")/database-server.sh" "$kind"; }
input=${SERVER[1]} server=$SERVER_PID
read -r uri <&"${SERVER[0]}"
name=${kind/mysql/mariadb}
export "OXFLOW_TEST_${name^^}=$uri"
status=0
"$@" || status=$?
exec {input}>&-
wait "$server" || true
exit "$status"
