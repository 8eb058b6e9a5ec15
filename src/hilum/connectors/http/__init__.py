"""HTTP: the listener that other systems post messages to, and the endpoint that messages are posted to.

    source=http.Listener(port=8080, path="/in/orders", token=os.environ["ORDERS_TOKEN"])
    flow.deliver_to(http.post("http.portal"))              # an endpoint of hilum.toml
    flow.deliver_to(http.post(url="https://portal.example/api/status"))

Both sides are aiohttp: with httpx and an ASGI server the HTTP part costs about three times the CPU per message, and
two cores must carry 2 000 messages a second with everything else.
"""

from hilum.connectors.http.endpoint import Endpoint, post
from hilum.connectors.http.listener import Listener

__all__ = ["Endpoint", "Listener", "post"]
