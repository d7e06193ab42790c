"""`python -m services.accounts`."""

from services.accounts.app import main

if __name__ == "__main__":
    main()
