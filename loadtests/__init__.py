"""What measures Larder: `bench` in ratios on any machine, k6 scripts against the running stack, and the peers that the
benchmark runs against. Nothing of the product imports from here."""
