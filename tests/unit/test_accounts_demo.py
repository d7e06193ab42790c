"""The demo's people and restaurants: made up, always the same, and such as the service itself would take."""

import re
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from deploy.demo import people
from proto.orders import Location
from services.accounts.domain import NewRestaurant, Place, check_belonging
from services.accounts.passwords import is_outdated, verify_password

RESTAURANT_ID = UUID(int=1)
STORES = list(range(3, 460))
"""As many as the source has."""

RESTAURANTS, PEOPLE = people.demo_people(STORES)


def test_each_store_has_a_restaurant_with_a_name_of_its_own_and_somebody_to_sign_in() -> None:
    assert [one.number for one in RESTAURANTS] == STORES
    assert len({one.name for one in RESTAURANTS}) == len(STORES)
    for one in RESTAURANTS:
        wanted = msgspec.structs.asdict(one) | {"location": Place(one.location.lat, one.location.lon)}
        assert msgspec.convert(wanted, NewRestaurant).credit_limit_cents >= 10**8
    emails = {one.restaurant_number: one.email for one in PEOPLE if one.role == "restaurant"}
    assert emails == {store: f"restaurant{store}@larder.test" for store in STORES}


def test_a_zone_is_a_place_and_every_zone_has_three_drivers_or_more() -> None:
    squares: dict[int, list[Location]] = {}
    for one in RESTAURANTS:
        squares.setdefault(one.zone, []).append(one.location)
    assert squares.keys() == set(range(people.ZONES))
    for inside in squares.values():
        for axis, side in (("lat", people.HEIGHT / people.ROWS), ("lon", people.WIDTH / people.COLUMNS)):
            along = [getattr(location, axis) for location in inside]
            assert max(along) - min(along) <= side + 1e-4
    drivers = [one for one in PEOPLE if one.role == "driver"]
    assert people.ZONES <= 20
    for zone in range(people.ZONES):
        assert sum(one.zone == zone for one in drivers) >= 3
    for driver in drivers:
        number = int(driver.email.removeprefix("driver").removesuffix("@larder.test"))
        assert driver.zone == number % people.ZONES


def test_everybody_is_somebody_the_service_takes() -> None:
    assert [one.email for one in PEOPLE if one.role == "admin"] == ["admin@larder.test"]
    assert len({one.email for one in PEOPLE}) == len(PEOPLE)
    for person in PEOPLE:
        check_belonging(person.role, None if person.restaurant_number is None else RESTAURANT_ID, person.zone)


def test_the_same_stores_make_the_same_world() -> None:
    assert people.demo_people(list(reversed(STORES)))[0] == list(reversed(RESTAURANTS))


async def test_the_one_hash_is_of_the_one_password_under_todays_parameters() -> None:
    assert await verify_password(people.PASSWORD_HASH, people.PASSWORD)
    assert not is_outdated(people.PASSWORD_HASH)


@pytest.mark.parametrize("folder", ["services", "shared", "proto", "migrations"])
def test_no_demo_password_lives_outside_the_demo(folder: str) -> None:
    secret = re.compile(r"\$argon2id\$|larder\.test")
    files = [path for path in Path(folder).rglob("*") if path.suffix in {".py", ".sql", ".json"}]
    assert files
    assert [path for path in files if secret.search(path.read_text())] == []
