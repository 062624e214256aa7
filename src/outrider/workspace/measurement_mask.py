"""Hiding secrets in everything that an attempt brought back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import OutriderError
from outrider.workspace.file_masks import mask_file

if TYPE_CHECKING:
    from outrider.model import ArtifactFile, Measurement
    from outrider.workspace.mask import Mask


def masked(measurement: Measurement, mask: Mask) -> Measurement:
    """Return the measurement with every secret and typed password replaced, in its texts and in its files.

    A file that cannot be read, such as an archive whose writer was killed, cannot be masked, and is left out. Of two
    samples that masking made one, the last is kept.
    """
    text = mask.text
    return replace(
        measurement,
        artifacts=tuple(artifact for artifact in measurement.artifacts if _is_masked(artifact, mask)),
        reason=text(measurement.reason),
        steps=tuple(
            replace(
                step,
                title=text(step.title),
                key=text(step.key),
                parent=step.parent and text(step.parent),
                error=step.error and text(step.error),
            )
            for step in measurement.steps
        ),
        samples=tuple(
            {
                (text(sample.step), text(sample.metric)): replace(
                    sample, step=text(sample.step), metric=text(sample.metric)
                )
                for sample in measurement.samples
            }.values()
        ),
        errors=tuple(
            replace(
                error, message=text(error.message), stack=text(error.stack), url=text(error.url), step=text(error.step)
            )
            for error in measurement.errors
        ),
    )


def _is_masked(artifact: ArtifactFile, mask: Mask) -> bool:
    try:
        mask_file(artifact.path, mask)
    except OutriderError:
        return False
    return True
