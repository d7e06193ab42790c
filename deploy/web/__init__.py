"""The browser client's tools, as `just` calls them."""
