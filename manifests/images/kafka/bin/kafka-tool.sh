#!/bin/sh
# Every Kafka command is a link to this script: its name says which class to run. The class path stands in a file, in
# a fixed order, because the archive of loaded classes (kafka.jsa) is only good for exactly that one.
set -eu
home=/opt/kafka
tool=true
case "${0##*/}" in
  kafka-server-start.sh) tool=false; class=kafka.Kafka ;;
  kafka-storage.sh)          class=kafka.tools.StorageTool ;;
  kafka-topics.sh)           class=org.apache.kafka.tools.TopicCommand ;;
  kafka-configs.sh)          class=kafka.admin.ConfigCommand ;;
  kafka-consumer-groups.sh)  class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  kafka-console-consumer.sh) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  kafka-console-producer.sh) class=org.apache.kafka.tools.ConsoleProducer ;;
  kafka-log-dirs.sh)         class=org.apache.kafka.tools.LogDirsCommand ;;
  kafka-get-offsets.sh)      class=org.apache.kafka.tools.GetOffsetShell ;;
  kafka-broker-api-versions.sh) class=org.apache.kafka.tools.BrokerApiVersionsCommand ;;
  kafka-metadata-quorum.sh)  class=org.apache.kafka.tools.MetadataQuorumCommand ;;
  *) echo "${0##*/}: no such Kafka command" >&2; exit 64 ;;
esac
if $tool; then
  # A tool run inside the broker's container must not start the broker's agent or take its memory.
  unset KAFKA_OPTS KAFKA_LOG4J_OPTS JAVA_TOOL_OPTIONS
  heap="-Xmx192m"
  log="$home/config/tools-log4j2.properties"
else
  heap="${KAFKA_HEAP_OPTS:--Xms256m -Xmx256m}"
  log="$home/config/log4j2.properties"
fi
archive=
[ ! -s "$home/kafka.jsa" ] || archive="-XX:SharedArchiveFile=$home/kafka.jsa -Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off"
# shellcheck disable=SC2086 # options are words
exec java $heap ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC -XX:TieredStopAtLevel=1} $archive \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$log} ${KAFKA_OPTS:-} "@$home/classpath" "$class" "$@"
