"""A token speaks for a person only while it is genuine, alive and not revoked."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.identity import TOKEN_LIFE, Identity, InvalidTokenError, Revocations, TokenSigner, TokenVerifier


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def keys() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    pair = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    return tuple(urlsafe_b64encode(raw).rstrip(b"=").decode() for raw in pair)  # type: ignore[return-value]


PRIVATE, PUBLIC = keys()


class House:
    def __init__(self) -> None:
        self.clock = Clock()
        self.revocations = Revocations()
        self.signer = TokenSigner(PRIVATE)
        self.verifier = TokenVerifier(PUBLIC, self.revocations, self.clock)

    def identity(self) -> Identity:
        at = self.clock.now
        return Identity(
            person_id=uuid4(),
            session_id=uuid4(),
            name="Ada",
            role="driver",
            zone=3,
            issued_at=at.timestamp(),
            expires_at=(at + TOKEN_LIFE).timestamp(),
        )


@pytest.fixture
def house() -> House:
    return House()


def test_a_signed_token_gives_the_identity_back(house: House) -> None:
    identity = house.identity()
    token = house.signer.sign(identity)
    assert house.verifier.verify(token) == identity
    assert house.verifier.verify(token) == identity


def test_a_token_ends_after_fifteen_minutes_also_when_remembered(house: House) -> None:
    token = house.signer.sign(house.identity())
    house.verifier.verify(token)
    house.clock.now += timedelta(minutes=15)
    with pytest.raises(InvalidTokenError, match="expired"):
        house.verifier.verify(token)


def test_a_token_of_another_key_is_refused(house: House) -> None:
    token = TokenSigner(keys()[0]).sign(house.identity())
    with pytest.raises(InvalidTokenError):
        house.verifier.verify(token)


@pytest.mark.parametrize("token", ["", "a.b.c", jwt.encode({"sub": "x"}, "", algorithm="none")])
def test_what_is_no_token_is_refused(house: House, token: str) -> None:
    with pytest.raises(InvalidTokenError):
        house.verifier.verify(token)


def test_a_revoked_session_ends_its_tokens_and_no_others(house: House) -> None:
    one, other = house.identity(), house.identity()
    house.revocations.revoke_session(one.session_id, house.clock.now)
    with pytest.raises(InvalidTokenError, match="ended"):
        house.verifier.verify(house.signer.sign(one))
    assert house.verifier.verify(house.signer.sign(other)) == other


def test_a_changed_person_loses_older_tokens_and_a_late_event_gives_none_back(house: House) -> None:
    identity = house.identity()
    token = house.signer.sign(identity)
    later = house.clock.now + timedelta(seconds=1)
    house.revocations.revoke_before(identity.person_id, later)
    house.revocations.revoke_before(identity.person_id, later - timedelta(days=1))
    with pytest.raises(InvalidTokenError, match="ended"):
        house.verifier.verify(token)


def test_forgetting_keeps_what_a_living_token_could_match(house: House) -> None:
    identity = house.identity()
    house.revocations.revoke_session(identity.session_id, house.clock.now)
    house.revocations.forget(house.clock.now + TOKEN_LIFE - timedelta(seconds=1))
    assert house.revocations.revoked(identity)
    house.revocations.forget(house.clock.now + TOKEN_LIFE + timedelta(seconds=1))
    assert not house.revocations.revoked(identity)
