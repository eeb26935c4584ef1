"""Values that chat templates are rendered with."""

TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Get the weather \u2014 now.", "parameters": {
        "type": "object", "properties": {"city": {"type": "string", "description": "City <b>, \"x\""},
                                         "days": {"type": "integer", "enum": [1, 2]}}, "required": ["city"]}}},
    {"type": "function", "function": {"name": "add", "description": "", "parameters": {"type": "object", "properties": {}}}},
]
CALL = {"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Köln", "days": 2}}}
NASTY = "  \n\tÜnï 世界 😀 <b> & \"q\" 's \\n {{ x }} {% if %} {# c #}\r\n\u00a0 \u2028 end \n\n"


def conversation(*messages, **more):
    roles = dict(s="system", u="user", a="assistant", t="tool")
    values = dict(messages=[dict(role=roles[role], content=content, **extra[0] if extra else {}) for role, content, *extra in messages],
                  add_generation_prompt=True, tools=None, documents=None, bos_token="<s>", eos_token="</s>")
    values.update(more)
    return values


CONVERSATIONS = [
    conversation(("u", "Hello, how are you?")),
    conversation(("s", NASTY), ("u", NASTY), ("a", NASTY), ("u", NASTY)),
    conversation(("u", " Hi <b> & \"q\" 's\n"), ("a", "<think>\nhm {{ x }}\n</think>\n\n    def f():\n        return 1\n"), ("u", "again  ")),
    conversation(("s", "Be brief."), ("u", "1"), ("a", "2"), ("u", "3"), ("a", "4"), add_generation_prompt=False),
    conversation(("a", "1"), ("a", "2"), add_generation_prompt=False),
    conversation(("u", "x"), enable_thinking=False),
    conversation(("s", "Use tools. /no_think"), ("u", "Weather?"), ("a", "", {"tool_calls": [CALL]}), ("t", "{\"c\": 3.0}", {"tool_call_id": "abcdef123", "name": "get_weather"}), ("a", "Cold."), ("u", "Thanks"), tools=TOOLS),
    conversation(("u", "Weather?"), ("a", None, {"tool_calls": [CALL, CALL]}), ("t", "a", {"tool_call_id": "abcdef123"}), ("t", "b\n", {"tool_call_id": "abcdef123"}), tools=TOOLS),
    conversation(("u", [{"type": "text", "text": " part one "}, {"type": "text", "text": "two"}])),
    conversation(("u", ""), ("a", ""), ("u", "\n")),
    conversation(("s", ""), ("u", "<tool_response>\nx\n</tool_response>"), ("a", "a</think>b</think>\n\nc"), ("u", "é" * 3), date_string="26 Jul 2024"),
    conversation(("u", "q"), ("a", "r", {"reasoning_content": "\nthinking\n"}), ("u", "s"), documents=[{"title": "T", "text": "x"}]),
]
