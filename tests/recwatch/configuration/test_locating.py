"""On which line a key stands."""

import pytest

from recwatch.configuration.locating import Path, line_of, locate

DOCUMENT = """\
# a comment with [brackets] and key = "value"
top = 1
"quoted key" = 'x'
a.b.c = 2   # dotted

[table]
text = "one # no comment"
long = \"\"\"
[not_a_table]
not = "a key"
\\\"\"\" still inside
\"\"\"
raw = '''
x = 1
'''
after = true
list = [
  "first",   # ] in a comment
  [ "nested", { inner = 1 } ],

  "third"
]
inline = { one = 1, two = { three = 3 } }

[[things]]
name = "a"
[things.match]
x = []

[[things]]
  name = "b"
[things.match]
y = "z"
[[things.parts]]
p = 1
[[things.parts]]
p = 2
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("a", "b", "c"), 4),
        (("table",), 6),
        (("table", "text"), 7),
        (("table", "long"), 8),
        (("table", "raw"), 13),
        (("table", "after"), 16),
        (("table", "list", 0), 18),
        (("table", "list", 1, 1, "inner"), 19),
        (("table", "list", 2), 21),
        (("table", "inline", "two", "three"), 23),
        (("things",), 25),
        (("things", 0, "name"), 26),
        (("things", 0, "match", "x"), 28),
        (("things", 1), 30),
        (("things", 1, "name"), 31),
        (("things", 1, "match", "y"), 33),
        (("things", 1, "parts", 0, "p"), 35),
        (("things", 1, "parts", 1, "p"), 37),
    ],
)
def test_every_key_is_found_on_its_line(path: Path, line: int) -> None:
    """Tables, lists of tables, dotted and quoted keys, list elements and inline tables are found."""
    assert locate(DOCUMENT)[path] == line


def test_lines_are_the_same_with_windows_line_ends() -> None:
    """A file that was saved on Windows has the same lines."""
    assert locate(DOCUMENT.replace("\n", "\r\n")) == locate(DOCUMENT)


def test_what_is_not_there_is_looked_for_in_the_table_around_it() -> None:
    """A missing key is reported where its table begins; at the top of the file there is no line."""
    lines = locate(DOCUMENT)
    assert line_of(lines, ("things", 1, "channel")) == 30
    assert line_of(lines, ("nothing", "here")) is None


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment", 'a = ""', "a = ''''''", 'a = """"""""', "a=[[],[[]]]"]
)
def test_odd_documents_are_read_to_their_end(text: str) -> None:
    """Empty files, empty strings and nested empty lists end the scan as they should."""
    assert set(locate(text).values()) <= {1}
