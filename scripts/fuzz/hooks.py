"""Hooks of schemathesis: valid tokens, and a check that the schema describes why a request is rejected."""

import json
import os
import re
import urllib.parse
import urllib.request

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

TOKENS = os.environ["FUZZ_TOKENS"]
SHAPE_FAULTS = re.compile(os.environ["FUZZ_SHAPE_FAULTS"])
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@schemathesis.auth(refresh_interval=30, retry_on=[401, 403])
class ValidToken:
    def get(self, case, context):
        with direct.open(TOKENS) as answer:
            return answer.read().decode()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_case(context, case):
    """API Gateway itself answers a longer query string with 431, before any of our functions."""
    try:
        return len(urllib.parse.urlencode(case.query or {}, doseq=True)) < 6000
    except (TypeError, UnicodeEncodeError):
        return True


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes idempotency keys unique: short generated keys would repeat, and nearly every POST be rejected."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 1 <= len(key) <= 200:
        case.headers["Idempotency-Key"] = f"{key}-{case.id}"


@schemathesis.check
def schema_tells_what_is_refused(ctx, response, case):
    """A request that follows the schema may be rejected for its meaning (a reference that does not exist,
    a key used before), but not for its form, which the schema should describe."""
    if response.status_code in (400, 412, 422) and not is_shape_fault(response, case):
        return None
    return positive_data_acceptance(ctx, response, case)


def is_shape_fault(response, case):
    problem = json.loads(response.content)
    if problem["code"] == "MALFORMED_JSON":
        return True
    return any(SHAPE_FAULTS.search(fault["message"]) for fault in problem.get("errors", []))
