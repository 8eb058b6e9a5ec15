"""The envelope of cXML: who sends, to whom, under which secret; requests, and what is answered to them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from lxml import etree

from hilum.errors import Invalid
from hilum.formats.xml_nodes import XmlNode
from hilum.formats.xml_tree import Bounds, read_tree

_BOUNDS: Final = Bounds(size=64 * 1024 * 1024, depth=60, elements=2_000_000)
_DOCTYPE: Final = '<!DOCTYPE cXML SYSTEM "http://xml.cXML.org/schemas/cXML/1.2.060/cXML.dtd">'
_SECRETS: Final = ("SharedSecret", "DigitalSignature", "CredentialMac")


class Identity(NamedTuple):
    """A party: the kind of the identity and the identity itself."""

    domain: str
    identity: str


@dataclass(frozen=True, slots=True)
class Status:
    """What a Response or StatusUpdateRequest says."""

    code: str  # as HTTP has them: 200 done, 201 accepted, 4xx refused, 5xx not now
    text: str = ""

    @property
    def accepted(self) -> bool:
        """Was it taken?"""
        return self.code.startswith("2")


@dataclass(frozen=True, slots=True)
class Document:
    """A cXML document. Its repr shows neither content nor secret."""

    payload_id: str
    kind: str  # name of the request: OrderRequest, ConfirmationRequest; `Response`
    body: XmlNode = field(repr=False)  # the element of that name
    sender: Identity  # From
    receiver: Identity  # To
    secret: str = field(default="", repr=False)  # SharedSecret of the Sender
    status: Status | None = None  # of a Response
    _root: XmlNode | None = field(default=None, repr=False)

    def encode(self) -> bytes:
        """The document without its secrets, as it is to be stored."""
        root = deepcopy(self._root.element) if self._root is not None else self.body.element
        for name in _SECRETS:
            for each in list(root.iter(f"{{*}}{name}")):
                parent = each.getparent()
                if parent is not None:
                    parent.remove(each)
        return _written(root)


def read(data: bytes) -> Document:
    """The document. Raises `Invalid` with the path of the element."""
    root = parse(data)
    response = root.first("Response")
    if response is not None:
        status = _status(response.need("Status"))
        nobody = Identity("", "")
        return Document(root.attribute("payloadID"), "Response", response, nobody, nobody, "", status, root)
    content = root.first("Request", "Message")
    if content is None:
        raise Invalid("a Request, Message or Response is expected", where=root.where)
    bodies = [each for each in content.children() if each.name not in ("Status",)]
    if len(bodies) != 1:
        raise Invalid("exactly one request is expected", where=content.where)
    header = root.need("Header")
    return Document(
        payload_id=root.attribute("payloadID"),
        kind=bodies[0].name,
        body=bodies[0],
        sender=_identity(header.need("From")),
        receiver=_identity(header.need("To")),
        secret=header.text("Sender/Credential/SharedSecret"),
        _root=root,
    )


def parse(data: bytes) -> XmlNode:
    """The root element. Raises `Invalid` where it is no cXML, or hostile."""
    root = XmlNode(read_tree(data.strip(), _BOUNDS, named_dtd=True))
    if root.name != "cXML":
        raise Invalid("this is no cXML", where=root.where)
    return root


def read_response(data: bytes) -> Status:
    """What was answered to a request that was posted. Raises `Invalid`."""
    found = read(data)
    if found.status is None:
        raise Invalid("a Response is expected", where=found.kind)
    return found.status


def request(body: etree._Element, *, test: bool) -> bytes:
    """A document with this request and no header: what is kept until it is sent."""
    root = etree.Element("cXML")
    etree.SubElement(root, "Request", deploymentMode="test" if test else "production").append(body)
    return _written(root)


def addressed(
    data: bytes,
    *,
    sender: Identity,
    receiver: Identity,
    secret: str,
    user_agent: str,
    payload_id: str,
    at: datetime,
    former: str = "",
) -> bytes:
    """A document as it leaves: with its header, the secret and its own identifier. Raises `Invalid`.

    `former`: the identifier of the document that an OrderRequest of type `update` or `delete` changes.
    """
    root = parse(data).element
    if former:
        _refer(root, former)
    root.set("payloadID", payload_id)
    root.set("timestamp", at.isoformat(timespec="seconds"))
    header = etree.Element("Header")
    for name, party in (("From", sender), ("To", receiver), ("Sender", sender)):
        credential = etree.SubElement(etree.SubElement(header, name), "Credential", domain=party.domain)
        etree.SubElement(credential, "Identity").text = party.identity
        if name == "Sender" and secret:
            etree.SubElement(credential, "SharedSecret").text = secret
    etree.SubElement(header[-1], "UserAgent").text = user_agent
    for old in root.findall("Header"):
        root.remove(old)
    root.insert(0, header)
    return _written(root)


def _refer(root: etree._Element, former: str) -> None:
    header = root.find("Request/OrderRequest/OrderRequestHeader")
    if header is None or header.get("type") == "new":
        return
    for old in header.findall("DocumentReference"):
        header.remove(old)
    etree.SubElement(header, "DocumentReference", payloadID=former)


def answer_to(code: int, text: str, *, payload_id: str, at: datetime) -> bytes:
    """A Response: what is told to who has posted a request."""
    root = etree.Element("cXML", payloadID=payload_id, timestamp=at.isoformat(timespec="seconds"))
    etree.SubElement(etree.SubElement(root, "Response"), "Status", code=str(code), text=text)
    return _written(root)


def _identity(party: XmlNode) -> Identity:
    credential = party.need("Credential")
    return Identity(credential.attribute("domain"), credential.need("Identity").text())


def _status(status: XmlNode) -> Status:
    code = status.attribute("code")
    if not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise Invalid("a status has a code of three digits", where=status.where)
    return Status(code, status.attribute("text"))


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, doctype=_DOCTYPE)
