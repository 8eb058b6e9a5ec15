"""NATS JetStream: the publisher that puts messages into a stream, and the consumer that takes them from one.

    source=nats.Consumer(servers=["nats://nats-1:4222"], stream="ORDERS", durable="hilum")
    flow.deliver_to(nats.publish("nats.events"))           # an endpoint of hilum.toml
    flow.deliver_to(nats.publish(servers=["nats://nats-1:4222"], subject="events.{flow}"))

A stream is a replicated log that others run: to the hub it is a source and a destination, nothing more.
"""

from hilum.connectors.nats.consumer import Consumer
from hilum.connectors.nats.publisher import Publisher, publish

__all__ = ["Consumer", "Publisher", "publish"]
