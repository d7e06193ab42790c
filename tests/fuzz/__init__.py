"""Whatever a client may send to the gateway, and what must come of it.

`strategies` makes conversations, good and bad, with what each must end in; `talk` holds them with a gateway byte by
byte; `run` counts, and sees that nothing leaks and nobody else notices. `just fuzz 100_000` is the long form.
"""
