"""Back-tests: a draft replayed on the CPO's completed sessions, in the background."""
