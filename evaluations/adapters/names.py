"""Names people gave to models and tasks: kept as read, compared by a normal form, and told apart when they only look alike."""

import unicodedata
from collections.abc import Iterator

from evaluations.adapters.types import Warning

# Letters of these scripts are the ones commonly used to imitate Latin letters.
_LOOKALIKE_SCRIPTS = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_INVISIBLE = ("Cf", "Cc", "Co", "Cn", "Zl", "Zp")


def normal_form(name: str) -> str:
    """The key two names are compared by: compatibility form, case folded, without invisible characters, single spaces."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    visible = "".join(character for character in folded if unicodedata.category(character) not in _INVISIBLE)
    return " ".join(visible.split())


def has_marks(name: str) -> bool:
    """Whether the name holds characters that hide or reorder text, or mixes alphabets that look alike."""
    if any(unicodedata.category(character) in _INVISIBLE for character in name):
        return True
    scripts = {unicodedata.name(character, "").split(" ")[0] for character in name if character.isalpha()}
    return "LATIN" in scripts and any(script in scripts for script in _LOOKALIKE_SCRIPTS)


def is_private_path(name: str) -> bool:
    """Whether a model is named by a place on somebody's disk."""
    return name.startswith(("/", "~/", "./", "../", "\\\\", "file:")) or (
        len(name) > 2 and name[0].isalpha() and name[1:3] in (":\\", ":/")
    )


def names_no_model(name: str) -> bool:
    """Whether the name is a stand-in: empty, `none/none`, `...`, `unknown`."""
    return normal_form(name).strip("./ …") in ("", "none", "none/none", "unknown", "null", "n/a", "model")


def name_warnings(model: str | None, task: str | None, model_where: str, task_where: str) -> Iterator[Warning]:
    """What a person must settle about the names before the run can count for a model."""
    if model is None or names_no_model(model):
        yield Warning(
            "model-not-named", "The file does not name the model that was tested; name it from the register.", model_where, "holds"
        )
    elif model.startswith("mockllm/"):
        yield Warning(
            "model-is-a-mock", "The model is Inspect's mock model: a dry run, unless it is registered under this name.", model_where, "info"
        )
    elif is_private_path(model):
        yield Warning(
            "model-is-a-path", "The model is named by a place on somebody's disk; name it from the register.", model_where, "info"
        )
    for name, what, where in ((model, "model", model_where), (task, "task", task_where)):
        if name is not None and has_marks(name):
            message = f"The name of the {what} holds characters that hide or imitate others; a person must confirm which {what} it is."
            yield Warning("name-has-marks", message, where, "holds")
    if task is None:
        yield Warning("task-not-named", "The file does not name the task.", task_where, "holds")
