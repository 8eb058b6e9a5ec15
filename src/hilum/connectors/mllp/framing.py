"""MLLP frames out of bytes, and messages out of a frame. Pure: no sockets here.

Rules: HL7 Transport Specification: MLLP, Release 1 (frame); HL7 v2 chapter 2 §2.10.3 (batches).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hilum.errors import HilumError, Invalid
from hilum.formats import hl7v2 as hl7

START: Final = b"\x0b"
END: Final = b"\x1c\r"
_START: Final = START[0]

# What may stand between two frames in all. Some senders end a frame with a line feed or send blanks as a heartbeat;
# a port scanner or a browser sends more than this.
NOISE_LIMIT: Final = 1024


class FrameError(HilumError):
    """The connection cannot go on: what follows cannot be told apart from what was."""


class TooLong(FrameError):
    """A frame passes the limit. `head` is its beginning, enough to read the message header from."""

    def __init__(self, words: str, head: bytes) -> None:
        super().__init__(words)
        self.head = head


class Noise(FrameError):
    """Too much stands before a frame: whoever sends this does not speak MLLP."""


def framed(message: bytes) -> bytes:
    """The frame that carries `message`."""
    return START + message + END


class Frames:
    """Takes bytes in any portions and gives the contents of the frames in them, one at a time.

    Holds at most `limit` bytes (a message's size, the three framing bytes not counted) and the last portion.
    """

    __slots__ = ("_buffer", "_limit", "_noise", "_searched")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._noise = 0
        self._searched = 0  # so far the end of the frame was looked for: a large frame is not searched again and again

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self._buffer)

    def feed(self, portion: bytes) -> None:
        """Append what came in."""
        self._buffer += portion

    def drop(self) -> None:
        """Forget everything: the connection is being closed."""
        self._buffer.clear()

    def next(self) -> bytes | None:
        """The contents of the next complete frame, None when there is none yet. Raises `TooLong` or `Noise`."""
        buffer = self._buffer
        if not buffer or (buffer[0] != _START and not self._skip_noise()):
            return None
        end = buffer.find(END, self._searched)
        # without an end the content so far is the buffer without its start; its last byte may be half of the end
        if (end if end >= 0 else len(buffer) - 1) - 1 > self._limit:
            raise TooLong(f"The message is larger than {self._limit} bytes.", bytes(buffer[1:4096]))
        if end < 0:
            self._searched = len(buffer) - 1
            return None
        frame = bytes(buffer[1:end])
        del buffer[: end + 2]
        self._noise = self._searched = 0
        return frame

    def _skip_noise(self) -> bool:
        """Drop what stands before the next start; is there one?"""
        start = self._buffer.find(START)
        skipped = start if start >= 0 else len(self._buffer)
        del self._buffer[:skipped]
        self._noise += skipped
        if self._noise > NOISE_LIMIT:
            raise Noise(f"More than {NOISE_LIMIT} bytes came that are no MLLP frame.")
        return start >= 0


def messages_in(frame: bytes) -> Sequence[bytes]:
    """The messages of one frame: nearly always the frame itself.

    A batch (FHS, BHS … BTS, FTS, or several MSH) gives each of its messages, without the batch's own segments. What
    holds no message, or a second start block, is given back whole, so that its reader can say what is wrong.
    """
    if START in frame or (frame.startswith(b"MSH") and frame.count(b"MSH") == 1):
        return (frame,)
    try:
        return tuple(hl7.split(frame)) or (frame,)
    except Invalid:
        return (frame,)
