"""Kills: each invariant of the design, where the product says it, and who kills on both sides of it.

`python -m tests.crash` prints the table; test_table.py holds it to the tests and to the product.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """`says`: the product's file with the sentence. `before` and `after`: tests that kill on that side."""

    rule: str
    says: str
    before: tuple[str, ...]
    after: tuple[str, ...]


_INTAKE, _DELIVERY, _POINTS = "test_intake.py::", "test_delivery_kills.py::", "test_kill_points.py::"
_WORKER, _ALL = "test_queue_worker.py::", "test_queue_everything.py::"
_SENDER = f"{_POINTS}test_a_job_killed_at_a_commit"

INVARIANTS = {
    1: Invariant(
        "state, revision, event and outbox row are committed together or not at all",
        "monitor/intake/pipeline.py",
        (
            f"{_INTAKE}test_killed_at_a_step_nothing_is_half_written",
            f"{_POINTS}test_an_intake_killed_at_its_commit",
        ),
        (
            f"{_INTAKE}test_killed_right_after_the_commit_nothing_is_written_twice",
            f"{_POINTS}test_an_intake_killed_at_its_commit",
        ),
    ),
    2: Invariant(
        "an outbox row is marked published only after its messages exist",
        "workers/messages/fanout.py",
        (f"{_DELIVERY}test_a_fan_out_that_is_killed", f"{_POINTS}test_a_fan_out_killed_at_its_commit"),
        (f"{_DELIVERY}test_a_fan_out_that_is_killed", f"{_POINTS}test_a_fan_out_killed_at_its_commit"),
    ),
    3: Invariant(
        "one atomic update claims a message before it is sent; only its holder records",
        "workers/delivery/claiming/leasing.py",
        (_SENDER, f"{_DELIVERY}test_a_sender_that_is_killed"),
        (_SENDER, f"{_DELIVERY}test_a_sender_that_is_killed"),
    ),
    4: Invariant(
        "a lease starts just before its send and outlasts it",
        "workers/delivery/engine.py",
        (f"{_POINTS}test_a_killed_senders_lease_is_waited_out",),
        (f"{_POINTS}test_a_killed_senders_lease_is_waited_out",),
    ),
    5: Invariant(
        "retry times, pauses and paces live in the store",
        "workers/delivery/results.py",
        (
            f"{_POINTS}test_a_refusal_killed_at_its_record",
            f"{_POINTS}test_a_dispatcher_killed_between_its_marks_and_its_jobs",
        ),
        (f"{_POINTS}test_a_refusal_killed_at_its_record", f"{_POINTS}test_a_poller_killed_as_it_publishes"),
    ),
    6: Invariant(
        "no network call happens inside a transaction",
        "monitor/record/store/store.py",
        (
            f"{_POINTS}test_no_request_leaves_an_open_transaction",
            "test_one_transaction.py::test_no_network_call_happens_inside_a_transaction",
        ),
        (f"{_POINTS}test_no_transaction_is_open_while_a_request_is",),
    ),
    7: Invariant(
        "one worker process listens to one queue",
        "workers/queue/rq_worker.py",
        (
            f"{_WORKER}test_a_job_taken_and_not_begun_is_not_lost",
            f"{_ALL}test_what_a_killed_worker_loses_the_dispatcher_makes_again",
        ),
        (
            f"{_WORKER}test_a_job_whose_worker_and_child_were_killed_is_run_again_within_seconds",
            f"{_ALL}test_what_a_killed_worker_loses_the_dispatcher_makes_again",
        ),
    ),
    8: Invariant(
        "no message passes an earlier one of its subscription, recipient and recommendation",
        "workers/delivery/claiming/claimable.py",
        (f"{_POINTS}test_killed_between_two_messages_of_one_recommendation",),
        (f"{_POINTS}test_killed_between_two_messages_of_one_recommendation",),
    ),
    9: Invariant(
        "a host's next allowed time is a row claimed by every request to it",
        "workers/delivery/claiming/claim.py",
        (
            f"{_POINTS}test_killed_between_a_pace_and_its_request",
            f"{_POINTS}test_a_poller_killed_between_a_hosts_turn_and_its_request",
        ),
        (
            f"{_POINTS}test_killed_between_a_pace_and_its_request",
            f"{_POINTS}test_a_poller_killed_between_a_hosts_turn_and_its_request",
        ),
    ),
}
