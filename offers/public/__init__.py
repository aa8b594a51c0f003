"""The pages that anybody may read: published offers, surges and demand policies."""
