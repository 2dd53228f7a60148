"""What has which path on Lambda."""

import json
from pathlib import Path

from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.languages.language import mounts


def test_the_last_layer_is_looked_at_first() -> None:
    layers = tuple(
        Layer(logical_id=name, path=Path("/layers", name), source_roots=(), mount=mount)
        for name, mount in (("one", "/opt"), ("two", "/opt/nodejs"))
    )
    function = LambdaFunction(
        logical_id="Fn",
        name="fn",
        arn="arn",
        runtime="nodejs20.x",
        handler="app.handler",
        code=Path("/code"),
        timeout=3,
        memory_size=128,
        layers=layers,
    )
    assert json.loads(mounts(function)) == [
        ["/opt/nodejs", "/layers/two"],
        ["/opt", "/layers/one"],
        ["/var/task", "/code"],
    ]
