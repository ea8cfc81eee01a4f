"""`/docs` is there in a network that reaches nothing else."""

import re

from libs.common.tests.bare import bare, client_of


async def test_the_reference_of_an_api_fetches_nothing_from_elsewhere() -> None:
    app = bare("守望 · test")
    async with client_of(app) as client:
        page = (await client.get("/docs")).text
        assert "守望 · test" in page
        assert "://" not in re.sub("<!--.*?-->", "", page)
        fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(fetched) == 3  # style, icon, script
        for address in fetched:
            assert (await client.get(address)).status_code == 200
        assert (await client.get("/redoc")).status_code == 404
