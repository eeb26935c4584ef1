"""Drives the live page of a server in a real Chromium, and checks it: both themes, a desktop and a phone, load, zoom, keyboard, chat.

  python3 tools/serving/page.py URL OUT_FOLDER [--chromium chromium] [--keys KEY,KEY,...]

With keys, the page is looked at with the first, and the load comes with all in turn. Asks the server for completions that share prefixes meanwhile. Writes a picture of each theme and width, and of each state, to OUT_FOLDER, to be
looked at, and prints what it has checked. Ends with code 1 when a check fails or the page has written an error to the console. Needs Debian's
chromium; Python's standard library only (the browser is driven over its DevTools protocol).
"""
import argparse, base64, http.client, json, os, random, socket, subprocess, sys, tempfile, threading, time, urllib.parse, urllib.request

p = argparse.ArgumentParser()
p.add_argument('url'); p.add_argument('out'); p.add_argument('--chromium', default='chromium'); p.add_argument('--keys', default='')
a = p.parse_args()
u = urllib.parse.urlparse(a.url)
keys = a.keys.split(',') if a.keys else []
os.makedirs(a.out, exist_ok=True)
failures, console = [], []


def check(name, ok, detail=''):
    print('ok  ' if ok else 'FAIL', name, detail, flush=True)
    if not ok:
        failures.append(name)


class Browser:
    """One page of a browser, over a WebSocket of its DevTools protocol."""

    def __init__(self, port):
        new = urllib.request.Request(f'http://127.0.0.1:{port}/json/new?about:blank', method='PUT')
        target = urllib.parse.urlparse(json.load(urllib.request.urlopen(new))['webSocketDebuggerUrl'])
        self.socket = socket.create_connection((target.hostname, target.port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f'GET {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                            f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())
        self.file = self.socket.makefile('rb')
        while self.file.readline() not in (b'\r\n', b''):
            pass
        self.number = 0
        for domain in ('Page', 'Runtime', 'Log'):
            self.call(domain + '.enable')

    def read(self):
        text = b''
        while True:
            head = self.file.read(2)
            size = head[1] & 127
            if size >= 126:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), 'big')
            text += self.file.read(size)
            if head[0] & 128:
                return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        data = json.dumps(dict(id=self.number, method=method, params=params)).encode()
        mask = os.urandom(4)
        size = bytes([128 | len(data)]) if len(data) < 126 else bytes([254]) + len(data).to_bytes(2, 'big') if len(data) < 65536 else bytes([255]) + len(data).to_bytes(8, 'big')
        self.socket.sendall(b'\x81' + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        while True:
            message = self.read()
            if message.get('id') == self.number:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]}')
                return message['result']
            self.note(message)

    def note(self, message):
        params = message.get('params', {})
        if message['method'] == 'Runtime.exceptionThrown':
            console.append(params['exceptionDetails'].get('exception', {}).get('description', params['exceptionDetails']['text']))
        if message['method'] == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning', 'assert'):
            console.append(str([x.get('value', x.get('description')) for x in params['args']]))
        if message['method'] == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
            console.append(params['entry']['text'] + ' ' + params['entry'].get('url', ''))

    def js(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(str(result['exceptionDetails']))
        return result['result'].get('value')

    def wait(self, expression, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            if self.js(expression):
                return True
            time.sleep(.2)
        return False

    def open(self, theme, width, height, is_phone):
        self.call('Emulation.setEmulatedMedia', features=[dict(name='prefers-color-scheme', value=theme)])
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2 if is_phone else 1, mobile=is_phone)
        self.call('Page.navigate', url=a.url + '/')
        if keys:
            self.wait('document.readyState === "complete" && document.getElementById("key") !== null')
            self.js(f'{{ const key = document.getElementById("key"); key.value = {json.dumps(keys[0])}; key.dispatchEvent(new Event("change")); }}')
        return self.wait('typeof latest !== "undefined" && latest !== null && document.querySelectorAll("#figures dd").length > 0')

    def picture(self, name):
        data = self.call('Page.captureScreenshot', captureBeyondViewport=True, format='png')['data']
        with open(os.path.join(a.out, name + '.png'), 'wb') as f:
            f.write(base64.b64decode(data))

    def key(self, name, code=None, text=None):
        press = dict(key=name, code=name, windowsVirtualKeyCode=code or 0, **(dict(text=text) if text else {}))
        self.call('Input.dispatchKeyEvent', type='keyDown', **press)
        self.call('Input.dispatchKeyEvent', type='keyUp', key=name, code=name, windowsVirtualKeyCode=code or 0)

    def click(self, selector):
        x, y = self.js(f'(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: "center"}}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()')
        self.call('Input.dispatchMouseEvent', type='mouseMoved', x=x, y=y)
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)


def ask(path, body, key=None):
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=120)
    c.request('POST', path, json.dumps(body), {'Content-Type': 'application/json', **({'Authorization': 'Bearer ' + key} if key else {})})
    c.getresponse().read()
    c.close()


stopped = threading.Event()


def load(seed):
    rng = random.Random(seed)
    while not stopped.is_set():
        begin = rng.choice(['Once upon a time there was a little girl who lived in a small house near the big green forest and ',
                            'Once upon a time there was a little girl who lived in a small house near the sea with her dog and ', 'One day Tom found a red ball and '])
        ask('/v1/completions', dict(prompt=begin + ' '.join(rng.choices(['saw', 'a', 'big', 'tree', 'and', 'the', 'cat'], k=6)), max_tokens=150, ignore_eos=True),
            keys[seed % len(keys)] if keys else None)


def drive(browser):
    check('the page opens', browser.open('light', 1280, 900, False))
    blocks = browser.js('document.getElementById("blocks").toDataURL()')
    nodes = browser.js('document.querySelectorAll("#tree button").length')
    threads = [threading.Thread(target=load, args=(k,), daemon=True) for k in range(6)]
    [t.start() for t in threads]
    check('blocks change under load', browser.wait(f'document.getElementById("blocks").toDataURL() !== {json.dumps(blocks)}'))
    check('the tree grows under load', browser.wait(f'document.querySelectorAll("#tree button").length > {nodes} + 2'))
    check('running requests are listed', browser.wait('document.getElementById("runs").rows.length > 0'))
    check('shared blocks are shown', browser.wait('latest.models[0].pool.shared_bytes > 0'))
    for theme in ('light', 'dark'):
        for name, width, height, is_phone in (('desktop', 1280, 900, False), ('phone', 390, 844, True)):
            check(f'{theme} {name} opens', browser.open(theme, width, height, is_phone))
            browser.wait('document.querySelectorAll("#tree button").length > 2')
            wide = browser.js('document.documentElement.scrollWidth - document.documentElement.clientWidth')
            check(f'{theme} {name} has no sideways scroll', wide <= 0, wide)
            small = browser.js('[...document.querySelectorAll("main h2")].filter(e => e.offsetParent && e.getBoundingClientRect().right > innerWidth).length')
            check(f'{theme} {name} headings fit', small == 0)
            browser.picture(f'{theme}-{name}')
            if not is_phone:
                browser.js('{ const by = document.getElementById("blocksBy"); by.value = "tenant"; by.dispatchEvent(new Event("change")); }')
                check(f'{theme} {name} tells tenants', browser.wait('document.getElementById("ownerRows").rows.length > 0'),
                      browser.js('[...document.getElementById("ownerRows").rows].map(row => row.cells[0].textContent).join(", ")'))
                browser.picture(f'{theme}-{name}-tenants')
    browser.open('light', 1280, 900, False)
    browser.wait('document.querySelectorAll("#tree button").length > 2')
    browser.click('#tree button')
    check('a click zooms the tree', browser.wait('!document.getElementById("whole").disabled'))
    check('zoom moves the focus to "Whole tree"', browser.js('document.activeElement.id') == 'whole')
    check('the node is described', len(browser.js('document.getElementById("node").textContent')) > 20, browser.js('document.getElementById("node").textContent')[:80])
    browser.picture('zoomed')
    browser.key('Enter', 13, '\r')
    check('Enter shows the whole tree again', browser.wait('document.getElementById("whole").disabled'))
    stopped.set()
    [t.join(60) for t in threads]
    browser.open('dark', 1280, 900, False)
    reached = set()
    for _ in range(browser.js('document.querySelectorAll("button, input, select, textarea, [tabindex]").length') + 5):
        browser.key('Tab', 9)
        reached.add(browser.js('document.activeElement.id || (document.activeElement.closest("#tree") ? "tree node" : document.activeElement.tagName)'))
    wanted = {'model', 'key', 'blocksBy', 'tree node', 'text', 'send', 'clear', 'temperature', 'tokens', 'talk'}
    check('Tab reaches every control', wanted <= reached, sorted(wanted - reached))
    browser.js('document.getElementById("text").focus()')
    browser.call('Input.insertText', text='Once upon a time')
    browser.key('Enter', 13, '\r')
    check('Enter sends; an answer comes', browser.wait('document.querySelectorAll(".turn").length === 2 && document.querySelectorAll(".turn span")[1].textContent.length > 20', 60))
    check('usage is told', browser.wait('document.getElementById("usage").textContent.includes("tokens of prompt")', 60), browser.js('document.getElementById("usage").textContent'))
    browser.picture('chat')
    browser.call('Input.insertText', text='And then?')
    browser.click('#send')
    check('a second turn is answered', browser.wait('document.querySelectorAll(".turn").length === 4 && !document.getElementById("send").disabled', 60))
    browser.click('#clear')
    check('a new chat is empty', browser.wait('document.querySelectorAll(".turn").length === 0'))
    console[:] = [line for line in console if not (keys and '401' in line)]  # before the key was typed in
    check('nothing on the console', not console, console)


with tempfile.TemporaryDirectory() as profile:
    chromium = subprocess.Popen([a.chromium, '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', f'--user-data-dir={profile}',
                                 '--no-first-run', 'about:blank'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port_file = os.path.join(profile, 'DevToolsActivePort')
        for _ in range(300):
            if os.path.exists(port_file) and open(port_file).read().strip():
                break
            time.sleep(.1)
        drive(Browser(open(port_file).readline().strip()))
    finally:
        stopped.set()
        chromium.terminate()
        chromium.wait()
sys.exit(1 if failures else 0)
