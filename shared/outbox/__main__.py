"""`python -m shared.outbox`: the relay as a process."""

from shared.outbox.app import main

if __name__ == "__main__":
    main()
