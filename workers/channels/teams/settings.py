"""The keys of a subscription in Teams. CONTRACT of every key: config/recwatch.toml."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from monitor.record.settings import Subscription, web_address

_SHAPE = "write the address that Teams shows for the workflow, https:// and the rest"


class TeamsSubscription(Subscription):
    """A subscription in Teams, through a workflow that posts what a webhook receives."""

    channel: Literal["teams"]
    webhook_url: SecretStr = Field(description="as Teams shows it under Workflows")

    @field_validator("webhook_url")
    @classmethod
    def _web_address(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.startswith("${"):  # verbs that only read leave references unresolved
            try:
                web_address(text)
            except ValueError:
                raise ValueError(f"this is not a web address; {_SHAPE}") from None  # it is a secret
        return value
