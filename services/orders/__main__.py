"""`python -m services.orders`."""

from services.orders.app import main

if __name__ == "__main__":
    main()
