#!/bin/sh
# Run a broker once while the image is built and keep the classes that it loaded: later ones start in half the time.
set -eu
data=$(mktemp -d)
# The build shares the host's network: another broker may have any fixed port.
port=$(shuf -i 20000-29998 -n 1)
controller=$((port + 1))
cat > "$data/server.properties" <<END
process.roles=broker,controller
node.id=0
controller.quorum.voters=0@localhost:$controller
listeners=PLAINTEXT://localhost:$port,CONTROLLER://localhost:$controller
advertised.listeners=PLAINTEXT://localhost:$port
controller.listener.names=CONTROLLER
log.dirs=$data/log
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
END
export PATH=/opt/kafka/bin:$PATH
kafka-storage.sh format --config "$data/server.properties" --cluster-id 4L6g3nShT-eMCtK--X86sw >/dev/null
KAFKA_OPTS="-XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa" kafka-server-start.sh "$data/server.properties" >"$data/out" 2>&1 &
broker=$!
topics() { kafka-topics.sh --bootstrap-server localhost:$port "$@"; }
tries=0
until topics --create --topic warm-up --partitions 3 >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] && kill -0 "$broker" || { cat "$data/out"; exit 1; }
done
seq 1 100 | kafka-console-producer.sh --bootstrap-server localhost:$port --topic warm-up >/dev/null 2>&1
kafka-console-consumer.sh --bootstrap-server localhost:$port --topic warm-up --group warm-up --from-beginning \
  --max-messages 100 >/dev/null 2>&1
kafka-consumer-groups.sh --bootstrap-server localhost:$port --describe --group warm-up >/dev/null 2>&1
kill "$broker"
wait "$broker" || true
rm -rf "$data"
test -s /opt/kafka/kafka.jsa
chmod 644 /opt/kafka/kafka.jsa
