"""What the engine beneath keeps for itself, as JSON: ids and ends of runs; everything else lies in our tables."""

from __future__ import annotations

from typing import Any

import orjson
from dbos import Serializer

from hilum.errors import trail


class Json(Serializer):
    """Text in, text out. An error is kept as where it was raised."""

    def serialize(self, data: Any) -> str:
        """Raises `TypeError` for what is not JSON."""
        if isinstance(data, BaseException):
            return orjson.dumps({"__error__": trail(data)}).decode()
        if isinstance(data, dict) and "args" in data and "kwargs" in data:  # inputs of a workflow
            return orjson.dumps({"args": list(data["args"]), "kwargs": data["kwargs"]}).decode()
        return orjson.dumps(data).decode()

    def deserialize(self, serialized_data: str) -> Any:
        """The value again."""
        found = orjson.loads(serialized_data)
        if isinstance(found, dict) and "__error__" in found:
            return RuntimeError(found["__error__"])
        if isinstance(found, dict) and found.keys() == {"args", "kwargs"}:
            return {"args": tuple(found["args"]), "kwargs": found["kwargs"]}
        return found

    def name(self) -> str:
        """In the engine's tables."""
        return "hilum_json"
