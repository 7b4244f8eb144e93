"""What schemathesis loads: tokens that stand, and what a refusal must have been told by the schema."""

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
class Standing:
    def get(self, case, context):
        with direct.open(TOKENS) as answer:
            return answer.read().decode()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_case(context, case):
    """Of a longer one API Gateway itself says 431, before any function of ours."""
    try:
        return len(urllib.parse.urlencode(case.query or {}, doseq=True)) < 6000
    except (TypeError, UnicodeEncodeError):
        return True


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keys of a few letters would meet again and again, and nearly every POST be refused for it."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 1 <= len(key) <= 200:
        case.headers["Idempotency-Key"] = f"{key}-{case.id}"


@schemathesis.check
def schema_tells_what_is_refused(ctx, response, case):
    """A request of the schema may be refused for its meaning (a reference that is gone, a key used
    before), not for its shape: that the schema should have told."""
    if response.status_code in (400, 412, 422) and not is_shape_fault(response, case):
        return None
    return positive_data_acceptance(ctx, response, case)


def is_shape_fault(response, case):
    problem = json.loads(response.content)
    if problem["code"] == "MALFORMED_JSON":
        return True
    return any(SHAPE_FAULTS.search(fault["message"]) for fault in problem.get("errors", []))
