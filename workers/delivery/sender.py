"""One job's transport: opened once, and whatever it raises becomes the result of an attempt."""

import asyncio
from datetime import timedelta

import structlog

from workers.channels.channel import Channel
from workers.context import Context
from workers.values import Message, Receipt, Transport, TransportError

log = structlog.get_logger(__name__)


class Sender:
    """Sends a channel's messages, each within `patience`; where the transport did not open, each fails."""

    def __init__(self, context: Context, channel: Channel, patience: timedelta) -> None:
        self._channel = channel.name
        self._patience = patience.total_seconds()
        self._error: Exception | None = None
        self._transport: Transport | None = None
        try:
            self._transport = channel.open(context.configuration, context.home)
        except Exception as error:
            log.exception("a channel could not be opened", channel=channel.name)
            self._error = error

    async def send(self, message: Message) -> tuple[Receipt | None, TransportError | None]:
        """Make one attempt."""
        if self._transport is None:
            return None, TransportError(f"the channel could not be opened: {_words(self._error)}")
        try:
            async with asyncio.timeout(self._patience):
                return await self._transport.send(message), None
        except TransportError as error:
            return None, error
        except TimeoutError:
            words = f"no answer within {self._patience:.0f} s"
            return None, TransportError(words, ambiguous=True, timed_out=True)
        except Exception as error:  # a mistake in a channel costs a step of the schedule, never the message
            log.exception("a channel failed", channel=self._channel, message_id=message.id)
            return None, TransportError(_words(error), ambiguous=True)

    async def close(self) -> None:
        """Let connections go."""
        if self._transport is None:
            return
        try:
            await self._transport.close()
        except Exception:  # what was sent is recorded; a connection that does not close changes nothing
            log.exception("a channel could not be closed", channel=self._channel)


def _words(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}"
