"""Run ids are UUIDs of version 7."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from outrider.model import new_run_id

moments = st.integers(min_value=0, max_value=(2**48 - 1) * 1000)
noises = st.binary(min_size=10, max_size=10)


@given(at_us=moments, entropy=noises)
def test_an_id_has_version_7_the_rfc_variant_and_its_time_in_front(at_us: int, entropy: bytes) -> None:
    """The bits stand where RFC 9562, section 5.7, wants them, whatever the noise."""
    run = new_run_id(at_us, entropy)

    parsed = UUID(run)

    assert parsed.version == 7
    assert parsed.variant == RFC_4122
    assert parsed.int >> 80 == at_us // 1000


@given(early_us=moments, late_us=moments, noise=st.tuples(noises, noises))
def test_ids_sort_by_time(early_us: int, late_us: int, noise: tuple[bytes, bytes]) -> None:
    """Ids of different milliseconds compare as their times do, as text too."""
    early_us, late_us = sorted((early_us, late_us))

    early, late = new_run_id(early_us, noise[0]), new_run_id(late_us, noise[1])

    assert early < late or early_us // 1000 == late_us // 1000


def test_ids_of_one_moment_differ() -> None:
    """Without given entropy, the system's makes ids unique."""
    at_us = 1_700_000_000_000_000

    ids = {new_run_id(at_us) for _ in range(100)}

    assert len(ids) == 100


def test_the_example_of_the_rfc_is_reproduced() -> None:
    """RFC 9562, appendix A.6: the same time and random bits give the same UUID."""
    at_us = 0x017F22E279B0 * 1000
    entropy = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10)

    run = new_run_id(at_us, entropy)

    assert run == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
