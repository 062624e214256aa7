"""The forms of a rate over the number of users."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines.throughput_curves import closed_network, forms


def queue(users: int, think_s: float) -> float:
    """Return the rate of one server of one second, by mean value analysis (M. Reiser and S. Lavenberg 1980)."""
    waiting, rate = 0.0, 0.0
    for count in range(1, users + 1):
        answer_s = 1 + waiting
        rate = count / (think_s + answer_s)
        waiting = rate * answer_s
    return rate


@pytest.mark.parametrize("users", [1, 2, 5, 20, 200])
def test_a_closed_network_of_one_server_is_that_of_mean_value_analysis(users: int) -> None:
    """For every think time of the grid, up to the numbers of users at which states are sampled."""
    form = closed_network(np.array([users], dtype=np.float64))
    one_server = form.log_peak == 0

    thinking = form.users[one_server] - 1
    expected = [queue(users, float(think_s)) for think_s in thinking]

    assert np.exp(form.log_rate[one_server, 0]) == pytest.approx(expected, rel=1e-9)


def test_sampled_states_change_nothing() -> None:
    """A thousand users are served as the bound of many says, within one in a thousand."""
    form = closed_network(np.array([1000.0]))
    busy = form.users < 500

    assert np.exp(form.log_rate[busy, 0] - form.log_peak[busy]) == pytest.approx(1, abs=1e-3)


def test_no_curve_exceeds_its_peak() -> None:
    """And every curve of every form begins with what one user gets, and is finite."""
    users = np.array([1.0, 2, 3, 5, 9, 40, 200])

    for form in forms(users):
        assert np.isfinite(form.log_rate).all()
        assert (form.log_rate <= form.log_peak[:, np.newaxis] + 1e-9).all()
        assert (form.users > 0).all()
