"""Who the demo's people are: one admin, drivers for every zone, and somebody for each of the source's stores.

The source knows stores by their number alone. Names, addresses and places are made up here, always the same for the
same number. A zone is a place: the city is a grid, and a restaurant's zone is the square it stands in.
"""

from collections.abc import Sequence
from hashlib import sha256

from proto.orders import Location
from services.accounts.importer import ImportedPerson, ImportedRestaurant

PASSWORD = "larder"  # noqa: S105  known to everybody, for the demo alone
PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$2SrcOCsUU9PUDylMWoTysw$7w3N5M1ZtIR8BOcUlWxloiJihcpLdVhJVrtrzPJsU9g"  # noqa: S105
"""Argon2id of PASSWORD, made once: hashing it for hundreds of people would take a minute."""

ADMIN = "admin@larder.test"
COLUMNS, ROWS = 5, 4
ZONES = COLUMNS * ROWS
DRIVERS_PER_ZONE = 3
DRIVERS = ZONES * DRIVERS_PER_ZONE
CREDIT_LIMIT_CENTS = 1_000_000_000

# A city of 20 by 12 km on the Ohio, where the source's stores could be.
SOUTH, WEST = 39.06, -84.62
HEIGHT, WIDTH = 0.11, 0.23


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    """
    Amber Blue Brass Bright Broad Cedar Clear Copper Coral Crimson East Ember Fern Fox Garden Gold Green
    Harbor Hazel High Indigo Iron Ivory Jade Juniper Lantern Laurel Lime Linden Long Maple Meadow Mill Mint
    North Oak Olive Orchard Pearl Pepper Pine Plum Quiet Red River Rose Rowan Royal Saffron Sage Silver
    South Spice Stone Summer Sun Thistle Velvet Violet Walnut West White Wild Willow
    """
)
_SECOND = _words(
    """
    Anchor Barrel Bell Bench Bridge Candle Corner Door Fig Fork Gate Goose Heron Hook House Kettle Ladle
    Lamp Market Oven Pan Plate Plough Pot Spoon Stove Table Tavern Terrace Vine
    """
)
_KINDS = ("Kitchen", "Bistro", "Diner", "Grill", "Canteen", "Brasserie", "Cafe", "Eatery")
_STREETS = _words(
    """
    Alder Bank Canal Chestnut Church Court Elm Ferry Front Garfield Hill Lake Liberty Lincoln Main Market
    Monroe Park Plum Race Sycamore Vine Walnut Water
    """
)
_GIVEN = _words(
    """
    Ada Amir Ana Ben Bo Carla Chen Dara Dev Elif Emil Fay Finn Gia Hana Hugo Ida Ines Ivan Jana Jo Kai Kofi
    Lea Leo Lin Luz Mara Max Mei Milo Mina Nadia Nils Noor Olga Omar Oona Pau Pia Quinn Raj Rosa Sam Sena
    Tara Theo Uma Vera Wim Yara Yusuf Zoe
    """
)
_FAMILY = _words(
    """
    Abbott Baker Castro Diaz Evans Fischer Garcia Hoang Ito Jensen Kaya Lopez Meyer Novak Okafor Park Quist
    Rossi Silva Tanaka Unger Vargas Weber Xu Young Zeman
    """
)


def driver_email(number: int) -> str:
    """Driver n drives zone n mod ZONES."""
    return f"driver{number}@larder.test"


def restaurant_email(store: int) -> str:
    return f"restaurant{store}@larder.test"


def demo_people(stores: Sequence[int]) -> tuple[list[ImportedRestaurant], list[ImportedPerson]]:
    """A restaurant and its person for each store, one admin, and the drivers."""
    names = _names(stores)
    restaurants = [_restaurant(store, names[store]) for store in stores]
    people = [
        ImportedPerson(email=ADMIN, name=_person("admin", 0), role="admin"),
        *(
            ImportedPerson(
                email=driver_email(number), name=_person("driver", number), role="driver", zone=number % ZONES
            )
            for number in range(DRIVERS)
        ),
        *(
            ImportedPerson(
                email=restaurant_email(store),
                name=_person("restaurant", store),
                role="restaurant",
                restaurant_number=store,
            )
            for store in stores
        ),
    ]
    return restaurants, people


def _restaurant(store: int, name: str) -> ImportedRestaurant:
    across, up = _share(f"across {store}"), _share(f"up {store}")
    house, street = 1 + _pick(f"house {store}", 240), _STREETS[_pick(f"street {store}", len(_STREETS))]
    return ImportedRestaurant(
        number=store,
        name=name,
        address=f"{house} {street} Street, Cincinnati",
        location=Location(round(SOUTH + up * HEIGHT, 5), round(WEST + across * WIDTH, 5)),
        zone=int(up * ROWS) * COLUMNS + int(across * COLUMNS),
        credit_limit_cents=CREDIT_LIMIT_CENTS,
    )


def _names(stores: Sequence[int]) -> dict[int, str]:
    """One each: a name that is taken goes on to the next kind."""
    taken: set[str] = set()
    names: dict[int, str] = {}
    for store in sorted(stores):
        first, second = _FIRST[_pick(f"first {store}", len(_FIRST))], _SECOND[_pick(f"second {store}", len(_SECOND))]
        start = _pick(f"kind {store}", len(_KINDS))
        candidates = [f"{first} {second} {_KINDS[(start + turn) % len(_KINDS)]}" for turn in range(len(_KINDS))]
        name = next((one for one in candidates if one not in taken), f"{candidates[0]} {store}")
        taken.add(name)
        names[store] = name
    return names


def _person(kind: str, number: int) -> str:
    key = f"{kind} {number}"
    return f"{_GIVEN[_pick('given ' + key, len(_GIVEN))]} {_FAMILY[_pick('family ' + key, len(_FAMILY))]}"


def _share(key: str) -> float:
    """From 0 to below 1, always the same for the same key."""
    return int.from_bytes(sha256(key.encode()).digest()[:6]) / 2**48


def _pick(key: str, count: int) -> int:
    return int(_share(key) * count)
