"""How often and how long what failed is repeated: one rule, with its numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A rule for repeating: `Flow(..., retry=Retry(attempts=3, total=600))`. Limits always: never for ever."""

    attempts: int = 10  # in all, the first one too
    first_wait: float = 1.0  # seconds before the second attempt, unless the receiver asks for more
    factor: float = 2.0  # each wait is so many times as long as the one before
    longest_wait: float = 300.0  # seconds
    jitter: float = 0.2  # waits vary by this share, both ways, so that many that failed together do not return together
    total: float = 3600.0  # seconds after the first attempt that failed, after which no other one is made

    def wait(self, attempts: int) -> float:
        """Seconds to wait after so many attempts, before they are varied."""
        try:
            return min(self.first_wait * self.factor ** (attempts - 1), self.longest_wait)
        except OverflowError:  # the longest wait was reached long before
            return self.longest_wait

    def problems(self) -> list[str]:
        """What is wrong with the numbers, in words."""
        right = (
            self.attempts >= 1
            and self.first_wait > 0
            and self.factor >= 1
            and self.longest_wait > 0
            and 0 <= self.jitter < 1
            and self.total > 0
        )
        return [] if right else ["retry: attempts and factor are 1 or more, waits and total above 0, jitter below 1"]

    def in_words(self) -> str:
        """The rule as people read it."""
        if self.attempts == 1:
            return "one attempt only"
        waits = [_seconds(self.wait(number)) for number in range(1, min(self.attempts, 4))]
        more = f" … at most {_seconds(self.longest_wait)}" if self.attempts > 4 else ""
        return (
            f"up to {self.attempts} attempts within {_seconds(self.total)}, with waits of {', '.join(waits)}{more}"
            f" (± {self.jitter:.0%})"
        )


def _seconds(seconds: float) -> str:
    """`30 s`, `5 min`, `2 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
