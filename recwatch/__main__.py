"""`recwatch` and `python -m recwatch`."""


def main() -> None:
    """Run the command line; ends the process with the verb's status."""
    from recwatch.cli import app

    app(prog_name="recwatch")


if __name__ == "__main__":
    main()
