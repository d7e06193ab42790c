"""The roll-ups counted anew from the whole stream, beside the live ones."""
