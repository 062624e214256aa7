"""What the store keeps at most: of a text, of an attempt, of a check."""

from __future__ import annotations

REASON_CHARACTERS = 2_000
COMMENT_CHARACTERS = 4_000
MESSAGE_CHARACTERS = 8_000
STACK_CHARACTERS = 16_000
URL_CHARACTERS = 2_000
TITLE_CHARACTERS = 500
ATTRIBUTE_CHARACTERS = 1_000

ERRORS_PER_ATTEMPT = 200
STEPS_PER_ATTEMPT = 2_000
ATTRIBUTES_PER_ATTEMPT = 100
TRACES_PER_ATTEMPT = 200
ARTIFACTS_PER_ATTEMPT = 100

STEPS_PER_CHECK = 500
"""Automatic steps, and as many named ones, that a check may have had within `STEP_MEMORY_US`."""

STEP_MEMORY_US = 30 * 86_400 * 1_000_000
"""A step unseen for longer no longer counts against `STEPS_PER_CHECK`: scripts are edited."""

FORMS_PER_CHECK = 5_000
"""Spellings (title, place in the source, parent) of a check's steps; beyond it a step shows its latest known one."""

SERIES_PER_SUBJECT = 10_000
