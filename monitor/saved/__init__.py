"""Files that people save: reading them, and finding the new ones of a folder."""
