"""Asks a server of the shipped model through Python's `openai` package, and checks what it shows: whole and streamed answers, usage, errors, an early close,
16 requests at once, completions, responses.

  ./pastkv serve &
  python3 tools/serving/openai_client.py http://127.0.0.1:8273          (needs: pip install openai, or Debian's python3-openai)
"""
import asyncio
import sys

import openai

base = sys.argv[1]
c = openai.OpenAI(base_url=base + '/v1', api_key='none', max_retries=0)
kw = dict(model='tiny', seed=3, max_tokens=10, messages=[dict(role='user', content='Once upon a time')])
whole = c.chat.completions.create(**kw, logprobs=True, top_logprobs=2)
text = whole.choices[0].message.content
parts, usage, reason = [], None, None
for chunk in c.chat.completions.create(**kw, stream=True, stream_options={'include_usage': True}):
    if chunk.usage: usage = chunk.usage
    if chunk.choices:
        parts.append(chunk.choices[0].delta.content or ''); reason = chunk.choices[0].finish_reason or reason
assert ''.join(parts) == text, (parts, text)
assert reason == 'length' and usage.completion_tokens == 10 and usage.prompt_tokens_details.cached_tokens == 3, usage
assert len(whole.choices[0].logprobs.content) == 10 and len(whole.choices[0].logprobs.content[0].top_logprobs) == 2
comp = c.completions.create(model='tiny', prompt=['Once upon', 'One day'], max_tokens=5, n=2, logprobs=2, temperature=0, extra_body=dict(return_token_ids=True, min_p=0.0))
assert len(comp.choices) == 4 and comp.choices[0].text == comp.choices[1].text and len(comp.choices[0].logprobs.tokens) == 5
for bad, kind in [(dict(temperature=-1), openai.BadRequestError), (dict(max_tokens=5000), openai.BadRequestError), (dict(model='gpt-5'), openai.NotFoundError),
                  (dict(tools=[dict(type='function', function=dict(name='f'))]), openai.BadRequestError), (dict(response_format={'type': 'json_object'}), openai.BadRequestError)]:
    try:
        c.chat.completions.create(**{**kw, **bad}); raise SystemExit('no error for ' + str(bad))
    except kind as e:
        print(type(e).__name__, e.status_code, e.code, e.param, '|', e.message[:100])
s = c.chat.completions.create(**{**kw, 'max_tokens': 900}, stream=True, extra_body=dict(ignore_eos=True))
next(iter(s)); s.close()
print([m.id for m in c.models.list()], c.models.retrieve('tiny').id)
r = c.responses.create(model='tiny', input='Once upon a time', max_output_tokens=10, store=False)
print('responses:', r.status, repr(r.output_text), r.usage.input_tokens_details.cached_tokens)
ev = [e.type for e in c.responses.create(model='tiny', input='Once upon a time', max_output_tokens=10, stream=True)]
print(ev[0], ev[-1], len(ev))
async def many():
    ac = openai.AsyncOpenAI(base_url=base + '/v1', api_key='none')
    rs = await asyncio.gather(*[ac.chat.completions.create(**kw) for _ in range(16)])
    assert all(x.choices[0].message.content == text for x in rs)
asyncio.run(many())
print('openai', openai.__version__, 'all as expected:', repr(text))
