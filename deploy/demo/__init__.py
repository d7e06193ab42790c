"""The demo: real products, stores and baskets through the running system."""
