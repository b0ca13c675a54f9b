"""What the balancer's log says of who answered whom."""

from tests.replicas.spread import Spread, spread


def line(port: int, server: str) -> str:
    """Return a line as HAProxy writes it."""
    when, times = "[27/Nov/2026:09:22:01.123]", "0/0/0/2/2 200 1234 - - ---- 14/14/2/0/0 0/0"
    return f'127.0.0.1:{port} {when} registry ready/{server} {times} "GET /STU3/metadata HTTP/1.1"\n'


def test_a_connection_that_meets_all_does_not_stick() -> None:
    """Each request of it may go to another replica."""
    log = "".join(line(4711, ("one", "two", "three")[number % 3]) for number in range(30))
    assert spread(log) == Spread({"one": 10, "three": 10, "two": 10}, connections=1, stuck=0)


def test_a_connection_that_meets_one_alone_sticks() -> None:
    """Whatever others do."""
    log = "".join(line(4711, "one") + line(4712, ("one", "two")[number % 2]) for number in range(30))
    assert spread(log) == Spread({"one": 45, "two": 15}, connections=2, stuck=1)


def test_a_few_requests_say_nothing() -> None:
    """Nor do lines that are about something else."""
    log = line(4711, "one") + "Proxy registry started.\n[NOTICE] (1) : haproxy version is 2.6\n"
    assert spread(log) == Spread({"one": 1}, connections=0, stuck=0)
