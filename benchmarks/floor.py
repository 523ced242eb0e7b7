"""The least that watching these pages can cost: what a careful person would write for one evening.

    python -m benchmarks.floor pages|export FILE SINK ADDRESS…      (addresses on standard input, one a line)

Fetches each page in turn over one connection, reads every cell of every table, hashes what it read, holds
it against what is kept in SQLite, and tells the sink of each row that differs: no retries, no history.
The last line of its standard output is what the cycle cost apart from starting, in seconds of CPU.
"""

import asyncio
import csv
import io
import json
import re
import resource
import sqlite3
import sys
from collections.abc import Iterator
from hashlib import sha256
from html import unescape

import aiohttp
from selectolax.lexbor import LexborHTMLParser

_NUMBER = re.compile(r"\(Recommendation (\d+)\)")


def _page_rows(body: bytes) -> Iterator[tuple[str, str]]:
    """Key and hash of each row of an agency's page."""
    tree = LexborHTMLParser(body)
    for group in tree.css("div.view--recommendations"):
        heading = group.css_first("h4")
        title = heading.text() if heading else ""
        for row in group.css("table.views-view-table tbody tr"):
            cells = [cell.text() for cell in row.css("td")]
            number = _NUMBER.search(cells[1])
            key = f"{title}#{number[1] if number else cells[1]}"
            words = " ".join(" ".join(cells).split())
            yield key, sha256(words.encode()).hexdigest()


def _export_rows(body: bytes) -> Iterator[tuple[str, str]]:
    """Key and hash of each row of the export."""
    lines = csv.reader(io.StringIO(body.decode()))
    header = next(row for row in lines if row and row[0] == "Publication Name")
    at = {name: place for place, name in enumerate(header)}
    for row in lines:
        text, narrative = unescape(row[at["Recommendation"]]), unescape(row[at["Comments"]])
        number = _NUMBER.search(text)
        key = (
            f"{row[at['Publication  Number']]}#{number[1] if number else text}@{unescape(row[at['Agency']])}"
        )
        words = " ".join(f"{text} {row[at['Status']]} {row[at['Priority']]} {narrative}".split())
        yield key, sha256(words.encode()).hexdigest()


async def cycle(form: str, file: str, sink: str, addresses: list[str]) -> int:
    """One cycle; how many rows differ from the last."""
    read = _page_rows if form == "pages" else _export_rows
    store = sqlite3.connect(file)
    store.execute("create table if not exists seen (key text primary key, hash text)")
    known = dict(store.execute("select key, hash from seen"))
    fresh: dict[str, str] = {}
    async with aiohttp.ClientSession() as session:
        for address in addresses:
            async with session.get(address) as answer:
                fresh.update(read(await answer.read()))
        differing = [key for key, digest in fresh.items() if known and known.get(key) != digest]
        with store:
            changed = ((key, digest) for key, digest in fresh.items() if known.get(key) != digest)
            store.executemany("insert or replace into seen values (?, ?)", changed)
        for key in differing:
            async with session.post(sink, data=json.dumps({"key": key})) as answer:
                await answer.read()
    return len(differing)


def main() -> None:
    """Run one cycle and say what it cost."""
    form, file, sink = sys.argv[1:4]
    addresses = sys.stdin.read().split()
    before = resource.getrusage(resource.RUSAGE_SELF)
    print(asyncio.run(cycle(form, file, sink, addresses)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == "__main__":
    main()
