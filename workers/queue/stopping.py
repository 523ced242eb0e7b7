"""Whether this process was asked to stop: a long job then begins nothing new and ends what it began."""

import threading

asked = threading.Event()
