"""Options that several verbs have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV.")]
JsonWithoutCommand = Annotated[
    bool, typer.Option("--json", help="Without a command: one JSON object a line.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="F",
        help="gao-csv, gao-product, gao-agency or gao-text. Default: recognised.",
    ),
]
