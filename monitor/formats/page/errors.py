"""What a reader says of a page that it will not read."""


class NotAPage(Exception):
    """The bytes are no page of recommendations, or one that cannot be believed to be whole.

    `reason` is one line without a full stop, whatever it quotes of the page; `hint` says what to do about it,
    or is empty.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        reason = " ".join("".join(char if char.isprintable() else " " for char in reason).split())
        super().__init__(f"{reason} ({hint})" if hint else reason)
        self.reason = reason
        self.hint = hint


SAVE_AGAIN = "save the page again once it has loaded to its end"
DOWNLOAD_AGAIN = "download it again, to its end"
UNOPENED = "save the download without opening it in a spreadsheet"
