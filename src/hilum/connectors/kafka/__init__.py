"""Kafka: the producer that puts messages into a topic, and the consumer that takes them from topics.

    source=kafka.Consumer(servers=["kafka-1:9092"], topics=["orders"], group="hilum")
    flow.deliver_to(kafka.publish("kafka.events"))         # an endpoint of hilum.toml

Needs the extra: `pip install 'hilum[kafka]'`.
"""

from hilum.connectors.kafka.consumer import Consumer
from hilum.connectors.kafka.producer import Producer, publish

__all__ = ["Consumer", "Producer", "publish"]
