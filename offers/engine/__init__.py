"""The pure offer engine: which offers apply, what they give, which set is the best, and why not the others."""
