"""The keys of a subscription by Slack. CONTRACT of every key: config/recwatch.toml."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from monitor.record.settings import Subscription, WebAddress, web_address

API_URL = "https://slack.com/api/"
_SHAPE = "write https:// and the rest, as Slack shows it under Incoming Webhooks"


def _channel_id(value: str) -> str:
    if value.startswith("#") or value.split() not in ([], [value]):
        raise ValueError(f'"{value}" is a name; the id is in the channel\'s details, as in C0123ABCD')
    return value


ChannelId = Annotated[str, AfterValidator(_channel_id)]


def _placeholder(value: str) -> bool:
    """Whether the value is a reference not yet resolved: verbs that only read leave it so."""
    return value.startswith("${")


class SlackSubscription(Subscription):
    """A subscription in Slack: `webhook_url`, or `token` and `channel_id`.

    The token needs `chat:write`, and `channels:history` (`groups:history` in a private channel) so
    that a message whose outcome is unknown is looked for before it is posted again.
    """

    channel: Literal["slack"]
    webhook_url: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    channel_id: ChannelId = Field("", description="as in the channel's details: C0123ABCD")
    api_url: WebAddress = Field(API_URL, description="where the Web API answers")

    @field_validator("webhook_url")
    @classmethod
    def _web_address(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not _placeholder(text):
            try:
                web_address(text)
            except ValueError:
                raise ValueError(f"this is not a web address; {_SHAPE}") from None  # the address is a secret
        return value

    @model_validator(mode="after")
    def _exactly_one_way(self) -> Self:
        webhook, token = bool(self.webhook_url.get_secret_value()), bool(self.token.get_secret_value())
        if webhook and (token or self.channel_id):
            raise ValueError("a Slack subscription has webhook_url, or token and channel_id, not both")
        if not webhook and not (token and self.channel_id):
            missing = "channel_id" if token else "token" if self.channel_id else "webhook_url"
            raise ValueError(f"{missing} is missing: give webhook_url, or token and channel_id")
        return self

    @property
    def threads(self) -> bool:
        """Whether messages can be posted in a thread: only by the Web API."""
        return bool(self.token.get_secret_value())
