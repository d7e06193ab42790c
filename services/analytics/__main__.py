"""`python -m services.analytics`."""

from services.analytics.app import main

if __name__ == "__main__":
    main()
