#!/usr/bin/env bash
# A database server of its own for tests, in a temporary folder; PostgreSQL and MariaDB never as root.
#
#     database-server.sh postgres|mariadb|mysql
#
# Prints the URI of an administrator when the server answers. Then it obeys lines on standard input, `stop`, `start`
# and `restart`, and answers each with `done`. At the end of its input the server ends and its folder goes: so
# nothing is left behind, however the tests end. Programs come from the Debian packages postgresql and mariadb-server;
# MySQL from the folder OXFLOW_MYSQL, which setup_mysql.sh has made.
# What is committed is on disk only if OXFLOW_TEST_DURABLE is set, for measurements.
set -euo pipefail
# Where Debian keeps mariadbd; not everybody looks there.
PATH=$PATH:/usr/sbin

kind=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/oxflow-$kind.XXXXXX")
chmod 711 "$folder"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# PostgreSQL refuses to run as root.
user=$(id -un)
if [ "$user" = root ]; then
  case $kind in postgres) user=postgres ;; mariadb) user=mysql ;; esac
  chown "$user" "$folder"
  as() { setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@"; }
else
  as() { "$@"; }
fi

if [ -n "${OXFLOW_TEST_DURABLE:-}" ]; then
  postgres_speed="-c shared_buffers=512MB -c max_wal_size=4GB"
  mariadb_log=512M mariadb_flush=1
else
  postgres_speed="-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
  mariadb_log=8M mariadb_flush=0
fi

missing() {
  echo "database-server.sh: there is no $1; \`make databases\` installs it" >&2
  exit 1
}

# For TLS: an authority, root.crt, and what it signed for `localhost`.
certificate() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  echo subjectAltName=DNS:localhost >"$folder/names"
  {
    openssl req -x509 "${key[@]}" -days 2 -subj "/CN=Oxflow's tests" -keyout "$folder/root.key" -out "$folder/root.crt"
    openssl req "${key[@]}" -subj /CN=localhost -keyout "$folder/data/server.key" -out "$folder/request"
    openssl x509 -req -in "$folder/request" -CA "$folder/root.crt" -CAkey "$folder/root.key" -CAcreateserial -days 2 \
      -extfile "$folder/names" -out "$folder/data/server.crt"
  } 2>>"$folder/setup.log"
  chmod 600 "$folder/data/server.key"
  chown "$user" "$folder/data/server.key" "$folder/data/server.crt"
  chmod 644 "$folder/root.crt"
}

postgres_setup() {
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -n "$bin" ] || missing postgresql
  echo admin >"$folder/password"
  as "$bin/initdb" -D "$folder/data" -U postgres -A scram-sha-256 --pwfile="$folder/password" -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$folder/setup.log"
  # The administrator needs no password here, which saves time; everybody else does.
  sed -i '1i host all postgres 127.0.0.1/32 trust' "$folder/data/pg_hba.conf"
  certificate
  uri="postgresql://postgres@127.0.0.1:$port/postgres"
}
postgres_start() {
  as "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start >/dev/null -o "-p $port -k $folder \
    -c listen_addresses=127.0.0.1 -c ssl=on -c max_connections=400 $postgres_speed"
}
postgres_stop() { as "$bin/pg_ctl" -D "$folder/data" -w -t 60 -m "${1:-fast}" stop >/dev/null 2>&1; }

mariadb_setup() {
  command -v mariadbd >/dev/null || missing mariadb-server
  options=(--no-defaults --user="$user" --datadir="$folder/data" --innodb-log-file-size=$mariadb_log)
  mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal --skip-test-db >"$folder/setup.log"
  certificate
  uri="mysql://root@127.0.0.1:$port/mysql"
}
# Waits until it does.
answers() {
  for _ in $(seq 600); do
    mariadb-admin --no-defaults -h 127.0.0.1 -P "$port" -u root ping >/dev/null 2>&1 && return
    sleep 0.1
  done
  cat "$folder/log" >&2
  return 1
}
mariadb_start() {
  setsid mariadbd "${options[@]}" --port="$port" --bind-address=127.0.0.1 --socket="$folder/socket" \
    --pid-file="$folder/pid" --innodb-flush-log-at-trx-commit=$mariadb_flush --skip-log-bin --ssl-cert="$folder/data/server.crt" \
    --ssl-key="$folder/data/server.key" --character-set-server=utf8mb4 \
    --max-connections=400 >"$folder/log" 2>&1 </dev/null &
  disown
  answers
}
mysql_setup() {
  [ -x "${OXFLOW_MYSQL:-}/mysqld" ] || { echo "database-server.sh: OXFLOW_MYSQL names no folder of setup_mysql.sh" >&2; exit 1; }
  # As whoever unpacked it: others may not look into that folder.
  options=(--user="$(id -un)" --datadir="$folder/data")
  "$OXFLOW_MYSQL/mysqld" "${options[@]}" --initialize-insecure >"$folder/setup.log" 2>&1 || { cat "$folder/setup.log" >&2; exit 1; }
  certificate
  uri="mysql://root@127.0.0.1:$port/mysql"
}
mysql_start() {
  setsid "$OXFLOW_MYSQL/mysqld" "${options[@]}" --port="$port" --bind-address=127.0.0.1 --socket="$folder/socket" --mysqlx=OFF \
    --pid-file="$folder/pid" --innodb-flush-log-at-trx-commit=$mariadb_flush --skip-log-bin --max-connections=400 \
    --ssl-cert="$folder/data/server.crt" --ssl-key="$folder/data/server.key" >"$folder/log" 2>&1 </dev/null &
  disown
  answers
}
mysql_stop() { mariadb_stop "$@"; }

mariadb_stop() {
  local pid
  pid=$(cat "$folder/pid")
  kill "$([ "${1:-fast}" = immediate ] && echo -KILL || echo -TERM)" "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

finish() {
  "${kind}_stop" immediate || true
  rm -rf "$folder"
}
trap finish EXIT
# Whoever interrupts the tests closes our input too.
trap '' INT

cd "$folder"
"${kind}_setup"
"${kind}_start"
echo "$uri"
while read -r line; do
  case $line in
    stop) "${kind}_stop" ;;
    start) "${kind}_start" ;;
    restart) "${kind}_stop" && "${kind}_start" ;;
  esac
  echo "done"
done
