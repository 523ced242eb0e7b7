"""Files that people save: how they are read, and which of a folder are new."""
