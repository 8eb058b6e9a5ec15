"""What the codes of acknowledgements mean, in words for people. A code that is not here is told as it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SEGMENT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "the segment name is not known",
        "2": "the segment is not expected here",
        "3": "the segment is missing",
        "4": "the loop is there too often",
        "5": "the segment is there too often",
        "6": "the transaction set has no such segment",
        "7": "the segment is not in its order",
        "8": "elements of the segment are wrong",
        "I4": "the receiver's guide has no such segment",
        "I6": "the segment is missing, which another one demands in the receiver's guide",
        "I7": "the loop is there too seldom for the receiver's guide",
        "I8": "the segment is there too seldom for the receiver's guide",
        "I9": "the receiver's guide does not allow the segment beside another one",
    }
)
"""Data elements 720 (AK3) and 620 (IK3); those with an I only 620."""

ELEMENT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "the element is mandatory and missing",
        "2": "the element is missing, which another one demands",
        "3": "there are too many elements",
        "4": "the element is too short",
        "5": "the element is too long",
        "6": "a character is not allowed",
        "7": "the code is not known",
        "8": "this is no date",
        "9": "this is no time",
        "10": "the element excludes another one that is there",
        "12": "the element is repeated too often",
        "13": "there are too many components",
        "I6": "the receiver's guide has no such code",
        "I9": "the element is missing, which another one demands in the receiver's guide",
        "I10": "the receiver's guide has no such element",
        "I11": "the element is repeated too seldom for the receiver's guide",
        "I12": "the element has not the form that the receiver's guide wants",
        "I13": "the receiver's guide does not allow the element beside another one",
    }
)
"""Data elements 723 (AK4) and 621 (IK4); those with an I only 621."""

SET_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "the transaction set is not supported",
        "2": "SE is missing",
        "3": "the control numbers of ST and SE differ",
        "4": "the number of segments differs",
        "5": "segments are in error",
        "6": "the transaction set identifier is missing or wrong",
        "7": "the transaction set control number is missing or wrong",
        "17": "security of transaction sets is not supported",
        "23": "the transaction set control number is not unique in its group",
        "I5": "segments are not as the receiver's guide wants them",
        "I6": "the receiver's guide is not supported",
    }
)
"""Data elements 718 (AK5) and 618 (IK5); those with an I only 618. The others are of secured sets."""

GROUP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "the functional group is not supported",
        "2": "the version is not supported",
        "3": "GE is missing",
        "4": "the control numbers of GS and GE differ",
        "5": "the number of transaction sets differs",
        "6": "the group control number is wrong",
        "16": "security of groups is not supported",
    }
)
"""Data element 716 (AK9). The others are of secured groups."""

INTERCHANGE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "001": "the control numbers of ISA and IEA differ",
        "002": "the standard is not supported (ISA11)",
        "003": "the version is not supported (ISA12)",
        "004": "the segment terminator is wrong",
        "005": "the sender's qualifier is wrong (ISA05)",
        "006": "the sender is wrong (ISA06)",
        "007": "the receiver's qualifier is wrong (ISA07)",
        "008": "the receiver is wrong (ISA08)",
        "009": "the receiver is not known (ISA08)",
        "010": "the qualifier of the authorisation is wrong (ISA01)",
        "011": "the authorisation is wrong (ISA02)",
        "012": "the qualifier of the password is wrong (ISA03)",
        "013": "the password is wrong (ISA04)",
        "014": "the date is wrong (ISA09)",
        "015": "the time is wrong (ISA10)",
        "016": "the standard or repetition separator is wrong (ISA11)",
        "017": "the version is wrong (ISA12)",
        "018": "the control number is wrong (ISA13)",
        "019": "the wish for a TA1 is wrong (ISA14)",
        "020": "neither test nor production (ISA15)",
        "021": "the number of groups differs (IEA01)",
        "022": "the control structure is wrong",
        "023": "the data ends too early",
        "024": "what the interchange holds is wrong, such as a GS",
        "025": "the control number was there before",
        "026": "the element separator is wrong",
        "027": "the component separator is wrong (ISA16)",
    }
)
"""Data element I18 (TA105), without those of deferred delivery."""
