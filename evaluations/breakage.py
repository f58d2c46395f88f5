"""(pure) Where something broke, in words fit for a log: the kind of error, the function, the line, and never what the error quotes."""

import traceback


def place_of(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
