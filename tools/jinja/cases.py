"""Writes templates, values and what Python's Jinja renders for them, as transformers calls it: cases.py FILE."""

import datetime
import json
import pathlib
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

import constructs
import conversations
import templates

NOW = datetime.datetime(2026, 11, 5, 8, 7, 3)


class Generation(jinja2.ext.Extension):
    """The tag of transformers that marks what an assistant said."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation])
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda form: NOW.strftime(form)
environment.filters["tojson"] = tojson


def render(template, values):
    """The text, or null where Python refuses."""
    try:
        return environment.from_string(template).render(**json.loads(json.dumps(values)))
    except Exception:
        return None


published = dict(templates.TEMPLATES)
for file in sorted((pathlib.Path(__file__).parent / "published").glob("*.jinja")):
    published[file.stem] = file.read_text(encoding="utf-8")
small = ["{{ " + line + " }}" for line in constructs.expressions()] + constructs.TEMPLATES
result = dict(
    values=constructs.VALUES,
    constructs=[dict(template=template, expected=render(template, constructs.VALUES)) for template in small],
    conversations=conversations.CONVERSATIONS,
    templates=[dict(name=name, template=template, expected=[
        render(template, values) for values in conversations.CONVERSATIONS]) for name, template in published.items()],
)
with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
    json.dump(result, file, ensure_ascii=True, indent=0)
    file.write("\n")
expected = [case["expected"] for case in result["constructs"]] + [
    text for case in result["templates"] for text in case["expected"]]
print(len(small), "constructs,", len(published), "templates,", len(expected), "renderings,",
      sum(text is None for text in expected), "of them refused")
