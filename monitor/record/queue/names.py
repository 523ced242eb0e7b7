"""Names that both halves use: the queue of captures, and the dotted paths of jobs.

Detection enqueues a job by its path without importing who runs it.
"""

CHANGES = "changes"  # the queue of captures that changed something; each channel's queue has its name
DESCRIBE = "workers.queue.jobs.describe"
DELIVER = "workers.queue.jobs.deliver"
