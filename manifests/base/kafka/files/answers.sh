#!/bin/bash
# Succeeds when the broker answers a request of the Kafka protocol: a stopped process still accepts connections.
# Sent: length 10, ApiVersions (18) version 0, correlation id 1, no client id. Expected: a length, id 1, error 0.
exec 3<>/dev/tcp/127.0.0.1/9092 || exit 1
printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff' >&3
answer=$(timeout 3 head -c 10 <&3 | od -An -tx1 | tr -d ' \n')
[ "${answer:8}" = 000000010000 ] || { echo "the broker answered: '$answer'"; exit 1; }
