"""What payment gateways report, and what is noted of money that goes back."""
