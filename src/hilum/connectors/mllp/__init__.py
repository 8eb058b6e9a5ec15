"""HL7 v2 over MLLP: the listener that other systems send to, and the sender that gives messages to them.

    source=mllp.Listener(port=2575, accepts=["DFT^P03"])
    flow.deliver_to(mllp.send("mllp.lab"))                 # an endpoint of hilum.toml
    flow.deliver_to(mllp.send(host="lab.hospital.example", port=2576))

MLLP is "HL7 Transport Specification: MLLP, Release 1": a message between 0x0B and 0x1C 0x0D on a TCP connection.
"""

from hilum.connectors.mllp.link import MllpReceived
from hilum.connectors.mllp.listener import Listener
from hilum.connectors.mllp.sender import Sender, send

__all__ = ["Listener", "MllpReceived", "Sender", "send"]
