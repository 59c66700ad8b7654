#!/usr/bin/env bash
# MySQL itself, unpacked into a folder: Debian's stable releases bring MariaDB only, its unstable one has MySQL.
#
#     setup_mysql.sh FOLDER
#
# Nothing is installed: the packages and all that they need are unpacked beside the system, with a C library of their
# own, and FOLDER/mysqld and FOLDER/mysqldump start programs with it. Needs no rights. apt checks the signatures of the archive.
set -euo pipefail

mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$folder/root
[ -e "$folder/done" ] && exit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{etc/apt.conf.d,etc/preferences.d,lists/partial,archives/partial}
touch "$work/status"
# What the machine's own lists say is left alone. The lists of unstable may be older than they claim to be valid.
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] http://deb.debian.org/debian sid main" >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::Etc "$work/etc"; Dir::Etc::sourcelist "$work/sources.list"; Dir::State "$work"; Dir::State::lists "$work/lists";
Dir::State::status "$work/status"; Dir::Cache "$work"; Dir::Cache::archives "$work/archives";
Acquire::Languages "none"; APT::Install-Recommends "false"; APT::Sandbox::User "";
END
export APT_CONFIG=$work/apt.conf
apt-get -q update
apt-get -qy --download-only install mysql-server-core mysql-client-core libc6

rm -rf "$root"
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
for package in "$work"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar x -C "$root" --keep-directory-symlink --no-same-owner
done
libraries=$(dirname "$(find "$root/usr/lib" -name libc.so.6)")
start="exec $libraries/$(basename "$libraries"/ld-linux-*.so.*) --library-path $libraries:$root/usr/lib/mysql/private"
{
  echo "#!/bin/sh"
  echo "$start $root/usr/sbin/mysqld --no-defaults --lc-messages-dir=$root/usr/share/mysql \\"
  echo "  --character-sets-dir=$root/usr/share/mysql/charsets --plugin-dir=$root/usr/lib/mysql/plugin --secure-file-priv=NULL \"\$@\""
} >"$folder/mysqld"
printf '#!/bin/sh\n%s\n' "$start $root/usr/bin/mysqldump \"\$@\"" >"$folder/mysqldump"
chmod +x "$folder/mysqld" "$folder/mysqldump"
"$folder/mysqld" --version
"$folder/mysqldump" --version
touch "$folder/done"
