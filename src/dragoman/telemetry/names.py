"""Names of OpenTelemetry, and the bounds of its histograms.

The GenAI conventions live in open-telemetry/semantic-conventions-genai and are still in
development; the constants of `opentelemetry-semantic-conventions` are marked deprecated ("moved").
So they stand here. Those of HTTP and of errors are stable.
"""

from __future__ import annotations

__all__: list[str] = []

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - an attribute's name
TOOL = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
TOOL_CALL = "gen_ai.tool.call.id"
ERROR = "error.type"
METHOD = "http.request.method"
RESENT = "http.request.resend_count"
STATUS_CODE = "http.response.status_code"
SERVER = "server.address"
PORT = "server.port"
API_TYPE = "openai.api.type"

CALL, CALLER, DOOR, STATUS, FAULT = (
    f"dragoman.{name}" for name in ("call.id", "caller", "door", "status", "fault")
)
"""Our own, where no convention has a name."""

DURATION = "gen_ai.client.operation.duration"
TOKENS = "gen_ai.client.token.usage"
TOOL_DURATION = "gen_ai.execute_tool.duration"
AGENT_DURATION = "gen_ai.invoke_agent.duration"

SECONDS_BOUNDS = tuple(0.01 * 2**power for power in range(14))
TOKENS_BOUNDS = tuple(4**power for power in range(14))
