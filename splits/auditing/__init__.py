"""Audits of stored splits: duplicates, groups and ids across parts, time overlap, and parts that differ.

>>> report = splits.audit(f, "main", groups="0/donor")
>>> print(report)
>>> sys.exit(report.exit_code)
"""

from splits.auditing.records import Audit, AuditedFold, Check, Finding, PartCount, Severity, Skipped
from splits.auditing.run import audit

__all__ = ["Audit", "AuditedFold", "Check", "Finding", "PartCount", "Severity", "Skipped", "audit"]
