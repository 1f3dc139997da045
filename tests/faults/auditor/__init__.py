"""Was everything that was said heard, once and in order? Answered without a line of the services' code.

``collect`` reads the topics with a Kafka client of its own and the clips over S3; speakers and listeners keep records
of their own. All of it is ``evidence``: JSON lines in a folder. ``audit`` arranges that by session, runs the
``checks`` and draws up an ``account`` of every millisecond of floor audio.

    python -m tests.faults.auditor FOLDER
"""

from tests.faults.auditor.account import Account, audit
from tests.faults.auditor.findings import Finding, Kind

__all__ = ["Account", "Finding", "Kind", "audit"]
