"""AS2 (RFC 4130): documents of trading partners over HTTP, signed and encrypted, each answered with a signed receipt.

source=as2.Station(port=4080, our_id="HILLTOP", partner_id="GLOVECO", our_key="as2/hilltop.pem",
                   partner_certificates=["as2/gloveco.crt"])
flow.deliver_to(as2.send("as2.gloveco"))               # an endpoint of hilum.toml
"""

from hilum.connectors.as2.sender import Sender, send
from hilum.connectors.as2.station import Station

__all__ = ["Sender", "Station", "send"]
