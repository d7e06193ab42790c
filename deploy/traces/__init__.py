"""Reading a trace without any other tool: a receiver that keeps spans (`just up traces`), and a picture of one trace in
the terminal (`just trace`)."""
