"""What a REST interface answers: the things of a page, what tells them apart, and the way to the next page. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import orjson

from hilum.connectors.http.poll_settings import PollSettings
from hilum.errors import Down

_ID_LIMIT: Final = 300  # characters of what names a thing


class Known(NamedTuple):
    """One thing, as it was told last."""

    version: int  # how often it was told
    digest: str  # of what was told
    journalled: bool  # False: handed over, and perhaps not in the journal


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a page."""

    id: str
    content: Any
    digest: str
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    items: Sequence[Item]
    next_url: str  # empty: it was the last


def with_query(url: str, **parameters: str) -> str:
    """The URL with these parameters in place of those of the same names."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in parameters]
    return urlunsplit(parts._replace(query=urlencode([*kept, *parameters.items()])))


class Reading:
    """Reads the answers of one interface by its settings."""

    def __init__(self, settings: PollSettings) -> None:
        self._settings = settings
        self._origin = urlsplit(str(settings.url))[:2]

    def first_url(self, since: datetime | None) -> str:
        """What is asked first; `since`: only for what was changed from then on."""
        settings = self._settings
        asked = {}
        if since is not None and settings.since:
            from_then = since - timedelta(seconds=settings.overlap)
            asked[settings.since] = (
                f"{from_then.timestamp():.3f}"
                if settings.since_format == "epoch"
                else from_then.astimezone(UTC).isoformat().replace("+00:00", "Z")
            )
        if settings.page_parameter:
            asked[settings.page_parameter] = "1"
        if settings.offset_parameter:
            asked[settings.offset_parameter] = "0"
        return with_query(str(settings.url), **asked) if asked else str(settings.url)

    def page(self, body: bytes, url: str, link: str, read: int) -> Page:
        """What was answered at this URL. `link`: its rel=next; `read`: pages before it. Raises `Down`."""
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Down("The answer is no JSON.") from None
        found = member(answer, self._settings.items)
        if not isinstance(found, list):
            where = f"at “{self._settings.items}” of the answer" if self._settings.items else "as the answer"
            raise Down(f"There is no list {where}: correct items in the settings of the source.")
        items = [self._item(each) for each in found]
        return Page(items, self._next(answer, items, url, link, read))

    def _next(self, answer: Any, items: Sequence[Item], url: str, link: str, read: int) -> str:
        settings, next_url = self._settings, link
        if settings.next_page:
            next_url = str(member(answer, settings.next_page) or "")
        elif settings.cursor:
            cursor = member(answer, settings.cursor)
            next_url = with_query(url, **{settings.cursor_parameter: str(cursor)}) if cursor else ""
        elif settings.page_parameter:
            next_url = with_query(url, **{settings.page_parameter: str(read + 2)}) if items else ""
        elif settings.offset_parameter:
            before = int(dict(parse_qsl(urlsplit(url).query))[settings.offset_parameter])
            next_url = with_query(url, **{settings.offset_parameter: str(before + len(items))}) if items else ""
        if not next_url:
            return ""
        next_url = urljoin(url, next_url)
        if urlsplit(next_url)[:2] != self._origin:
            raise Down("The next page is at another host: it is not followed, for it would be shown the login.")
        if next_url == url:
            raise Down("The next page is the same page again.")
        return next_url

    def _item(self, content: Any) -> Item:
        settings = self._settings
        name = member(content, settings.item_id)
        if not isinstance(name, str | int) or name == "" or len(str(name)) > _ID_LIMIT:
            raise Down(f"A thing has nothing that names it at “{settings.item_id}”: correct item_id of the source.")
        changed = moment(member(content, settings.changed)) if settings.changed else None
        if settings.changed and changed is None:
            raise Down(f"A thing has no time at “{settings.changed}”: correct changed of the source.")
        return Item(str(name), content, digest(content, settings.ignore), changed)


def member(thing: Any, path: str) -> Any:
    """What is at a dotted path; None: nothing."""
    for name in path.split(".") if path else ():
        if not isinstance(thing, Mapping):
            return None
        thing = thing.get(name)
    return thing


def moment(value: Any) -> datetime | None:
    """A time: ISO 8601 with an offset, or seconds since 1970; None: it is none."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None else None


def digest(content: Any, ignore: Sequence[str] = ()) -> str:
    """Of all that counts of a thing, whatever the order of its members."""
    for path in ignore:
        content = _without(content, path.split("."))
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _without(thing: Any, path: Sequence[str]) -> Any:
    if not isinstance(thing, Mapping) or path[0] not in thing:
        return thing
    if len(path) == 1:
        return {name: value for name, value in thing.items() if name != path[0]}
    return {**thing, path[0]: _without(thing[path[0]], path[1:])}
