"""People, restaurants, sign-in and sessions. Owns the schema `accounts`, and alone can sign a token."""
