"""`recwatch init [DIR]`."""

from pathlib import Path
from typing import Annotated

import typer

from recwatch.cli.setup import verb_app
from recwatch.configuration.finding import NAME, packaged
from recwatch.errors import Failure

app = verb_app()


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path()) -> None:
    """Write the commented starter recwatch.toml. Never overwrites."""
    target = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(packaged().read_text(encoding="utf-8"))
    except FileExistsError:
        if not folder.is_dir():
            raise Failure(f"{folder} is a file; name the folder to write {NAME} in") from None
        raise Failure(f"{target} is there already; nothing was written") from None
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}") from None
    typer.echo(f"wrote {target}\nNext: edit it, then `recwatch check-config` and `recwatch up`.")
