"""Code that stands in the template itself, written to a file so that it can be run.

Lambda puts such code into `index.py` (CloudFormation, AWS::Lambda::Function Code, `ZipFile`).
"""

from pathlib import Path

from local_gateway.template.document.json_value import as_object
from local_gateway.template.readers.properties import Properties

FOLDER = ".local_gateway"


def inline_code_directory(properties: Properties) -> Path | None:
    """The directory of a function's inline code; None when it has none.

    It lies beside the template, in `.local_gateway/inline/{logical id}`. Code that is the same is
    not written anew, so that the time of the file tells when it changed.
    """
    text = as_object(properties.value("Code")).get("ZipFile")
    if not isinstance(text, str):
        return None
    root = properties.source.path.parent.resolve()
    directory = root / FOLDER / "inline" / properties.logical_id
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "index.py"
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return directory
