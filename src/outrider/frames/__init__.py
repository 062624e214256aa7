"""Stored rows as pandas DataFrames, and files of them."""

from pandas import DataFrame

from outrider.frames.frame_reader import FrameReader, FrameSources
from outrider.frames.frame_writer import FrameFormat, write_frames
from outrider.frames.telemetry_frames import TelemetryFrames

__all__ = ["DataFrame", "FrameFormat", "FrameReader", "FrameSources", "TelemetryFrames", "write_frames"]
