#!/bin/bash
# MongoDB as a replica set of one, and beside it, until it has worked once, the script that makes it one.
set -euo pipefail
# Members of a set prove themselves to each other by this file; the only one has nobody to agree with, so it is new at each start.
umask 077
head -c 512 /dev/urandom | base64 -w0 >/tmp/keyfile
(
  until mongosh --quiet --norc mongodb://127.0.0.1/admin /argos/init.js; do sleep 1; done
) &
exec mongod --replSet rs0 --keyFile /tmp/keyfile --bind_ip_all --wiredTigerCacheSizeGB 0.25 --quiet
