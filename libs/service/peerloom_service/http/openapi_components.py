"""What the operations of all services share in their documents: headers, header parameters, and the problem document."""

from typing import Any, Final

from peerloom_service.http.work import LONGEST_KEY

Document = dict[str, Any]

HEADER_NAMES: Final = {
    "XCorrelationId": "X-Correlation-Id",
    "ETag": "ETag",
    "Location": "Location",
    "IdempotentReplayed": "Idempotent-Replayed",
    "WWWAuthenticate": "WWW-Authenticate",
    "RetryAfter": "Retry-After",
}
"""By the component's name."""

PROBLEM_HEADERS: Final = {401: ("WWWAuthenticate",), 503: ("RetryAfter",)}
"""By status: what a problem brings besides."""

HEADERS: Final[Document] = {
    "XCorrelationId": {
        "description": "Finds the request's log line, its events and its trace: yours where you sent a sound one.",
        "required": True,
        "schema": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$"},
    },
    "ETag": {
        "description": "The version, for If-Match and If-None-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {
        "description": "Where it is read.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "IdempotentReplayed": {
        "description": "The request was made before; this is its first answer again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWWAuthenticate": {
        "description": "Which token is needed, RFC 6750 §3; names an error only where a token was sent.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RetryAfter": {
        "description": "Seconds after which to try again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
PARAMETERS: Final[Document] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new random value for each new request, such as a UUID. A repeat with it has no second effect.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]*[!#-~][ -~]*$"},
        "example": "5f2b1c0e-8d57-4a7e-9f43-1c6f0a3b2d11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag last read, or several with commas, or `*` for whatever is there. Weak ETags match nothing.",
        "schema": {"type": "string", "minLength": 1},
        "example": '"3"',
    },
    "IfMatchIfAtAll": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag last read: 412 where it has been changed since. Without it, any version is changed.",
        "schema": {"type": "string", "minLength": 1},
        "example": '"3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you have: while it is the present one, the answer is 304 without a body.",
        "schema": {"type": "string"},
        "example": '"2"',
    },
}
PROBLEM: Final[Document] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457), and what to do about it.",
    "required": ["type", "title", "status", "code", "detail", "instance", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:peerloom:problem:` and the code."},
        "title": {"type": "string", "description": "The same for every problem of this code."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "The kind of problem; `docs/problems/<code>.md` is its page."},
        "detail": {"type": "string", "description": "What is wrong this time, and the next step."},
        "instance": {"type": "string", "description": "The path of the request."},
        "trace_id": {"type": "string", "description": "Finds the request in logs and traces."},
        "errors": {
            "type": "array",
            "description": "Of `invalid`: every value that is wrong.",
            "items": {
                "type": "object",
                "title": "ProblemError",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "`#/` and the way into the body, or `query:` or `path:` and a name.",
                    },
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
