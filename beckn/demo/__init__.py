"""The demonstration: two CPOs with sites, prices and offers, two buyer apps, and the people who sign in."""
