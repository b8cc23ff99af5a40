"""`make run`, as a developer meets it: real processes, a data directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 30


@dataclass
class House:
    """A data directory and a port, and what runs on them."""

    data: Path
    port: int
    runs: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        configured = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        inherited = {name: value for name, value in os.environ.items() if name not in configured}
        return inherited | {"REALTIME_DATA_DIR": str(self.data), "PORT": str(self.port)}

    def start(self) -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [sys.executable, "-m", "realtime_project.run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.runs.append(run)
        return run

    def start_until_ready(self) -> tuple[subprocess.Popen[str], list[str]]:
        """A run, and what it said up to the token."""
        run, lines = self.start(), []
        assert run.stdout
        while not lines or not lines[-1].startswith("token "):
            line = run.stdout.readline().rstrip("\n")
            assert line or run.poll() is None, run.communicate()[1]
            lines.append(line)
        return run, lines

    def fail(self, **environment: str) -> str:
        """What a run that cannot work says."""
        done = subprocess.run(
            [sys.executable, "-m", "realtime_project.run"],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def processes(self) -> list[psutil.Process]:
        """All that runs on this data directory; servers hide their environment and are known by where they work."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            here = process.environ().get("REALTIME_DATA_DIR") == str(self.data)
            return here or Path(process.cwd()).is_relative_to(self.data)
        except psutil.Error:
            return False


@pytest.fixture(name="house")
def a_house() -> Iterator[House]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    house = House(Path(tempfile.mkdtemp(prefix="realtime-run-")), port)
    yield house
    for run in house.runs:
        run.terminate()
        run.communicate(timeout=60)
    shutil.rmtree(house.data)


def stop(run: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """The status a run ends with, and what it said to stderr."""
    run.send_signal(number)
    _, errors = run.communicate(timeout=STOP_SECONDS)
    return run.returncode, errors


def database(house: House) -> str:
    code = "from realtime_project.local_services import local_urls; print(local_urls().database)"
    return subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=house.environment, text=True).strip()


def test_it_says_ready_serves_and_leaves_nothing_running_after_ctrl_c(house: House) -> None:
    run, lines = house.start_until_ready()

    assert lines[0] == f"ready http://127.0.0.1:{house.port}"
    assert "alice" in " ".join(lines[1:-1])
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/healthz") as response:
        assert response.status == 200
    assert stop(run, signal.SIGINT) == (0, "")
    assert house.processes() == []


def test_a_second_run_finds_the_data_of_the_first(house: House) -> None:
    run, _ = house.start_until_ready()
    with psycopg.connect(database(house)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'row' AS value")
    assert stop(run, signal.SIGTERM) == (0, "")

    run, _ = house.start_until_ready()
    with psycopg.connect(database(house)) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == ("row",)
    assert stop(run, signal.SIGTERM) == (0, "")
    assert house.processes() == []


def test_a_killed_run_takes_its_children_along_and_the_next_one_works(house: House) -> None:
    run, _ = house.start_until_ready()
    run.kill()
    run.communicate()
    for name in ("celerybeat-schedule", "celerybeat-schedule.dat"):
        (house.data / name).write_bytes(b"half")

    run, _ = house.start_until_ready()
    stop(run, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while house.processes():
        assert time.monotonic() < deadline, house.processes()
        time.sleep(0.2)


def test_a_child_that_dies_later_stops_the_rest_and_is_named(house: House) -> None:
    run, _ = house.start_until_ready()
    beat = next(process for process in house.processes() if "beat" in process.cmdline())
    beat.kill()

    _, errors = run.communicate(timeout=STOP_SECONDS)
    assert run.returncode == 1
    assert errors.startswith("beat stopped with status -9")
    assert errors.count("\n") == 1
    assert house.processes() == []


def test_ctrl_c_while_it_is_still_starting_leaves_nothing_running(house: House) -> None:
    run = house.start()
    while not (house.data / "logs" / "postgresql.log").exists():
        time.sleep(0.01)

    assert stop(run, signal.SIGINT) == (0, "")
    assert house.processes() == []


def test_a_taken_port_is_one_line_and_nothing_is_started(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.port)):
        assert house.fail() == f"Port {house.port} of 127.0.0.1 is taken; set PORT to another\n"
    assert list(house.data.iterdir()) == []


def test_a_port_that_is_no_number_is_one_line(house: House) -> None:
    assert house.fail(PORT="http") == "PORT and WORKERS are numbers: invalid literal for int() with base 10: 'http'\n"
    assert house.fail(PORT="99999") == "PORT is a number from 1 to 65535, not 99999\n"


def test_an_address_of_another_machine_is_one_line(house: House) -> None:
    errors = house.fail(HOST="192.0.2.1")

    assert errors.startswith(f"Cannot listen on 192.0.2.1:{house.port}: ")
    assert errors.count("\n") == 1


def test_a_broken_data_directory_is_one_line(house: House) -> None:
    (house.data / "postgresql").mkdir()

    assert house.fail() == f"{house.data}/postgresql holds no PostgreSQL database; delete it to start afresh\n"


def test_a_database_that_does_not_answer_is_one_line(house: House) -> None:
    errors = house.fail(DATABASE_URL="postgresql://127.0.0.1:1/none")

    assert errors.startswith("PostgreSQL (DATABASE_URL) does not answer: ")
    assert errors.count("\n") == 1
    assert house.processes() == []
