"""What a change means: a level, and the signals that a careful analyst would assert."""

from workers.meaning.significance.levels import assess

__all__ = ["assess"]
