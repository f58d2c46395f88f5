"""(pure) When are two model names the same, and when do they only look it?"""

import unicodedata

# Lower-case letters of other scripts that look like Latin ones in most typefaces.
_LOOK_ALIKES = str.maketrans("аеорсухіѕјԁһӏαονρτυκ", "aeopcyxisjdhlaovptuk")
_INVISIBLE = {"Cf", "Cc", "Mn", "Zs"}


def model_key(name: str) -> str:
    """The form in which two names look alike: invisible marks gone, look-alikes folded, case and width ignored. Never enough for sameness."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKES)
    return "".join(character for character in folded if unicodedata.category(character) not in _INVISIBLE)
