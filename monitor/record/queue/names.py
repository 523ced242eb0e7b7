"""The names of the queue of captures and of the jobs: detection enqueues a job without importing it."""

CHANGES = "changes"  # the queue of captures that changed something; each channel's queue has its name
DESCRIBE = "workers.queue.jobs.describe"
DELIVER = "workers.queue.jobs.deliver"
