"""Backup and restore of Kafka: topics, committed offsets and the records of a window, compared one by one."""
