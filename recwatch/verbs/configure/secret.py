"""`recwatch secret`."""

import base64
import secrets

from recwatch.cli.output import say
from recwatch.cli.setup import verb_app

app = verb_app()
_BYTES = 32


@app.command()
def secret() -> None:
    """Print a new signing secret for a webhook: 32 random bytes."""
    say(f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}")
