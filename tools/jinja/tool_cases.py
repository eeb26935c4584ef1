"""Writes conversations with tools and what Python's Jinja renders for them: tool_cases.py FILE."""

import json
import pathlib
import sys

sys.argv, file = [sys.argv[0], "/dev/null"], sys.argv[1]
import cases  # noqa: E402
import templates  # noqa: E402

TOOLS = [
    ("get_weather", "Get the weather \u2014 now.", {
        "type": "object", "properties": {"city": {"type": "string", "description": "City <b>, \"x\""},
                                         "days": {"type": "integer", "enum": [1, 2]}}, "required": ["city"]}),
    ("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number", "description": "One."}}}),
]
CALLS = [("abcdef123", "get_weather", {"city": "K\u00f6ln", "days": 2}), ("abcdef124", "add", {"a": 1.5})]


def call(id, name, arguments):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def conversation(calls, content):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": content, "tool_calls": [call(*each) for each in calls]}]
    messages += [{"role": "tool", "content": "12 degrees", "tool_call_id": id} for id, _, _ in calls]
    return messages


CONVERSATIONS = [[{"role": "user", "content": "Weather?"}], conversation(CALLS[:1], ""), conversation(CALLS, ""),
                 conversation(CALLS[:1], "Let me see.")]
NAMES = ["qwen25", "qwen3-npm", "llama31_tools", "mistral_v3_tools", "mistral_tekken"]

# The form of Mistral's templates since the tokenizer of version 13 (Devstral Small 1.1).
TEKKEN = """{{- bos_token }}
{%- if tools %}{{- "[AVAILABLE_TOOLS]" + tools | tojson + "[/AVAILABLE_TOOLS]" }}{%- endif %}
{%- for message in messages %}
{%- if message.role == "system" %}{{- "[SYSTEM_PROMPT]" + message.content + "[/SYSTEM_PROMPT]" }}
{%- elif message.role == "user" %}{{- "[INST]" + message.content + "[/INST]" }}
{%- elif message.role == "tool" %}{{- "[TOOL_RESULTS]" + message.content + "[/TOOL_RESULTS]" }}
{%- else %}{{- message.content or "" }}
{%- for call in message.tool_calls or [] %}
{{- "[TOOL_CALLS]" + call.function.name + "[ARGS]" + call.function.arguments | tojson }}
{%- endfor %}{{- eos_token }}
{%- endif %}
{%- endfor %}"""


def rendered(template, messages):
    tools = [{"type": "function", "function": {"name": name, "description": text, "parameters": schema}}
             for name, text, schema in TOOLS]
    return cases.render(template, dict(messages=messages, tools=tools, documents=None, add_generation_prompt=True,
                                       bos_token="<s>", eos_token="</s>"))


published = dict(templates.TEMPLATES, mistral_tekken=TEKKEN)
for path in (pathlib.Path(__file__).parent / "published").glob("*.jinja"):
    published[path.stem] = path.read_text(encoding="utf-8")
with open(file, "w", encoding="utf-8", newline="\n") as out:
    json.dump(dict(
        tools=[dict(name=name, description=text, parameters=schema) for name, text, schema in TOOLS],
        conversations=CONVERSATIONS,
        templates=[dict(name=name, template=published[name], expected=[
            rendered(published[name], messages) for messages in CONVERSATIONS]) for name in NAMES]),
        out, ensure_ascii=True, indent=0)
    out.write("\n")
