"""Analytics: what the orders come to, and how the machine does. Owns the schema `analytics`."""
