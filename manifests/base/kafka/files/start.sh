#!/bin/sh
# Starts the broker on the pod's volume, which is formatted at the first start and never again.
set -eu
settings=/etc/kafka-broker/server.properties
if [ ! -e /var/lib/kafka/log/meta.properties ]; then
  # 22 characters as Kafka wants them, without a leading "-" and without a JVM's time to make them.
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
  kafka-storage.sh format --cluster-id "$id" --config "$settings"
fi
# Only the server gets these: the scripts that people run in this container would find the agent's port taken.
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/kafka-broker/log4j2.properties
export KAFKA_OPTS="-javaagent:/opt/kafka/jmx_prometheus_javaagent.jar=9404:/etc/kafka-broker/jmx.yaml"
exec kafka-server-start.sh "$settings"
