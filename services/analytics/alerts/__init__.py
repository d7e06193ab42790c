"""What is wrong: the rules, what they say now, and who is told."""
