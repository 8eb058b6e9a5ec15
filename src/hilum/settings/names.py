"""The words that several sections take, as flows have them: `hilum.flow.promises` stands above and cannot be asked."""

from __future__ import annotations

from typing import Literal

DataClassName = Literal["public", "internal", "confidential", "phi"]
CriticalityName = Literal["low", "normal", "high", "vital"]
