"""Where clients of the platform that use requests are led."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter

from tests.serving.described import DescribedClient


class Here(BaseAdapter):
    """Answers requests for the platform's host by the app."""

    def __init__(self, client: DescribedClient) -> None:
        super().__init__()
        self.client = client

    def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
        headers: Mapping[str, Any] = request.headers
        found = self.client.request(str(request.method), request.path_url, content=request.body, headers=dict(headers))
        answer = requests.Response()
        answer.status_code, answer.reason, answer.url = found.status_code, found.reason_phrase, str(request.url)
        answer.headers.update(found.headers)
        answer._content, answer.request = found.content, request
        return answer

    def close(self) -> None:
        pass
