"""Python code that names `/opt` gets what the layers have on this machine."""

import pytest

from local_gateway.core.model import Layer
from tests.support.runtimes import Runtimes, value

FILES = {
    "python/on_the_path.py": "NAME = 'on the path'",
    "python/lib/below.py": "NAME = 'below'",
    "python/lib/package/__init__.py": "from package.inner import NAME",
    "python/lib/package/inner.py": "NAME = 'package'",
    "data/words.txt": "words",
}


def layer(runtimes: Runtimes, files: dict[str, str], name: str = "layer") -> Layer:
    root = runtimes.directory / name
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Layer(logical_id=name, path=root, source_roots=(root / "python",))


async def result(runtimes: Runtimes, expression: str, *layers: Layer) -> object:
    code = f"""
        import json, os, pathlib, sys
        sys.path.append("/opt/python/lib")

        def lambda_handler(event, context):
            return {expression}
    """
    return await value(await runtimes.run(runtimes.function(code, layers=layers)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("__import__('on_the_path').NAME", "on the path"),
        ("__import__('below').NAME", "below"),
        ("__import__('package').NAME", "package"),
        ("open('/opt/data/words.txt').read()", "words"),
        ("pathlib.Path('/opt/data/words.txt').read_text()", "words"),
        ("pathlib.Path('/opt/data/words.txt').exists()", True),
        ("os.path.exists('/opt/data/words.txt')", True),
        ("os.path.isdir('/opt/data')", True),
        ("os.path.exists('/opt/nothing')", False),
        ("os.listdir('/opt/data')", ["words.txt"]),
        ("[item.name for item in pathlib.Path('/opt/data').iterdir()]", ["words.txt"]),
        ("[names for _, _, names in os.walk('/opt/data')]", [["words.txt"]]),
        ("os.path.exists('/var/task/app.py')", True),
        ("os.path.exists(__file__)", True),
    ],
)
async def test_paths_on_lambda(
    python_runtimes: Runtimes, expression: str, expected: object
) -> None:
    assert await result(python_runtimes, expression, layer(python_runtimes, FILES)) == expected


async def test_a_folder_of_several_layers_is_one_folder(python_runtimes: Runtimes) -> None:
    layers = [
        layer(python_runtimes, {f"python/lib/{name}.py": f"NAME = '{name}'"}, name)
        for name in ("one", "two")
    ]
    expression = "[__import__('one').NAME, __import__('two').NAME]"
    assert await result(python_runtimes, expression, *layers) == ["one", "two"]


async def test_without_layers_nothing_changes(python_runtimes: Runtimes) -> None:
    assert await result(python_runtimes, "[len(sys.path_hooks), open.__module__]") == [2, "_io"]
