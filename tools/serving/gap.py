"""Measures how long a prompt of many tokens stops the tokens of streams beside it. Prints one line.

  python3 tools/serving/gap.py URL [--model NAME] [--streams 8] [--prompt 16384] [--vocab 49152] [--seconds 100]

Starts streams of random short prompts, takes the gaps between their events for some seconds, then sends the long prompt and takes the gaps
until its first token, or for `seconds`. Python's standard library only; works with any server of OpenAI's /v1/completions.
"""
import argparse, http.client, json, random, threading, time, urllib.parse

p = argparse.ArgumentParser()
p.add_argument('url'); p.add_argument('--model', default='default'); p.add_argument('--streams', type=int, default=8)
p.add_argument('--prompt', type=int, default=16384); p.add_argument('--vocab', type=int, default=49152); p.add_argument('--seconds', type=float, default=100)
a = p.parse_args()
u = urllib.parse.urlparse(a.url)
times = [[] for _ in range(a.streams)]
first = threading.Event()
over = threading.Event()


def ask(seed, num_prompt, num_new, on_event):
    rng = random.Random(seed)
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=600)
    body = dict(model=a.model, prompt=[rng.randrange(300, a.vocab) for _ in range(num_prompt)], max_tokens=num_new, temperature=0, stream=True, ignore_eos=True)
    c.request('POST', '/v1/completions', json.dumps(body), {'Content-Type': 'application/json'})
    r = c.getresponse()
    if r.status != 200:
        raise RuntimeError(r.read()[:300])
    for line in r:
        if line.startswith(b'data: {') and b'"text":""' not in line:
            on_event()
        if over.is_set():
            break
    c.close()


threads = [threading.Thread(target=ask, args=(k, 32, 8000, lambda k=k: times[k].append(time.perf_counter())), daemon=True) for k in range(a.streams)]
[t.start() for t in threads]
while any(len(t) < 30 for t in times):
    time.sleep(.1)
begin = time.perf_counter()
time.sleep(5)
sent = time.perf_counter()
threading.Thread(target=ask, args=(99, a.prompt, 2, first.set), daemon=True).start()
first.wait(a.seconds)
end = time.perf_counter()
over.set()


def gaps(since, until):
    return sorted(y - x for t in list(times) for x, y in zip(t, t[1:]) if x >= since and y <= until)


before, during = gaps(begin, sent), gaps(sent, end)
ms = lambda x: round(1e3 * x, 1)
print(f'prompt={a.prompt} beside streams={a.streams}: first token after {end - sent:.1f} s{"" if first.is_set() else " (not reached)"}; gap between events in ms: '
      f'before median {ms(before[len(before) // 2])} longest {ms(before[-1])}; beside it median {ms(during[len(during) // 2])} '
      f'p99 {ms(during[int(.99 * len(during))])} longest {ms(during[-1])}: {during[-1] / before[len(before) // 2]:.2f} times the median before, '
      f'{during[-1] / before[-1]:.2f} times the longest')
