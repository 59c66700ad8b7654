#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own, which ends with it.
#
#     with-database.sh COMMAND...
#
# Tests find it by OXFLOW_TEST_POSTGRES; without that, each process that runs tests starts one.
set -euo pipefail

coproc SERVER { exec "$(dirname "$0")/database-server.sh" postgres; }
input=${SERVER[1]} server=$SERVER_PID
read -r OXFLOW_TEST_POSTGRES <&"${SERVER[0]}"
export OXFLOW_TEST_POSTGRES
status=0
"$@" || status=$?
exec {input}>&-
wait "$server" || true
exit "$status"
