#!/bin/sh
# Formats the volume where it is new, then runs the broker.
set -eu
settings=/etc/kafka-broker/server.properties
if [ ! -e /var/lib/kafka/log/meta.properties ]; then
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
  kafka-storage.sh format --cluster-id "$id" --config "$settings"
fi
exec kafka-server-start.sh "$settings"
