"""YAML as JSON: read without losing a digit, written so that it reads back the same.

Every scalar but null, true and false stays the text that it is: `0.002` would become a binary float, `010` the number
8, `1:30` ninety, `no` false and `2026-05-01` a date. The server reads decimals from text.
"""

import re
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from justpaid.cli.failures import USAGE, CommandFailed

_MERGE: Final = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # without types
    """SafeLoader with other scalars, and which refuses a key that is there twice instead of taking the last."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # in place of the base's

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            seen.add(key.value)
            if key.tag != _MERGE:
                key.tag = "tag:yaml.org,2002:str"
        return dict(super().construct_mapping(node, deep))


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?i:true|false)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(_MERGE, re.compile(r"<<\Z"), ["<"])


def read_yaml(path: Path) -> Any:
    """The file's one document.  Raises: CommandFailed with the line that is wrong."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (it is a SafeLoader)
    except OSError as error:
        raise CommandFailed(f"{path} can't be read: {error.strerror or error}.", USAGE) from None
    except UnicodeDecodeError:
        raise CommandFailed(f"{path} is not UTF-8 text.", USAGE) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise CommandFailed(f"{path}{where}: {error.problem or 'this is no YAML'}.", USAGE) from None
    except yaml.YAMLError as error:
        raise CommandFailed(f"{path} is no YAML: {error}.", USAGE) from None


def write_yaml(document: Any) -> str:
    """Text that looks like a number is quoted, so that other readers take it for text too."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))
