"""Single-use codes: made in batches, held and used with the ledger, guarded against guessing."""
