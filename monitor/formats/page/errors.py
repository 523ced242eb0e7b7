"""The refusal of a page, and common advice."""


class NotAPage(Exception):
    """The bytes are not a page of recommendations, or one that may be incomplete.

    `reason` is one line without a full stop, whatever it quotes of the page; `hint` is advice, or empty.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        reason = " ".join("".join(char if char.isprintable() else " " for char in reason).split())
        super().__init__(f"{reason} ({hint})" if hint else reason)
        self.reason = reason
        self.hint = hint


SAVE_AGAIN = "save the page again once it has loaded to its end"
DOWNLOAD_AGAIN = "download it again, to its end"
UNOPENED = "save the download without opening it in a spreadsheet"
