"""The whole configuration: the record's settings, the subscriptions, and who hears about trouble.

recwatch/configuration reads the file and words the errors; here is what it is checked against.
"""

from collections import Counter
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from monitor.record.queue.names import CHANGES
from monitor.record.settings import Id, OptionalWebAddress, Section, Settings, Subscription
from workers.channels.console.settings import ConsoleSubscription
from workers.channels.email.settings import EmailSubscription
from workers.channels.slack.settings import SlackSubscription
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.webhook.settings import WebhookSubscription

AnySubscription = Annotated[
    SlackSubscription | TeamsSubscription | EmailSubscription | WebhookSubscription | ConsoleSubscription,
    Field(discriminator="channel"),
]

# What a subscription decides and operators do not: they hear of all trouble, at once.
_SUBSCRIBERS_KEYS = frozenset(Subscription.model_fields) - {"channel"}


class Heard(Section):
    """[operators]: a channel's keys, and `heartbeat_url`, asked for after each good cycle if given.

    To the delivery engine it is a subscription of that channel with the id "operators".
    """

    id: Id = Subscription.OPERATORS
    heartbeat_url: OptionalWebAddress = ""

    @property
    def subscription(self) -> AnySubscription:
        """Itself, as the subscription that messages to operators name."""
        assert isinstance(
            self,
            SlackSubscription
            | TeamsSubscription
            | EmailSubscription
            | WebhookSubscription
            | ConsoleSubscription,
        )
        return self

    @model_validator(mode="before")
    @classmethod
    def _no_subscribers_keys(cls, table: Any) -> Any:
        """Refuse `match` and its like as any unknown key is refused."""
        strays = [key for key in table if key in _SUBSCRIBERS_KEYS] if isinstance(table, dict) else []
        if strays:
            raise ValidationError.from_exception_data(
                cls.__name__,
                [{"type": "extra_forbidden", "loc": (key,), "input": table[key]} for key in strays],
            )
        return table

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        table: dict[str, Any] = handler(self)
        return {key: value for key, value in table.items() if key not in _SUBSCRIBERS_KEYS}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the table as it may be written."""
        schema = handler(core)
        table = handler.resolve_ref_schema(schema)
        for key in _SUBSCRIBERS_KEYS:
            table.get("properties", {}).pop(key, None)
        return schema


class SlackOperators(Heard, SlackSubscription):
    """[operators] with channel = "slack"."""


class TeamsOperators(Heard, TeamsSubscription):
    """[operators] with channel = "teams"."""


class EmailOperators(Heard, EmailSubscription):
    """[operators] with channel = "email"."""


class WebhookOperators(Heard, WebhookSubscription):
    """[operators] with channel = "webhook"."""


class ConsoleOperators(Heard, ConsoleSubscription):
    """[operators] with channel = "console", or without one."""


def _on_the_console(table: Any) -> Any:
    return {"channel": "console", **table} if isinstance(table, dict) else table


Operators = Annotated[
    Annotated[
        SlackOperators | TeamsOperators | EmailOperators | WebhookOperators | ConsoleOperators,
        Field(discriminator="channel"),
    ],
    BeforeValidator(_on_the_console),
]


class Configuration(Settings):
    """Everything that recwatch.toml says."""

    # Where nobody is named, whoever sits at the terminal hears; `subscriptions = []` means nobody at all.
    subscriptions: tuple[AnySubscription, ...] = (ConsoleSubscription(id="console", channel="console"),)
    operators: Operators = ConsoleOperators()
    _indexed: tuple[Any, Any, dict[str, AnySubscription]] = PrivateAttr(default=(None, None, {}))

    @model_validator(mode="after")
    def _subscription_ids_once(self) -> Self:
        ids = [subscription.id for subscription in self.subscriptions]
        if Subscription.OPERATORS in ids:
            raise ValueError('the id "operators" belongs to [operators]; give the subscription another')
        if repeated := next((name for name, times in Counter(ids).items() if times > 1), None):
            raise ValueError(f'two subscriptions have the id "{repeated}"')
        return self

    def subscription(self, name: str) -> AnySubscription | None:
        """The subscription with this id, the operators' included; None where there is none."""
        return self._index().get(name)

    def _index(self) -> dict[str, AnySubscription]:
        """By id: each message asks. Made anew where a copy has taken these subscriptions' place."""
        subscriptions, operators, index = self._indexed
        if subscriptions is not self.subscriptions or operators is not self.operators:
            index = {each.id: each for each in self._everyone()}
            self._indexed = self.subscriptions, self.operators, index
        return index

    def channels_in_use(self) -> tuple[str, ...]:
        """The channels that need a worker, in alphabetical order."""
        return tuple(sorted({each.channel for each in self._everyone()}))

    def queues_in_use(self) -> tuple[str, ...]:
        """The queues that need a worker: the changes, and the channels of subscriptions and operators."""
        return (CHANGES, *self.channels_in_use())

    def _everyone(self) -> tuple[AnySubscription, ...]:
        return (*self.subscriptions, self.operators.subscription)
