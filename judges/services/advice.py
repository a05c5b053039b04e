"""What to do about an endpoint's faults, in words."""

from __future__ import annotations

import re

from judges.contracts import Silence

NO_KEY = """\
The key is missing, wrong, or may not use this model. Check the variable or the endpoint that holds
it; it is never shown here."""
NO_MODEL = "Check the address (it usually ends in /v1) and the name of the model."
NOT_TAKEN = """\
The endpoint did not take the request, and its own words say why. Look at the name of the model,
max_tokens and extra."""
TOO_OFTEN = """\
The endpoint is asked too often, or the account has no credit. Wait, or set limits of the
endpoint."""
BROKEN = "The endpoint failed by itself. Try again; if it stays so, look at its logs."
SLOW = """\
The model is slow, or the server hangs. Try a shorter prompt or a smaller model. A tournament waits
longer: as long as the judge's timeout says."""
NOBODY = "Nothing answers at this address. Is the server running, and can this machine reach it?"
NO_API = "The address is not that of an OpenAI-compatible API."

ON_ERRORS = (
    (r"answered 40[13]", NO_KEY),
    (r"answered 404", NO_MODEL),
    (r"answered 429|rate limit|asked too much", TOO_OFTEN),
    (r"answered 4\d\d", NOT_TAKEN),
    (r"answered 5\d\d", BROKEN),
    (r"within [\d.]+ s|was ended after", SLOW),
    (r"[Cc]onnect|refused|resolve|no usable reply", NOBODY),
    (r"something else than a completion", NO_API),
)

ON_SILENCES = {
    Silence.UNPARSABLE: """\
The model does not keep to the required form. Try one that knows JSON schemas, raise max_tokens, or
say the form more clearly in your template.""",
    Silence.REFUSED: "The provider declined this content. Another prompt or provider may pass.",
    Silence.ABSTAINED: "The judge says that it cannot tell. That is an answer, and counted as one.",
}


def advice_on(words: str, silence: Silence | None = None) -> str:
    """What may help against an error or a silence; nothing where the words say it all."""
    if silence is None:
        said = next((text for sign, text in ON_ERRORS if re.search(sign, words)), "")
    else:
        said = "" if "max_tokens" in words else ON_SILENCES.get(silence, "")
    return " ".join(said.split())
