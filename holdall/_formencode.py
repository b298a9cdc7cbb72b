"""FormEncode, imported without the warning of Python 3.11 and 3.12 about its import of `cgi`."""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    import formencode
    from formencode import FancyValidator, ForEach, Invalid, NoDefault, Schema
    from formencode.schema import format_compound_error

__all__ = [
    "FancyValidator",
    "ForEach",
    "Invalid",
    "NoDefault",
    "Schema",
    "format_compound_error",
    "formencode",
]
