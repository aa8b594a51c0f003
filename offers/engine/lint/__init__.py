"""The linter of offers: what cannot hold, what never wins, what gives too much; each with a session that shows it."""

from offers.engine.lint.check import lint
from offers.engine.lint.values import Finding, FindingCode, Report, Severity, Site, Subject

__all__ = ["Finding", "FindingCode", "Report", "Severity", "Site", "Subject", "lint"]
