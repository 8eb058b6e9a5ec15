"""HTTP: the listener that other systems post to, the poll of REST interfaces, and the endpoint that is posted to.

    source=http.Listener(port=8080, path="/in/orders", token=os.environ["ORDERS_TOKEN"])
    source=http.Poll(url="https://clm.example/api/contracts", changed="changed_at", since="changed_since")
    flow.deliver_to(http.post("http.portal"))              # an endpoint of hilum.toml
    flow.deliver_to(http.post(url="https://portal.example/api/status"))

Both sides are aiohttp: with httpx and an ASGI server the HTTP part costs about three times the CPU per message, and
two cores must carry 2 000 messages a second with everything else.
"""

from hilum.connectors.http.endpoint import Endpoint, post
from hilum.connectors.http.listener import Listener
from hilum.connectors.http.poll import Poll

__all__ = ["Endpoint", "Listener", "Poll", "post"]
