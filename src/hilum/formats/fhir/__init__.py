"""FHIR R4: resources and bundles in JSON, checked against what R4 says of their elements, read by paths.

    bundle = fhir.read(body)
    for resource in bundle.resources():
        if resource.type == "Patient":
            resource["name.family"], resource.date("birthDate"), resource.identifier("urn:oid:1.2.3")

Errors name the element: `Bundle.entry[3].resource.birthDate`. The resources whose elements are known are `RESOURCES`;
of others the general rules of FHIR's JSON are checked. XML and other versions of FHIR are not read.
"""

from hilum.formats.fhir.definitions import RESOURCES
from hilum.formats.fhir.resource import Node, Resource, field, read

__all__ = ["RESOURCES", "Node", "Resource", "field", "read"]
