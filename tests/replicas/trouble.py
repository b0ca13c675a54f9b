"""What is done to the service while clients use it, in this order.

Each kind notes what it promises that did not hold; what clients saw is judged by their history, at the end.
"""

from tests.replicas.scene import Kind
from tests.replicas.trouble_of_calls import fire_once, move_the_clock, reset_everything
from tests.replicas.trouble_of_replicas import kill_a_replica, kill_a_worker, kill_the_balancer, pause_a_replica
from tests.replicas.trouble_of_the_store import (
    cut_the_store_off,
    empty_the_store,
    pause_the_store,
    pause_the_store_shortly,
    restart_the_store,
    slow_the_store,
)

OF_WORKERS: tuple[Kind, ...] = (kill_a_worker, move_the_clock, kill_a_worker)
"""What the workers of one process go through."""

WITHOUT_STORE: tuple[Kind, ...] = (kill_the_balancer, pause_a_replica, move_the_clock, reset_everything)
"""What one process in memory outlives."""

ALL: tuple[Kind, ...] = (
    kill_a_replica,
    kill_the_balancer,
    pause_the_store_shortly,
    fire_once,
    move_the_clock,
    pause_a_replica,
    pause_the_store,
    slow_the_store,
    cut_the_store_off,
    reset_everything,
    restart_the_store,
    empty_the_store,
)
