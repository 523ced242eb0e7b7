"""The queue: the dispatcher, the RQ worker, and the jobs that they pass on."""
