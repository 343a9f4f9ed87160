"""On which database the tests run: --store=postgresql plays the stories on a server of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests import databases


def pytest_addoption(parser: pytest.Parser) -> None:
    kinds = (databases.SQLITE, databases.POSTGRESQL)
    parser.addoption("--store", choices=kinds, default=databases.SQLITE, help="the database that desks are kept in")


def pytest_configure(config: pytest.Config) -> None:
    databases.chosen.kind = config.getoption("--store")
    config.addinivalue_line("markers", "sqlite: it is about the file that SQLite keeps")
    config.addinivalue_line("markers", "postgresql: it is about PostgreSQL")


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """The server that PostgreSQL stories share."""
    try:
        with databases.serving():
            yield
    except databases.NoServerError as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test has databases of its own, which go with it."""
    about = next(
        (kind for kind in (databases.SQLITE, databases.POSTGRESQL) if request.node.get_closest_marker(kind)), ""
    )
    if about and about != databases.chosen.kind:
        pytest.skip(f"it is about {about}, and this run is about {databases.chosen.kind}")
    with _made_and_dropped(request):
        yield


@pytest.fixture(scope="module")
def databases_of_module(request: pytest.FixtureRequest) -> Iterator[None]:
    """For stories of a module that share a desk: its databases stay until the last of them is told."""
    with _made_and_dropped(request):
        yield


@contextlib.contextmanager
def _made_and_dropped(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is made meanwhile on the server, where there is one, goes in the end."""
    if databases.chosen.kind == databases.SQLITE:
        yield
        return
    request.getfixturevalue("database_server")
    server = databases.chosen.server
    assert server is not None
    before = set(server.made)
    yield
    server.drop([folder for folder in server.made if folder not in before])
