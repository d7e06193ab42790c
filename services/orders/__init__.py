"""Orders: placing them, their way to the kitchen's door, and who may see them. Owns the schema `orders`."""
