"""What the business is told: figures, tops, orders behind a number, files; all cut from the roll-ups."""
