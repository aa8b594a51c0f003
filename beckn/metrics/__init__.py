"""What the portal says about itself in Prometheus' text format at /metrics."""
