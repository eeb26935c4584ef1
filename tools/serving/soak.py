"""Keeps a server of PastKV at full load while a third of its clients leaves early, and watches its memory, threads, open files and blocks.

  python3 tools/serving/soak.py URL PID [--minutes 30] [--clients 16] [--seed 1]

PID is that of the server's JVM on the same machine (Linux). Each client asks for completions and chats, streamed or whole, whose prompts
partly begin alike. A third of the requests is left: at once, after some time, or after some events. Prints a line every half minute,
and at the end, when no request is left, whether a block is still held. Python's standard library only.
"""
import argparse, http.client, json, os, random, threading, time, urllib.parse

p = argparse.ArgumentParser()
p.add_argument('url'); p.add_argument('pid', type=int)
p.add_argument('--minutes', type=float, default=30); p.add_argument('--clients', type=int, default=16); p.add_argument('--seed', type=int, default=1)
a = p.parse_args()
u = urllib.parse.urlparse(a.url)
WORDS = 'Once upon a time there was a little girl who found a red ball in the park and her dog was very happy about it'.split()
ends_at = time.time() + 60 * a.minutes
lock = threading.Lock()
counts = dict(answered=0, left=0, refused=0, errors=0)


def count(what):
    with lock:
        counts[what] += 1


def body(rng):
    text = ' '.join(WORDS[:rng.choice([4, 8, 16])] + rng.choices(WORDS, k=rng.randrange(40)))
    request = dict(max_tokens=rng.randrange(1, 120), stream=rng.random() < .6, temperature=1, ignore_eos=True, n=rng.choice([1, 1, 1, 3]))
    if rng.random() < .5:
        return '/v1/completions', dict(request, prompt=text)
    return '/v1/chat/completions', dict(request, messages=[dict(role='user', content=text)])


def ask(rng):
    path, request = body(rng)
    leaves = rng.random() < 1 / 3
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=300)
    try:
        c.request('POST', path, json.dumps(request), {'Content-Type': 'application/json'})
        if leaves and (not request['stream'] or rng.random() < .3):
            time.sleep(rng.random())
            return count('left')
        r = c.getresponse()
        if r.status != 200:
            r.read()
            return count('refused' if r.status in (429, 503) else 'errors')
        if leaves:
            for _ in range(rng.randrange(20)):
                r.readline()
            return count('left')
        text = r.read()
        count('answered' if not request['stream'] or text.rstrip().endswith(b'[DONE]') else 'errors')
    finally:
        c.close()


def client(k):
    rng = random.Random(1000 * a.seed + k)
    while time.time() < ends_at:
        try:
            ask(rng)
        except OSError as e:
            count('errors')
            print('error:', e, flush=True)


def status():
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=60)
    c.request('GET', '/v1/status')
    models = json.loads(c.getresponse().read())['models']
    c.close()
    return models


def sample(start):
    fields = dict(line.split(':', 1) for line in open(f'/proc/{a.pid}/status') if ':' in line)
    pools = [m['pool'] for m in status()]
    total = lambda name: sum(pool[name] for pool in pools)
    print(f'{(time.time() - start) / 60:5.1f} min  rss {int(fields["VmRSS"].split()[0]) / 1024:.0f} MiB  threads {fields["Threads"].strip()}  '
          f'files {len(os.listdir(f"/proc/{a.pid}/fd"))}  pool {total("pool_bytes")}  held {total("held_bytes")}  cached {total("cached_bytes")}  {counts}', flush=True)


threads = [threading.Thread(target=client, args=(k,)) for k in range(a.clients)]
start = time.time()
[t.start() for t in threads]
while any(t.is_alive() for t in threads):
    sample(start)
    time.sleep(30)
while any(m['running'] + m['waiting'] for m in status()):
    time.sleep(1)
sample(start)
print('models:', json.dumps([dict(name=m['name'], engine=m['engine'], prefix=m['prefix'], held=m['pool']['held_bytes']) for m in status()]))
