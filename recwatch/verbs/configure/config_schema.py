"""`recwatch config-schema`."""

import json

from recwatch.cli.output import say
from recwatch.cli.setup import verb_app

app = verb_app()


@app.command()
def config_schema() -> None:
    """Print the JSON Schema of recwatch.toml."""
    from workers.configuration import Configuration

    say(json.dumps(Configuration.model_json_schema(), indent=2))
