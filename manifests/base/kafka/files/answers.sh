#!/bin/bash
# Succeeds when the broker answers a request of the Kafka protocol: a stopped process still accepts connections.
# Sent: length 10, ApiVersions (18) version 0, correlation id 1, no client id. Any answer begins with a zero byte, for
# which `read` waits here. No other program is started: this runs every few seconds.
exec 3<>/dev/tcp/127.0.0.1/9092 || exit 1
printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff' >&3
read -r -d '' -t 3 -u 3 || { echo 'the broker does not answer'; exit 1; }
