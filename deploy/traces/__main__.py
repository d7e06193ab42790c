"""`python -m deploy.traces`: the receiver as a process."""

from deploy.traces.receiver import main

if __name__ == "__main__":
    main()
