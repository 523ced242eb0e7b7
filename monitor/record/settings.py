"""The configuration as validated values; every key is described in config/recwatch.toml.

Keys of one channel are in that channel's folder; recwatch/configuration combines them, reads the file and
words the errors.
"""

import re
from collections import Counter
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from monitor.record.durations import Duration, Interval, OptionalDuration, Size
from monitor.record.values import EventType, Format, Kind

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Share = Annotated[float, Field(gt=0, le=1)]
Level = Literal["cosmetic", "redated", "substantive"]

EVENTS = tuple(str(kind) for kind in EventType)
FIELDS = ("narrative", "status", "priority", "text")
SIGNALS = (
    "first_response",
    "deadline_set",
    "deadline_moved",
    "agency_position",
    "action_reported",
    "date_named",
    "text_removed",
    "status_moved",
    "closed",
    "reopened",
    "priority_set",
    "priority_cleared",
)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is not a time zone; write a name such as America/New_York') from None
    return name


def web_address(value: str) -> str:
    """Check an http or https address; ValueError says what it should look like."""
    if not _is_web_address(value):
        raise ValueError(f'"{value}" is not a web address; it begins with https:// or http:// and a host')
    return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        # A port that is none raises when it is read; what stands in brackets, in some Pythons only.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


TimeZone = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(web_address)]
OptionalWebAddress = Annotated[str, AfterValidator(lambda value: value and web_address(value))]


class Section(BaseModel):
    """A table of the configuration: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Section):
    """[store]: the database, and how long evidence is kept."""

    url: SecretStr = SecretStr("")
    keep_evidence: Duration = timedelta(days=730)
    max_evidence: Size = 5 * 10**9

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        known = ("", "sqlite", "postgresql+psycopg")
        if value.get_secret_value().partition("://")[0] not in known:
            raise ValueError("write postgresql+psycopg://user:password@host/name, or leave it empty")
        return value


class QueueSettings(Section):
    """[queue]: the queue server."""

    redis_url: SecretStr = SecretStr("")

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().partition("://")[0] not in ("", "redis", "rediss", "unix"):
            raise ValueError("write redis://, rediss:// or unix:// and the rest, or leave it empty")
        return value


class Http(Section):
    """[http]: requests to sources and webhooks."""

    contact: str = ""
    timeout: Duration = timedelta(seconds=30)
    max_bytes: Size = 64 * 10**6
    min_interval: OptionalDuration = None
    proxy: str = ""
    ca_file: str = ""
    allow_private_networks: bool = False


class Email(Section):
    """[email]: the mail server and sender."""

    smtp_url: SecretStr = SecretStr("")
    sender: str = Field("", alias="from")

    @field_validator("smtp_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and urlsplit(text).scheme not in ("smtp", "smtps", "file"):
            raise ValueError("write smtp://host:port, smtps://host:port or file:FOLDER")
        if text and not text.startswith("file:") and not _names_a_host(text):
            raise ValueError("it names no host, or a port that is none; write smtp://host:587")
        return value


class Workers(Section):
    """[delivery] workers: worker processes of each queue."""

    changes: int = Field(1, ge=1, le=64)
    slack: int = Field(1, ge=1, le=64)
    teams: int = Field(1, ge=1, le=64)
    email: int = Field(1, ge=1, le=64)
    webhook: int = Field(1, ge=1, le=64)
    console: int = Field(1, ge=1, le=1)  # one terminal, one writer


def _default_retry() -> tuple[timedelta, ...]:
    hours = (2, 6, 12, 24, 24)
    short = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
    return short + tuple(timedelta(hours=hour) for hour in hours)


class Delivery(Section):
    """[delivery]: retries, leases, rates."""

    retry: tuple[Duration, ...] = Field(default_factory=_default_retry)
    lease: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=60)
    webhook_rate: Interval = timedelta(milliseconds=50)
    workers: Workers = Workers()

    @property
    def request_timeout(self) -> timedelta:
        """A request is given up after 20 s or half the lease, whichever is shorter."""
        return min(timedelta(seconds=20), self.lease / 2)


class Gate(Section):
    """[gate]: when a capture is held back instead of believed."""

    max_vanished: Share = 0.2
    max_changed: Share = 0.5
    vanish_confirmations: int = Field(2, ge=1)


class Reminders(Section):
    """[reminders]: overdue and stalled events."""

    overdue: bool = False
    stalled_after: OptionalDuration = None


class Web(Section):
    """[web]: the pages."""

    listen: str = "127.0.0.1:8080"
    base_url: OptionalWebAddress = ""


class Source(Section):
    """[[sources]]: a page, export or folder that is watched."""

    id: Id
    format: Format
    url: OptionalWebAddress = ""
    path: str = ""
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(hours=12)
    stale_after: OptionalDuration = None
    robots: Literal["obey", "ignore"] = "obey"
    confirm_closures: bool = True
    report_url: str = ""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.url and not self.path:
            raise ValueError("a source has a url, a path, or both")
        return self

    @property
    def patience(self) -> timedelta:
        """How long a source may show nothing new before it counts as stale."""
        return self.stale_after or timedelta(days=3 if self.url else 8)


def _one_of(words: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in words:
            raise ValueError(f'"{value}" is none of {", ".join(words)}')
        return value

    return AfterValidator(check)


class Match(Section):
    """[subscriptions.match]: all given keys must match; an empty or absent one matches everything."""

    agencies: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    events: tuple[Annotated[str, _one_of(EVENTS)], ...] = ()
    fields: tuple[Annotated[str, _one_of(FIELDS)], ...] = ()
    statuses: tuple[str, ...] = ()
    priority: bool | None = None
    significance: Level | None = None
    signals: tuple[Annotated[str, _one_of(SIGNALS)], ...] = ()
    keywords: tuple[str, ...] = ()


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SCHEDULE = re.compile(
    rf"(?:daily|weekly (?P<weekday>{'|'.join(_DAYS)})|monthly (?P<day>[1-9]|[12]\d|3[01])) "
    r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
)


class Schedule(BaseModel):
    """When a digest is due: daily, on a weekday (0 is Monday) or on a day of the month, local time."""

    model_config = ConfigDict(frozen=True)
    text: str
    weekday: int | None
    day: int | None
    hour: int
    minute: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `daily HH:MM`, `weekly DAY HH:MM` or `monthly D HH:MM`."""
        if not (match := _SCHEDULE.fullmatch(text.strip().lower())):
            raise ValueError(
                f'"{text}" is not a schedule; write daily 08:00, weekly mon 08:00 or monthly 1 08:00'
            )
        weekday = _DAYS.index(match["weekday"]) if match["weekday"] else None
        day = int(match["day"]) if match["day"] else None
        return cls(text=text, weekday=weekday, day=day, hour=int(match["hour"]), minute=int(match["minute"]))


def _schedule(value: Any) -> Any:
    return Schedule.parse(value) if isinstance(value, str) else value


Digest = Annotated[
    Schedule | None,
    BeforeValidator(_schedule, json_schema_input_type=str),
    PlainSerializer(lambda value: value and value.text, return_type=str | None),
]


class Channelled(Section):
    """Keys that a subscription and [operators] share: which channel, and (in subclasses) its own keys.

    A channel's configuration model derives from Subscription, fixes `channel`, and adds its keys;
    one event becomes one message for each of `recipients`.
    """

    channel: str

    def recipients(self) -> tuple[str, ...]:
        """The addresses; one empty string where the channel has a single end."""
        return ("",)


class Subscription(Channelled):
    """[[subscriptions]]: which events go to whom, how, and when."""

    OPERATORS: ClassVar[str] = "operators"

    id: Id
    match: Match = Match()
    digest: Digest = None
    timezone: TimeZone = "UTC"
    when_empty: Literal["skip", "send"] = "skip"
    summarize_over: int = Field(10, ge=1)


class Settings(Section):
    """The whole configuration except the channels' own keys."""

    store: StoreSettings = StoreSettings()
    queue: QueueSettings = QueueSettings()
    http: Http = Http()
    email: Email = Email()
    delivery: Delivery = Delivery()
    gate: Gate = Gate()
    reminders: Reminders = Reminders()
    web: Web = Web()
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        _refuse_repeats("source", [source.id for source in self.sources])
        return self


def _refuse_repeats(what: str, ids: list[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            raise ValueError(f'two {what}s have the id "{name}"')
