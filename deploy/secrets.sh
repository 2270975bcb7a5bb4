#!/bin/sh
# Makes .env beside docker-compose.yml with passwords that nobody knows yet. One that is there stays as it is.
set -eu
cd "$(dirname "$0")/.."
[ ! -e .env ] || { echo ".env is there already"; exit 0; }
umask 077
word() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
cat >.env.new <<END
MONGO_ROOT_PASSWORD=$(word)
MONGO_PASSWORD=$(word)
GRAFANA_PASSWORD=$(word)
END
mv .env.new .env
echo "wrote .env; Grafana's user is admin, its password is there"
