"""The demo's restaurants, people and prices put straight into a database that no service runs on: for tests and
measurements. On a running stack the demo's own loader does it.
"""

from deploy.demo import people, source
from proto.orders import Item
from services.accounts.importer import import_accounts
from shared.database import Connection, open_pool
from shared.ids import new_id


async def make_world(accounts_url: str, connection: Connection) -> dict[str, Item]:
    """`accounts_url`: the database as accounts_service; `connection`: a superuser's to the same. Returns the book."""
    restaurants, everybody = people.demo_people(source.read_stores())
    async with open_pool(accounts_url, size=1, name="seed") as pool:
        await import_accounts(pool, restaurants, everybody, people.PASSWORD_HASH)
    await connection.execute(
        """
        insert into orders.restaurants
        select id, name, address, lat, lon, zone, credit_limit_cents, active, version from accounts.restaurants;
        insert into orders.drivers select id, name, zone, active, version from accounts.people where role = 'driver';
        """
    )
    book = {
        product.sku: Item(new_id(), product.name, product.unit, 1, product.price_cents)
        for product in source.read_products()
        if product.active
    }
    prices = [(item.product_id, item.name, item.unit, item.price_cents, True, 1) for item in book.values()]
    await connection.copy_records_to_table("price_book", schema_name="orders", records=prices)
    return book
