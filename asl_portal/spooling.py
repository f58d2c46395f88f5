"""A file that is sent waits in the temporary folder until it was read to its end. Where that folder is full the answer says so, and nothing of it is kept."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse

from evaluations.services.blobs import DISK_IS_FULL, NoRoom
from people.refusal_pages import answer, asks_as_program


class SpoolingHandler(TemporaryFileUploadHandler):
    """Django's own, but that what did not fit goes at once: until somebody collects it, it would go on filling the disk it did not fit on."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
            self.file.flush()
        except OSError:
            self._take_away()
            raise

    def file_complete(self, file_size: int) -> Any:
        try:
            return super().file_complete(file_size)
        except OSError:
            self._take_away()
            raise

    def _take_away(self) -> None:
        with suppress(OSError):  # it cannot write out what it still holds; it is removed all the same
            self.file.close()


class NoRoomMiddleware:
    """Stands before the check of the page's own token, which is the first to read a form. A call of the API reads its file once it knows whose it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if request.method != "POST" or request.content_type != "multipart/form-data" or asks_as_program(request):
            return None
        try:
            _ = request.POST
        except OSError as error:
            return self.process_exception(request, error)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OSError) and exception.errno in DISK_IS_FULL:
            return answer(request, NoRoom())
        return None
