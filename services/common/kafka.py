"""Kafka: the only module that imports aiokafka. (signatures; being written)"""
