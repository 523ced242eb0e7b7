"""The registry of channels."""

import subprocess
import sys
from datetime import timedelta

import pytest

from monitor.record.settings import Settings
from workers.channels import CHANNELS
from workers.channels.webhook.settings import WebhookSubscription

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_every_channel_has_its_name_fixed_in_its_settings() -> None:
    """A subscription's `channel` is the name under which its channel is registered."""
    for name, channel in CHANNELS.items():
        assert channel.settings.model_json_schema()["properties"]["channel"]["const"] == name == channel.name


def test_no_transport_is_imported_with_the_registry() -> None:
    """Start-up is fast: HTTP and SMTP clients are imported when a transport is opened."""
    heavy = "{'httpx', 'aiohttp', 'slack_sdk', 'smtplib', 'rich', 'jinja2'}"
    program = f"import sys, workers.configuration, workers.channels; print({heavy} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.org/a", "example.org:443"),
        ("http://example.org/a", "example.org:80"),
        ("http://127.0.0.1:8001/a", "127.0.0.1:8001"),
        ("https://user:secret@example.org/a", "example.org:443"),
    ],
)
def test_a_webhooks_host_is_name_and_port_without_credentials(url: str, host: str) -> None:
    """What is paced and limited is one receiver; its name is stored and holds no secret."""
    subscription = WebhookSubscription(id="t", channel="webhook", url=url, secret=SECRET)
    assert CHANNELS["webhook"].host(subscription, Settings()) == host


def test_the_webhook_pace_is_the_configured_rate() -> None:
    """`webhook_rate` is the pace to one host; 20 a second unless said otherwise."""
    assert CHANNELS["webhook"].pace(Settings()) == timedelta(milliseconds=50)
    settings = Settings.model_validate({"delivery": {"webhook_rate": "2/s"}})
    assert CHANNELS["webhook"].pace(settings) == timedelta(milliseconds=500)


def test_a_slack_webhooks_address_is_not_its_host() -> None:
    """An incoming webhook's address is a secret; two of them are two channels all the same."""
    settings = CHANNELS["slack"].settings
    hosts = []
    for end in ("aaaa", "bbbb"):
        given = {"id": "s", "channel": "slack", "webhook_url": f"https://hooks.example.org/services/{end}"}
        hosts.append(CHANNELS["slack"].host(settings.model_validate(given), Settings()))
    assert len(set(hosts)) == 2
    assert not any("aaaa" in host or "hooks" in host for host in hosts)
