"""The catalogue: products, prices, stock and finding them. Owns the schema `catalog`."""
