"""Finds the line of each key in a TOML file that is known to be valid: tomllib has read it."""

import re

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = " \t"
_STRING_ENDS = ('"""', "'''", '"', "'")


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and list element, by its path in the parsed document."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a path, or of the nearest table around it that is in the file."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


class _Scanner:
    """Scans a document once and notes lines."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._counted_to = 0
        self._line = 1
        self._lists: dict[Path, int] = {}  # elements of each [[list]] so far

    def document(self) -> None:
        table: Path = ()
        while self._skip(_SPACE + "\n"):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _skip(self, characters: str) -> bool:
        """Skip these characters and comments; false at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#" and "\n" in characters:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in characters:
                self.at += 1
            else:
                return True
        return False

    def _note(self, path: Path) -> None:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        self.lines.setdefault(path, self._line)

    def _header(self) -> Path:
        start = self.at
        is_list = self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        path = self._resolve(self._key(), is_list=is_list)
        end, self.at = self.at, start
        self._note(path)
        self.at = end + (2 if is_list else 1)
        return path

    def _resolve(self, names: list[str], *, is_list: bool) -> Path:
        """The path of a header's names; the name of a list means its last element."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if is_list and position == len(names) - 1:
                self._note(path)
                self._lists[path] = self._lists.get(path, -1) + 1
            if path in self._lists:
                path = (*path, self._lists[path])
        return path

    def _key(self) -> list[str]:
        """Read a dotted key."""
        names = []
        while True:
            self._skip(_SPACE)
            names.append(self._name())
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def _name(self) -> str:
        if self.text[self.at] in "\"'":
            start = self.at
            self._string()
            return _unquote(self.text[start : self.at])
        match = _BARE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return match[0]

    def _pair(self, table: Path) -> None:
        start = self.at
        names = self._key()
        end, self.at = self.at, start
        for length in range(1, len(names) + 1):
            self._note((*table, *names[:length]))
        self.at = end + 1  # the equals sign
        self._skip(_SPACE)
        self._value((*table, *names))

    def _value(self, path: Path) -> None:
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._list(path)
            case "{":
                self._inline(path)
            case _:
                while self.at < len(self.text) and self.text[self.at] not in ",]}\n#":
                    self.at += 1

    def _string(self) -> None:
        ending = next(quotes for quotes in _STRING_ENDS if self.text.startswith(quotes, self.at))
        self.at += len(ending)
        while not self.text.startswith(ending, self.at):
            self.at += 2 if self.text[self.at] == "\\" and ending[0] == '"' else 1
        self.at += len(ending)
        # A multi-line string may end in up to two quotes of its own before the three that close it.
        while len(ending) == 3 and self.text.startswith(ending[0], self.at):
            self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip(_SPACE + "\n,") and self.text[self.at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._skip(_SPACE + "\n,") and self.text[self.at] != "}":
            self._pair(path)
        self.at += 1


def _unquote(quoted: str) -> str:
    if quoted[0] == "'":
        return quoted[1:-1]
    import tomllib

    return str(tomllib.loads(f"key = {quoted}")["key"])
