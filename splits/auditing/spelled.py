"""An audit as JSON."""

import json
import math
from typing import Any

import attrs

from splits.auditing.records import Audit

__all__ = ["spell"]


def spell(audit: Audit) -> str:
    """Return strict JSON in ASCII: each check tells its kind, and `null` stands for what is no number."""
    whole = {
        "split": audit.name,
        "axis": audit.axis,
        "n_rows": audit.n_rows,
        "ok": audit.ok,
        "exit_code": audit.exit_code,
        "findings": _plain(audit.findings),
        "folds": [
            {
                "name": fold.name,
                "parts": _plain(fold.parts),
                "n_left_out": fold.n_left_out,
                "checks": [{"check": check.kind, **_plain(check)} for check in fold.checks],
            }
            for fold in audit.folds
        ],
        "skipped": _plain(audit.skipped),
    }
    return json.dumps(whole, allow_nan=False, indent=1)


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
