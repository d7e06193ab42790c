"""What the browser client is typed by is what the services and the socket promise."""

from deploy.web.contracts import FOLDER, contracts


def test_the_committed_contracts_are_fresh() -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed == contracts(), "web/contracts is stale: run `just contracts`"
