"""Files of a browser that a test is connected to, under the paths that a browser of its own would give them.

Playwright refuses `Download.path` and `Video.path` over a connection, since the browser may run on another host, and
leaves the folder of `record_video_dir` empty. Ours runs on this one: each file is saved where the test expects it.
"""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright import async_api, sync_api

if TYPE_CHECKING:
    from collections.abc import Callable


class ConnectedFiles:
    """The paths of downloads and videos of an attempt.

    Args:
        folder: Where downloads go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._browsers: list[object] = []
        self._downloads: dict[Any, Path] = {}
        self._films: dict[Any, Path] = {}

    def connected(self, browser: object) -> None:
        """Remember a browser that the test did not launch."""
        self._browsers.append(browser)

    def filmed(self, page: Any, folder: str | Path) -> None:
        """Give the video of a page a path in the folder that the test has named, if its browser is a connected one."""
        if page.context.browser in self._browsers and page.video is not None:
            self._films.setdefault(page.video, Path(folder).absolute() / f"{secrets.token_hex(16)}.webm")

    def film(self, video: Any) -> Path | None:
        """Return where a video of a connected browser will be when its context has closed; None for any other."""
        return self._films.get(video)

    def download(self, download: Any) -> Path | None:
        """Return where a download of a connected browser is to be saved; None for any other."""
        if download.page.context.browser not in self._browsers:
            return None
        return self._downloads.setdefault(download, self._folder / secrets.token_hex(16))


def install(current: Callable[[], ConnectedFiles | None]) -> None:
    """Have both APIs answer with paths for the rest of this process; `current` gives the files of the attempt."""
    sync_download, sync_video = sync_api.Download.path, sync_api.Video.path
    async_download, async_video = async_api.Download.path, async_api.Video.path

    @functools.wraps(sync_download)
    def download_path(self: sync_api.Download) -> Path:
        files = current()
        path = files.download(self) if files else None
        if path is None:
            return sync_download(self)
        if not path.exists():
            self.save_as(path)
        return path

    @functools.wraps(async_download)
    async def download_path_async(self: async_api.Download) -> Path:
        files = current()
        path = files.download(self) if files else None
        if path is None:
            return await async_download(self)
        if not path.exists():
            await self.save_as(path)
        return path

    @functools.wraps(sync_video)
    def video_path(self: sync_api.Video) -> Path:
        files = current()
        return (files.film(self) if files else None) or sync_video(self)

    @functools.wraps(async_video)
    async def video_path_async(self: async_api.Video) -> Path:
        files = current()
        return (files.film(self) if files else None) or await async_video(self)

    for owner, path in (
        (sync_api.Download, download_path),
        (async_api.Download, download_path_async),
        (sync_api.Video, video_path),
        (async_api.Video, video_path_async),
    ):
        setattr(owner, "path", path)  # noqa: B010 - to mypy a method is no attribute
